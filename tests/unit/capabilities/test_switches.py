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


@pytest.mark.parametrize("base", ["", "config", "./config", "../config"])
def test_a_relative_folder_would_lie_in_a_project_and_is_ignored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, base: str
) -> None:
    """Someone else's folder must not choose what is loaded."""
    project = tmp_path / "project"
    for folder in (project / "config", tmp_path / "config", project):
        (folder / "harness").mkdir(parents=True)
        (folder / "harness" / "capabilities.json").write_text('{"disabled": ["forget"]}')
    monkeypatch.chdir(project)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", base)
    assert read_disabled() == frozenset()
    assert switches_file() == f"{tmp_path}/home/.config/harness/capabilities.json"
