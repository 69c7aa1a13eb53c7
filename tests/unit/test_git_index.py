"""A state folder that git tracks is refused: a pull would replace what is in it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from harness.config import load_settings
from harness.config._git_index import is_tracked
from harness.config.trust import read_trust
from harness.contracts.errors import ConfigError
from tests.fakes.trusting import trust_project


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture(params=["2", "4", "2 sha256", "4 sha256", "2 skip"])
def repository(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    for name in (".harness/postgres/a.conf", ".harnessed/b", "a/.harness/c", "z"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    version, _, kind = request.param.partition(" ")
    git(tmp_path, "init", "-q", *(["--object-format=sha256"] if kind == "sha256" else []))
    git(tmp_path, "config", "index.version", version)
    if kind == "skip":  # no checksum at the end
        git(tmp_path, "config", "index.skipHash", "true")
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


def test_a_split_index_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / ".harness").mkdir()
    (tmp_path / ".harness" / "a").write_text("a")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-f", ".harness")
    git(tmp_path, "update-index", "--split-index")
    (tmp_path / "b").write_text("b")
    git(tmp_path, "add", "b")
    assert list((tmp_path / ".git").glob("sharedindex.*"))
    assert is_tracked(tmp_path / ".harness")
    for shared in (tmp_path / ".git").glob("sharedindex.*"):
        shared.unlink()
    assert is_tracked(tmp_path / "c"), "what cannot be read counts as tracking"


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


def test_no_repository(tmp_path: Path) -> None:
    assert not is_tracked(tmp_path / ".harness")


@pytest.mark.parametrize(
    "content", [b"", b"DIRC", b"x" * 99, b"DIRC\0\0\0\x02\0\0\0\x05" + b"y" * 70]
)
def test_an_index_that_cannot_be_read_counts_as_tracking(tmp_path: Path, content: bytes) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "index").write_bytes(content)
    assert is_tracked(tmp_path / ".harness")
