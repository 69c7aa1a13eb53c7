"""What an agent edits in its workspace, and what becomes of it while people commit."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.care.repair.git import (
    Clone,
    commit_file,
    commit_revert,
    commit_work,
    find_worktree,
    open_clone,
    open_worktree,
    show_diff,
    take_over,
)
from harness.contracts.errors import HarnessError, OutsideConfines, TargetChanged, ToolFailed

GIT = ("git", "-c", "user.name=ann", "-c", "user.email=ann@example.org",
       "-c", "init.defaultBranch=main", "-c", "commit.gpgSign=false")  # fmt: skip
LINES = "one\ntwo\nthree\nfour\nfive\nsix\nseven\n"
EDITABLE = ("values", "src/**")


def run_git(folder: Path, *words: str) -> str:
    done = subprocess.run([*GIT, *words], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@dataclass
class Case:
    """A subject below the top of its repository, and a workspace of an agent."""

    clone: Clone
    work: Clone

    def git(self, *words: str) -> str:
        return run_git(self.clone.folder, *words)

    def commit(self, text: str, file: str = "values") -> str:
        """A commit of a person."""
        (self.clone.folder / file).write_text(text)
        self.git("add", "--all", "..")
        self.git("commit", "--quiet", "-m", f"Change {file}")
        return self.git("rev-parse", "HEAD")

    async def propose(self) -> str:
        return await commit_work(self.work, await self.clone.read_head(), EDITABLE, "Repair")


@pytest.fixture
async def case(tmp_path: Path) -> Case:
    folder = tmp_path / "shop" / "api"
    folder.mkdir(parents=True)
    (folder / "values").write_text(LINES)
    (folder / "other").write_text("a\n")
    (folder.parent / "neighbour").write_text("n\n")
    for words in (("init", "--quiet", ".."), ("add", "--all", ".."), ("commit", "-qm", "Begin")):
        run_git(folder, *words)
    clone = await open_clone(folder)
    return Case(clone, await open_worktree(clone, tmp_path / "work", "care/run"))


async def test_a_commit_of_a_person_meanwhile_is_kept(case: Case) -> None:
    (case.work.folder / "values").write_text(LINES.replace("seven", "7"))
    case.commit(LINES.replace("one", "1"))
    made = await case.propose()
    diff = await show_diff(case.clone, made)
    assert "+7" in diff and "one" not in diff.replace(" one", "")
    assert await take_over(case.clone, made)
    assert (case.clone.folder / "values").read_text() == (
        LINES.replace("one", "1").replace("seven", "7")
    )


async def test_the_same_lines_are_not_overwritten(case: Case) -> None:
    (case.work.folder / "values").write_text(LINES.replace("two", "2"))
    theirs = case.commit(LINES.replace("two", "zwei"))
    with pytest.raises(TargetChanged, match="the same lines meanwhile"):
        await case.propose()
    assert case.git("rev-parse", "HEAD") == theirs
    assert "zwei" in (case.work.folder / "values").read_text(), "the agent sees their version"
    (case.work.folder / "values").write_text(LINES.replace("two", "2"))
    assert await take_over(case.clone, await case.propose())


async def test_what_was_approved_is_what_is_deployed(case: Case) -> None:
    """A person commits between the approval and the deploy."""
    (case.work.folder / "values").write_text(LINES.replace("two", "2"))
    made = await case.propose()
    theirs = case.commit("b\n", "other")
    with pytest.raises(TargetChanged, match="on which the change was made"):
        await take_over(case.clone, made)
    assert case.git("rev-parse", "HEAD") == theirs


async def test_a_dirty_folder_is_left_alone(case: Case) -> None:
    (case.work.folder / "values").write_text(LINES.replace("two", "2"))
    made = await case.propose()
    (case.clone.folder / "other").write_text("not committed\n")
    with pytest.raises(TargetChanged, match=r"not committed: .*other"):
        await take_over(case.clone, made)
    assert (case.clone.folder / "other").read_text() == "not committed\n"


@pytest.mark.parametrize("what", ["file", "new", "moved", "link", "neighbour"])
async def test_only_editable_files_become_a_commit(case: Case, what: str) -> None:
    folder = case.work.folder
    match what:
        case "file":
            (folder / "other").write_text("b\n")
        case "new":
            (folder / "subject.toml").write_text("")
        case "moved":
            (folder / "src").mkdir()
            (folder / "other").rename(folder / "src" / "other")
        case "link":
            (folder / "values").unlink()
            (folder / "values").symlink_to("/etc/passwd")
        case _:
            (folder.parent / "neighbour").write_text("mine\n")
    before = case.git("rev-parse", "HEAD")
    with pytest.raises((OutsideConfines, ToolFailed)):
        await case.propose()
    assert case.git("rev-parse", "HEAD") == before and case.git("status", "--porcelain") == ""


async def test_a_revert_does_not_reach_beyond_the_folder(case: Case) -> None:
    (case.clone.folder.parent / "neighbour").write_text("changed\n")
    commit = case.commit("x\n")
    with pytest.raises(OutsideConfines, match="neighbour"):
        await commit_revert(case.work, commit, commit, EDITABLE, "Revert")


async def test_the_configuration_of_git_is_that_of_the_subject(case: Case, tmp_path: Path) -> None:
    """The file `.git` of a workspace is like any other: an agent may have edited it."""
    trap = tmp_path / "trap"
    run_git(tmp_path, "init", "--quiet", str(trap))
    filter_ = f'[filter "x"]\n\tclean = touch {tmp_path}/sprung\n'
    with (trap / ".git" / "config").open("a") as config:
        config.write(filter_)
    (case.work.folder.parent / ".git").write_text(f"gitdir: {trap}/.git\n")
    (case.work.folder / "src").mkdir()
    attributes = case.work.folder / "src" / ".gitattributes"
    attributes.write_text("* filter=x\n")
    (case.work.folder / "src" / "a").write_text("a\n")
    work = await find_worktree(case.clone, case.work.folder)
    with pytest.raises(OutsideConfines, match="gitattributes"):
        await commit_work(work, await case.clone.read_head(), EDITABLE, "Repair")
    attributes.unlink()
    made = await commit_work(work, await case.clone.read_head(), EDITABLE, "Repair")
    assert not (tmp_path / "sprung").exists()
    assert "src/a" in await show_diff(case.clone, made)


@pytest.mark.parametrize("name", ["HEAD", "--output=x", "abc", "a" * 39, "A" * 40, ""])
async def test_a_commit_is_named_in_full(case: Case, name: str) -> None:
    with pytest.raises(HarnessError, match="full name"):
        await show_diff(case.clone, name)


async def test_a_runbook_becomes_a_branch_and_nothing_else(case: Case, tmp_path: Path) -> None:
    (case.clone.folder / "values").write_text("a person is at work\n")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    text = "---\ndo: restart\n---\n"
    await commit_file(case.clone, "care/runbook-1", "runbooks/a.md", text, "Add", scratch)
    assert case.git("show", "care/runbook-1:api/runbooks/a.md") == text.strip()
    assert case.git("diff", "--name-only", "main", "care/runbook-1") == "api/runbooks/a.md"
    assert not (case.clone.folder / "runbooks").exists()
    assert case.git("status", "--porcelain") == "M api/values"
