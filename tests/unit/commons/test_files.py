"""An atomic write is there whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from harness.commons.files import write_atomic


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_it_writes_text_and_bytes(tmp_path: Path) -> None:
    write_atomic(tmp_path / "a", "grüße")
    assert (tmp_path / "a").read_text(encoding="utf-8") == "grüße"
    write_atomic(tmp_path / "a", b"\x00")
    assert (tmp_path / "a").read_bytes() == b"\x00"
    assert os.listdir(tmp_path) == ["a"]


def test_it_keeps_the_mode_unless_told(tmp_path: Path) -> None:
    file = tmp_path / "a"
    write_atomic(file, "x", mode=0o600)
    assert mode_of(file) == 0o600
    file.chmod(0o751)
    write_atomic(file, "y")
    assert mode_of(file) == 0o751


def test_a_new_file_obeys_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_atomic(tmp_path / "a", "x")
    finally:
        os.umask(before)
    assert mode_of(tmp_path / "a") == 0o640


def test_a_failed_write_leaves_the_old_content_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "inner").touch()
    with pytest.raises(OSError):
        write_atomic(tmp_path / "folder", "x")
    assert os.listdir(tmp_path) == ["folder"]


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    write_atomic(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_a_pipe_takes_the_content_and_stays_one(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_atomic(pipe, "said")
        assert os.read(reader, 10) == b"said"
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert os.listdir(tmp_path) == ["pipe"]


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="there is no such device")
def test_a_device_that_is_full_is_an_error() -> None:
    with pytest.raises(OSError, match="No space left"):
        write_atomic(Path("/dev/full"), "said")
    assert Path("/dev/full").is_char_device()
