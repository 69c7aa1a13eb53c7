"""The commit of a project, read from files of an untrusted repository."""

from __future__ import annotations

import os
import subprocess
import tracemalloc
from pathlib import Path

import pytest

from harness.commons.git_commit import PACKED, read_commit
from harness.version import __version__
from harness_workers.provenance import get_build_id, get_process_name

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def repository(folder: Path, head: str = "ref: refs/heads/main\n") -> Path:
    git = folder / ".git"
    (git / "refs" / "heads").mkdir(parents=True)
    (git / "HEAD").write_text(head)
    return git


def git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=ann", "-c", "user.email=ann@example.com")
    done = subprocess.run(
        ["git", *who, *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def test_a_folder_without_a_repository(tmp_path: Path) -> None:
    assert read_commit(tmp_path / "missing") is None


@pytest.mark.parametrize("kind", ["branch", "packed", "detached", "worktree", "below"])
def test_the_commit_equals_what_git_reports(tmp_path: Path, kind: str) -> None:
    git(tmp_path, "init", "-q", "-b", "feature/one")
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "one")
    place = tmp_path
    if kind == "packed":
        git(tmp_path, "pack-refs", "--all")
    elif kind == "detached":
        git(tmp_path, "checkout", "-q", "--detach")
    elif kind == "worktree":
        place = tmp_path / "other"
        git(tmp_path, "worktree", "add", "-q", "-b", "two", str(place))
        git(place, "commit", "-q", "--allow-empty", "-m", "two")
    elif kind == "below":
        place = tmp_path / "agents"
        place.mkdir()
    assert read_commit(place) == git(place, "rev-parse", "HEAD")


def make_worktree(folder: Path) -> tuple[Path, Path]:
    """Make a repository with a linked worktree: their folders."""
    main, linked = folder / "main", folder / "linked"
    main.mkdir()
    git(main, "init", "-q", "-b", "main")
    git(main, "commit", "-q", "--allow-empty", "-m", "one")
    git(main, "worktree", "add", "-q", "-b", "two", str(linked))
    return main, linked


def test_a_worktree_with_relative_links(tmp_path: Path) -> None:
    main, linked = make_worktree(tmp_path)
    (linked / ".git").write_text("gitdir: ../main/.git/worktrees/linked\n")
    (main / ".git/worktrees/linked/gitdir").write_text("../../../../linked/.git\n")
    assert read_commit(linked) == git(main, "rev-parse", "HEAD")


def test_a_submodule(tmp_path: Path) -> None:
    main, _ = make_worktree(tmp_path)
    whole = tmp_path / "whole"
    whole.mkdir()
    git(whole, "init", "-q")
    local = ("-c", "protocol.file.allow=always")
    git(whole, *local, "submodule", "--quiet", "add", str(main), "part")
    assert (whole / "part" / ".git").is_file()
    assert read_commit(whole / "part") == git(main, "rev-parse", "HEAD")


@pytest.mark.parametrize("target", ["main/.git", "main/.git/worktrees/linked"])
def test_a_link_that_is_not_mutual_reveals_nothing(tmp_path: Path, target: str) -> None:
    make_worktree(tmp_path)
    forged = tmp_path / "forged"
    forged.mkdir()
    (forged / ".git").write_text(f"gitdir: {tmp_path / target}\n")
    assert read_commit(forged) is None
    (forged / ".git").unlink()
    (forged / ".git").symlink_to(tmp_path / target)
    assert read_commit(forged) is None


@pytest.mark.parametrize("linked", [True, False])
def test_a_forged_common_folder_reveals_nothing(tmp_path: Path, linked: bool) -> None:
    main, _ = make_worktree(tmp_path)
    forged = tmp_path / "forged"
    folder = forged / ("fake" if linked else ".git")
    folder.mkdir(parents=True)
    (folder / "HEAD").write_text("ref: refs/heads/main\n")
    (folder / "commondir").write_text(str(main / ".git"))
    if linked:
        (forged / ".git").write_text("gitdir: fake\n")
        (folder / "gitdir").write_text(str(forged / ".git"))
    assert read_commit(forged) is None


def test_a_loose_reference_counts_before_a_packed_one(tmp_path: Path) -> None:
    folder = repository(tmp_path)
    (folder / "packed-refs").write_text(f"# pack-refs\n{'f' * 40} refs/heads/main\n")
    assert read_commit(tmp_path) == "f" * 40
    (folder / "refs" / "heads" / "main").write_text(COMMIT + "\n")
    assert read_commit(tmp_path) == COMMIT


@pytest.mark.parametrize(
    "head",
    [
        "", "ref: refs/heads/none", "ref: ../../secret", "ref: refs/../../secret",
        "ref: /etc/passwd", "ref: HEAD", "secret", COMMIT + " and more",
        COMMIT.upper(), "ref: refs/heads/a\0b", "x" * 100_000,
    ],
)  # fmt: skip
def test_a_hostile_head_reveals_nothing(tmp_path: Path, head: str) -> None:
    (tmp_path / "secret").write_text(COMMIT)
    repository(tmp_path / "project", head)
    assert read_commit(tmp_path / "project") is None


def test_a_circle_of_references_ends(tmp_path: Path) -> None:
    folder = repository(tmp_path)
    (folder / "refs" / "heads" / "main").write_text("ref: refs/heads/main")
    assert read_commit(tmp_path) is None


def test_links_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "token").write_text(COMMIT)
    folder = repository(tmp_path / "one")
    (folder / "refs" / "heads" / "main").symlink_to(secret / "token")
    assert read_commit(tmp_path / "one") is None
    folder = repository(tmp_path / "two", "ref: refs/heads/out/token")
    (folder / "refs" / "heads" / "out").symlink_to(secret)
    assert read_commit(tmp_path / "two") is None
    folder = repository(tmp_path / "three")
    (folder / "HEAD").unlink()
    (folder / "HEAD").symlink_to(secret / "token")
    assert read_commit(tmp_path / "three") is None


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    folder = repository(tmp_path)
    (folder / "HEAD").unlink()
    os.mkfifo(folder / "HEAD")
    assert read_commit(tmp_path) is None


def test_a_huge_file_is_read_in_part(tmp_path: Path) -> None:
    folder = repository(tmp_path)
    with (folder / "packed-refs").open("wb") as file:
        file.truncate(PACKED * 1000)  # sparse
    assert read_commit(tmp_path) is None


def test_many_short_lines_take_little_memory(tmp_path: Path) -> None:
    folder = repository(tmp_path)
    last = f"{COMMIT} refs/heads/main\n".encode()
    (folder / "packed-refs").write_bytes(b"\n" * (PACKED - len(last)) + last)
    tracemalloc.start()
    try:
        assert read_commit(tmp_path) == COMMIT
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_a_reference_beyond_the_bound_is_not_read(tmp_path: Path) -> None:
    folder = repository(tmp_path)
    last = f"{COMMIT} refs/heads/main\n".encode()
    (folder / "packed-refs").write_bytes(b"#" * 100_000 + b"\n" + last)
    assert read_commit(tmp_path) == COMMIT
    (folder / "packed-refs").write_bytes(b"#" * PACKED + b"\n" + last)
    assert read_commit(tmp_path) is None


def test_configuration_and_hooks_are_not_run(tmp_path: Path) -> None:
    folder = repository(tmp_path)
    (folder / "refs" / "heads" / "main").write_text(COMMIT)
    trap = tmp_path / "sprung"
    (folder / "config").write_text(
        f"[core]\n\tfsmonitor = touch {trap}\n[alias]\n\trev-parse = x\n"
    )
    assert read_commit(tmp_path) == COMMIT
    assert not trap.exists()


def test_a_worker_names_its_code_and_its_process(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    assert get_build_id(tmp_path / "plain") == f"harness-{__version__}"
    folder = repository(tmp_path / "project")
    (folder / "refs" / "heads" / "main").write_text(COMMIT)
    assert get_build_id(tmp_path / "project") == f"harness-{__version__}+git.{COMMIT[:12]}"
    assert get_process_name().endswith(f"/{os.getpid()}")
