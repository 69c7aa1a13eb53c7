"""Files named on the command line are created, and only with --force replaced."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from harness.cli.named_file import check_new, write_named
from harness.cli.parser import UsageError
from harness.contracts.errors import FileNotWritten


def test_a_new_file_can_be_read_by_its_owner_alone(tmp_path: Path) -> None:
    for force in (False, True):
        file = tmp_path / f"new-{force}"
        check_new(file, force=force)
        write_named(file, "text", force=force)
        assert file.read_text() == "text"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_link_that_leads_nowhere_is_not_followed(tmp_path: Path) -> None:
    link, outside = tmp_path / "link", tmp_path / "outside"
    link.symlink_to(outside)
    with pytest.raises(UsageError, match="already exists"):
        check_new(link, force=False)
    with pytest.raises(FileNotWritten, match="already exists"):
        write_named(link, "text", force=False)
    assert not outside.exists()


def test_a_file_that_appears_meanwhile_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "file"
    check_new(file, force=False)
    file.write_text("theirs")
    with pytest.raises(FileNotWritten, match="--force"):
        write_named(file, "ours", force=False)
    assert file.read_text() == "theirs"
    write_named(file, "ours", force=True)
    assert file.read_text() == "ours"


def test_a_pipe_that_nobody_reads_is_an_error(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    check_new(pipe, force=False)
    with pytest.raises(FileNotWritten, match="no program is reading"):
        write_named(pipe, "text", force=False)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_named(pipe, "text", force=False)
    assert os.read(reader, 100) == b"text"
    os.close(reader)


def test_a_device_is_written_to() -> None:
    check_new(Path("/dev/null"), force=False)
    write_named(Path("/dev/null"), "text", force=False)
