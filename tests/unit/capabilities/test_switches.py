"""The file with the disabled capabilities, damaged or where it cannot be written."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.capabilities.switches import MAX_BYTES, read_disabled, switches_file, write_disabled
from harness.contracts.errors import ConfigError


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))


def test_what_is_written_is_read() -> None:
    write_disabled(["notes"])
    assert read_disabled() == {"notes"}


@pytest.mark.parametrize("content", ["", "[", "[" * MAX_BYTES, '{"disabled": 5}', "[]"])
def test_a_damaged_file_disables_none(content: str) -> None:
    file = Path(switches_file())
    file.parent.mkdir()
    file.write_text(content)
    assert read_disabled() == frozenset()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "harness").write_text("a file where the folder should be")
    with pytest.raises(ConfigError, match=r"capabilities\.json cannot be written"):
        write_disabled(["notes"])
