"""No path leads out of the folder."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.contracts.errors import ToolError
from harness.tools.files import confine

SECRET = b"secret"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with files and links, beside a secret."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_bytes(SECRET)
    root = tmp_path / "root"
    (root / "a" / "b").mkdir(parents=True)
    (root / "file").write_bytes(b"top")
    (root / "a" / "b" / "deep").write_bytes(b"deep")
    links = {
        "in": "a/b/deep",
        "a/b/up": "../../file",
        "dir": "a/b",
        "chain": "dir/up",
        "self": "self",
        "loop1": "loop2",
        "loop2": "loop1",
        "out": "../outside/secret",
        "absolute": str(tmp_path / "outside" / "secret"),
        "absolute_in": str(root / "file"),
        "outdir": "../outside",
        "a/b/far": "../../../outside/secret",
        "round": "../root/file",
        "dangling": "a/new",
        "hidden": "a/b/../../../outside/secret",
    }
    for name, target in links.items():
        (root / name).symlink_to(target)
    return root


def read(root: Path, path: str) -> bytes:
    with confine.open_file(root, path) as fd:
        return os.read(fd, 1000)


def refused(root: Path, path: str) -> ToolError:
    with pytest.raises(ToolError) as caught:
        read(root, path)
    return caught.value


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("file", b"top"),
        ("./file", b"top"),
        ("a//b/./deep", b"deep"),
        ("in", b"deep"),
        ("dir/deep", b"deep"),
        ("dir/up", b"top"),
        ("chain", b"top"),
    ],
)
def test_what_is_inside_is_read(root: Path, path: str, content: bytes) -> None:
    assert read(root, path) == content


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("..", "goes up"),
        ("../outside/secret", "goes up"),
        ("a/../file", "goes up"),
        ("/etc/passwd", "is absolute"),
        ("~/x", "is absolute"),
        ("\\\\server\\share", "is absolute"),
        ("C:\\x", "is absolute"),
        ("file\0", "NUL"),
        ("x" * 300, "too long"),
        ("a/" * 100, "too long"),
        ("\ud800", "not a valid file name"),
        ("out", "leads out"),
        ("absolute", "leads out"),
        ("absolute_in", "leads out"),
        ("outdir/secret", "leads out"),
        ("a/b/far", "leads out"),
        ("hidden", "leads out"),
        ("round", "leads out"),
        ("self", "too many links"),
        ("loop1", "too many links"),
    ],
)
def test_what_leads_out_is_refused(root: Path, path: str, words: str) -> None:
    error = refused(root, path)
    assert error.code == "tool.confined"
    assert words in error.message


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("missing", "does not exist"),
        ("a/missing/x", "does not exist"),
        ("file/x", "is not a folder"),
        ("a", "is a folder"),
        (".", "is a folder"),
        ("dir", "is a folder"),
        ("dangling", "does not exist"),
    ],
)
def test_what_is_not_there_is_told_apart(root: Path, path: str, words: str) -> None:
    error = refused(root, path)
    assert error.code == "tool.failed"
    assert words in error.message


def test_devices_pipes_and_sockets_are_refused(root: Path) -> None:
    os.mkfifo(root / "fifo")
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(root)  # the path of a socket must be short
        try:
            server.bind("socket")
        finally:
            os.chdir(here)
    for name in ("fifo", "socket"):
        assert "device, pipe or socket" in refused(root, name).message
        with pytest.raises(ToolError, match="device, pipe or socket"):
            confine.write_file(root, name, b"x")
    if os.getuid() == 0:
        try:
            os.mknod(root / "null", 0o20666, os.makedev(1, 3))
        except PermissionError:  # a container without the right to
            return
        assert "device" in refused(root, "null").message


def test_writing_creates_and_replaces(root: Path) -> None:
    assert confine.write_file(root, "new/folder/file", b"1") is True
    assert confine.write_file(root, "new/folder/file", b"2") is False
    assert (root / "new/folder/file").read_bytes() == b"2"
    assert confine.write_file(root, "dangling", b"3") is True
    assert (root / "a/new").read_bytes() == b"3"
    assert confine.write_file(root, "in", b"4") is False
    assert (root / "in").is_symlink()
    assert (root / "a/b/deep").read_bytes() == b"4"
    assert os.listdir(root / "new/folder") == ["file"]


def test_the_mode_of_a_file_stays(root: Path) -> None:
    (root / "file").chmod(0o750)
    confine.write_file(root, "file", b"#!")
    assert (root / "file").stat().st_mode & 0o777 == 0o750


@pytest.mark.parametrize("path", ["out", "absolute", "outdir/new", "../new", "/tmp/x", "a/b/far"])
def test_writing_outside_is_refused(root: Path, path: str) -> None:
    with pytest.raises(ToolError) as caught:
        confine.write_file(root, path, b"x")
    assert caught.value.code == "tool.confined"
    assert (root.parent / "outside" / "secret").read_bytes() == SECRET
    assert os.listdir(root.parent / "outside") == ["secret"]


def test_a_folder_is_not_written_over(root: Path) -> None:
    for path in ("a", ".", "dir"):
        with pytest.raises(ToolError, match="is a folder"):
            confine.write_file(root, path, b"x")


def test_a_write_that_fails_leaves_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    before = sorted(os.listdir(root))
    with pytest.raises(ToolError, match="No space left"):
        confine.write_file(root, "file", b"x")
    assert sorted(os.listdir(root)) == before
    assert (root / "file").read_bytes() == b"top"


def test_the_root_may_be_a_link_and_must_exist(root: Path) -> None:
    link = root.parent / "link"
    link.symlink_to(root)
    assert read(link, "file") == b"top"
    with pytest.raises(ToolError, match="workspace folder cannot be opened"):
        read(root / "nothing", "file")


def test_no_descriptor_is_left_open(root: Path) -> None:
    before = len(os.listdir("/dev/fd"))
    for path in ("file", "out", "a/b/deep", "missing", "hidden", "chain"):
        for act in (read, lambda r, p: confine.write_file(r, p, b"x")):
            try:
                act(root, path)
            except ToolError:
                continue
    assert len(os.listdir("/dev/fd")) == before


steps = st.sampled_from(
    ["a", "b", "file", "deep", "..", ".", "", "out", "outdir", "hidden", "dir", "up", "in", "far",
     "round", "chain", "self", "absolute", "absolute_in", "secret", "outside", "root", "dangling"]
)  # fmt: skip
paths = st.lists(steps, min_size=1, max_size=6).map("/".join) | st.text(max_size=20)


@given(path=paths, target=paths)
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_the_path_and_the_links_nothing_outside_is_touched(
    root: Path, path: str, target: str
) -> None:
    link = root / "made"
    link.unlink(missing_ok=True)
    if target and "\0" not in target and target.isprintable():
        link.symlink_to(target)
    outside = root.parent / "outside"
    for each in (path, "made", f"made/{path}"):
        try:
            assert read(root, each) != SECRET
        except ToolError as error:
            assert error.code in ("tool.confined", "tool.failed")
        try:
            confine.write_file(root, each, b"written")
        except ToolError as error:
            assert error.code in ("tool.confined", "tool.failed")
    assert (outside / "secret").read_bytes() == SECRET
    assert os.listdir(outside) == ["secret"]
    assert sorted(os.listdir(root.parent)) == ["outside", "root"]


def test_special_rights_are_dropped(tmp_path: Path) -> None:
    """What runs with somebody's rights must not get content or a place that a model chose."""
    for name in ("written", "moved"):
        (tmp_path / name).write_bytes(b"old")
        (tmp_path / name).chmod(0o6755)
    confine.write_file(tmp_path, "written", b"new")
    confine.write_file(tmp_path, "given", b"new", 0o7755)
    confine.move_file(tmp_path, "moved", "target")
    for name in ("written", "given", "target"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o755
