"""A state folder that git tracks is refused: a pull would replace what is in it."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest

from harness.config import load_settings
from harness.config._git_index import UnreadableIndex, is_tracked
from harness.config.trust import read_trust
from harness.contracts.errors import ConfigError
from tests.fakes.trusting import trust_project


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)


AUTHOR = ("-c", "user.name=a", "-c", "user.email=a@b")


def seal(content: bytes) -> bytes:
    return content + hashlib.sha1(content, usedforsecurity=False).digest()


@pytest.fixture(params=["2", "4", "2 sha256", "4 sha256"])
def repository(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    for name in (".harness/postgres/a.conf", ".harnessed/b", "a/.harness/c", "z"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    version, _, kind = request.param.partition(" ")
    git(tmp_path, "init", "-q", *(["--object-format=sha256"] if kind == "sha256" else []))
    git(tmp_path, "config", "index.version", version)
    return tmp_path


def test_what_git_tracks_is_found(repository: Path) -> None:
    state = repository / ".harness"
    assert not is_tracked(state)  # nothing was added yet
    git(repository, "add", ".harnessed", "a", "z")
    assert not is_tracked(state)
    assert is_tracked(repository / "a" / ".harness")
    git(repository, "add", "-f", ".harness")
    assert is_tracked(state)
    assert is_tracked(state / "postgres")
    git(repository, "rm", "-r", "-q", "--cached", ".harness")
    assert not is_tracked(state)


def test_what_git_tracks_cannot_be_trusted(repository: Path) -> None:
    git(repository, "add", "-f", ".harness")
    with pytest.raises(ConfigError, match="a pull could replace"):
        trust_project(repository)
    state = repository / ".harness"
    assert str(state) not in read_trust().states
    git(repository, "rm", "-r", "-q", "--cached", ".harness")
    trust_project(repository)
    assert str(state) in read_trust().states
    git(repository, "add", "-f", ".harness")
    with pytest.raises(ConfigError, match="git tracks"):  # trusted before, and still refused
        load_settings(repository, env={})


@pytest.mark.parametrize("kind", ["sha1", "sha256"])
def test_a_split_index_is_read_whole(tmp_path: Path, kind: str) -> None:
    (tmp_path / ".harness").mkdir()
    (tmp_path / ".harness" / "a").write_text("a")
    git(tmp_path, "init", "-q", f"--object-format={kind}")
    git(tmp_path, "config", "splitIndex.maxPercentChange", "100")
    git(tmp_path, "add", "-f", ".harness")
    git(tmp_path, "update-index", "--split-index")
    (tmp_path / "b").write_text("b")
    git(tmp_path, "add", "b")
    assert is_tracked(tmp_path / "b")
    assert not is_tracked(tmp_path / "c")
    with pytest.raises(UnreadableIndex, match="may have been removed"):
        is_tracked(tmp_path / ".harness")
    git(tmp_path, "rm", "-r", "-q", "--cached", ".harness")
    with pytest.raises(ConfigError, match="git may track") as refused:
        trust_project(tmp_path)
    assert refused.value.fix and "git update-index --no-split-index" in refused.value.fix
    git(tmp_path, "update-index", "--no-split-index")
    assert not is_tracked(tmp_path / ".harness")


def test_a_missing_part_of_a_split_index(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "a")
    git(tmp_path, "update-index", "--split-index")
    for shared in (tmp_path / ".git").glob("sharedindex.*"):
        shared.unlink()
    with pytest.raises(UnreadableIndex, match="is missing"):
        is_tracked(tmp_path / "c")


@pytest.mark.parametrize("kind", ["sha1", "sha256"])
def test_a_sparse_index_and_a_worktree(tmp_path: Path, kind: str) -> None:
    main, tree = tmp_path / "main", tmp_path / "tree"
    for name in ("out/a", "in/.harness/b"):
        (main / name).parent.mkdir(parents=True)
        (main / name).write_text(name)
    git(main, "init", "-q", f"--object-format={kind}")
    git(main, "add", "-f", ".")
    git(main, *AUTHOR, "commit", "-qm", "a")
    git(main, "worktree", "add", "-q", str(tree))
    git(tree, "sparse-checkout", "set", "--cone", "--sparse-index", "in")
    assert b"sdir" in (main / ".git" / "worktrees" / "tree" / "index").read_bytes()
    assert is_tracked(tree / "out" / ".harness"), "a folder that stands for what is in it"
    assert not is_tracked(tree / ".harness")
    assert is_tracked(tree / "in" / ".harness")
    git(tree, "sparse-checkout", "disable")
    git(tree, "update-index", "--split-index")
    assert not is_tracked(tree / ".harness")
    with pytest.raises(UnreadableIndex, match="may have been removed"):
        is_tracked(tree / "in" / ".harness")


def test_an_index_without_a_checksum(repository: Path) -> None:
    git(repository, "add", "-f", ".harness")
    index = repository / ".git" / "index"
    data = index.read_bytes()
    size = 20 if seal(data[:-20]) == data else 32
    index.write_bytes(data[:-size] + bytes(size))  # as with index.skipHash
    assert is_tracked(repository / ".harness")
    assert not is_tracked(repository / "a")


def test_entries_with_longer_flags_are_read(tmp_path: Path) -> None:
    for name in ("a", "z/b"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-N", "a", "z")
    assert (tmp_path / ".git" / "index").read_bytes()[4:8] == b"\0\0\0\x03"
    assert is_tracked(tmp_path / "z")
    assert not is_tracked(tmp_path / "b")


def test_the_case_of_names_does_not_count(tmp_path: Path) -> None:
    (tmp_path / ".Harness").mkdir()
    (tmp_path / ".Harness" / "a").write_text("a")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".Harness")
    assert is_tracked(tmp_path / ".harness")


def test_repositories_further_up_are_read(tmp_path: Path) -> None:
    (tmp_path / "in" / ".harness").mkdir(parents=True)
    (tmp_path / "in" / ".harness" / "a").write_text("a")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "in")
    (tmp_path / "in" / ".git").mkdir()  # git does not take it for a repository
    assert is_tracked(tmp_path / "in" / ".harness")


def test_a_tracked_link_is_found(tmp_path: Path) -> None:
    project, other = tmp_path / "project", tmp_path / "other"
    (other / ".harness").mkdir(parents=True)
    project.mkdir()
    (project / ".harness").symlink_to(other / ".harness")
    (project / "linked").symlink_to(other)
    git(project, "init", "-q")
    assert not is_tracked(project / ".harness")
    git(project, "add", "-f", ".harness", "linked")
    assert is_tracked(project / ".harness")
    assert is_tracked(project / "linked" / ".harness")
    git(project, "rm", "-q", "--cached", ".harness")
    (project / "own").symlink_to("linked/.harness")  # a link that leads over a tracked one
    assert is_tracked(project / "own")


def test_no_repository(tmp_path: Path) -> None:
    assert not is_tracked(tmp_path / ".harness")


EMPTY = b"DIRC\0\0\0\x02\0\0\0\0"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "checksum"),
        (b"DIRC", "checksum"),
        (b"x" * 99, "checksum"),
        (EMPTY + b"y" * 20, "checksum"),
        (seal(b"x" * 99), "not an index"),
        (seal(b"DIRC\0\0\0\x05\0\0\0\0"), "version 5"),
        (seal(b"DIRC\0\0\0\x02\0\0\0\x05" + b"y" * 70), "cannot be read"),
        (seal(EMPTY + b"abcd\0\0\0\0"), "extension b'abcd'"),
        (seal(EMPTY + b"TREE\0\0\0\x09"), "cut off"),
    ],
    ids=lambda value: value if isinstance(value, str) else "index",
)
def test_an_index_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes, why: str) -> None:
    (tmp_path / ".harness").mkdir()
    git_folder = tmp_path / ".git"
    git_folder.mkdir()
    (git_folder / "index").write_bytes(seal(EMPTY + b"ABCD\0\0\0\0"))
    assert not is_tracked(tmp_path / ".harness")
    (git_folder / "index").write_bytes(content)
    with pytest.raises(UnreadableIndex, match=why):
        is_tracked(tmp_path / ".harness")
    with pytest.raises(ConfigError, match="git may track"):
        load_settings(tmp_path, env={})
