"""Commits that hide: from the list, from the diff that a person approves, or from the check of
what may be edited; and repositories within a workspace that bring configurations of their own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness.care.repair.commit_files import list_commit_files
from harness.care.repair.git import (
    MAX_DIFF,
    check_commit,
    commit_revert,
    commit_work,
    list_commits,
    open_clone,
    revert,
    show_diff,
    take_over,
)
from harness.contracts.errors import HarnessError, OutsideConfines, ToolFailed
from tests.integration.care.test_workspaces import EDITABLE, LINES, Case, run_git
from tests.integration.care.test_workspaces import case as case

SINCE = 1e9
"""git takes smaller numbers for something else."""


def edit(case: Case, text: str, file: str = "values") -> None:
    (case.work.folder / file).parent.mkdir(parents=True, exist_ok=True)
    (case.work.folder / file).write_text(text)


@pytest.mark.parametrize("mark", ["\u2028", "\x0b", "\x0c", "\x1c", "\x85"])
async def test_no_commit_hides_by_the_name_of_its_author(case: Case, mark: str) -> None:
    (case.clone.folder / "values").write_text("x\n")
    message = f"Change{mark}values"
    author = f"--author=an{mark}n <ann@example.org>"
    case.git("commit", "--quiet", "--all", author, "-m", message)
    commit = case.git("rev-parse", "HEAD")
    newest, _ = await list_commits(case.clone, SINCE)
    assert newest[0] == commit
    assert newest[2].isprintable() and newest[3].isprintable()


async def test_a_long_title_hides_no_newer_commit(case: Case) -> None:
    case.commit("x\n")
    case.git("commit", "--quiet", "--amend", "-m", "x" * 100_000)
    newest = case.commit("y\n")
    assert (await list_commits(case.clone, SINCE))[0][0] == newest
    assert len(await list_commits(case.clone, SINCE)) == 3


async def test_the_files_of_commits_are_known(case: Case) -> None:
    for number in range(8):
        (case.clone.folder / f"{number}.py").write_text("x\n")
    many = case.commit("many\n")
    (case.clone.folder.parent / "elsewhere").write_text("x\n")
    odd = "a\nb \u202e/" + "0" * 40
    (case.clone.folder / odd).parent.mkdir(parents=True, exist_ok=True)
    last = case.commit("x\n", odd)
    found = await list_commit_files(case.clone, SINCE)
    commits = [commit for commit, *_ in await list_commits(case.clone, SINCE)]
    assert list(found) == commits and commits[:2] == [last, many]
    assert found[last].files == (odd,), "below the folder of the subject alone"
    assert found[last].line.startswith("changes a\\nb <U+202E>/0")
    assert found[many].line == "changes 0.py, 1.py, 2.py, 3.py, 4.py, 5.py and 3 more"
    assert [found[each].is_first for each in commits] == [False, False, True]
    assert found[commits[2]].line.startswith("the first commit; changes ")
    assert await list_commit_files(case.clone, 4e9) == {}


async def test_a_merge_changes_what_it_brought(case: Case) -> None:
    main = case.git("branch", "--show-current")
    case.git("checkout", "--quiet", "-b", "other")
    case.commit("x\n", "other.py")
    case.git("checkout", "--quiet", main)
    case.commit("y\n")
    case.git("merge", "--quiet", "--no-edit", "other")
    found = await list_commit_files(case.clone, SINCE)
    for commit, *_, title in await list_commits(case.clone, SINCE):
        assert found[commit].files, title


@pytest.mark.parametrize("where", ["src/inner", "inner"])
async def test_a_repository_in_a_workspace_configures_nothing(
    case: Case, tmp_path: Path, where: str
) -> None:
    inner, sprung = case.work.folder / where, tmp_path / "sprung"
    inner.mkdir(parents=True)
    run_git(inner, "init", "--quiet")
    (inner / "f").write_text("1\n")
    (inner / ".gitattributes").write_text("* filter=x\n")
    run_git(inner, "add", "--all")
    run_git(inner, "commit", "--quiet", "-m", "Begin")
    with (inner / ".git" / "config").open("a") as config:
        config.write(f'[filter "x"]\n\tclean = touch {sprung}; cat\n')
    (inner / "f").write_text("2\n")
    os.utime(inner / "f", (1, 1))
    head = await case.clone.read_head()
    for attempt in range(2):
        edit(case, f"{attempt}\n")
        with pytest.raises(OutsideConfines, match=rf"{where}/\.git"):
            await case.propose()
        with pytest.raises(OutsideConfines, match=rf"{where}/\.git"):
            await commit_revert(case.work, head, head, EDITABLE, "Revert")
    assert not sprung.exists()


async def test_no_configuration_changes_the_diff(case: Case, tmp_path: Path) -> None:
    edit(case, LINES.replace("two", "evil"))
    made = await case.propose()
    case.git("config", "diff.x.textconv", f"sh -c 'touch {tmp_path}/ran; echo same'")
    info = case.clone.folder.parent / ".git" / "info"
    info.mkdir(exist_ok=True)
    for attributes in ("* diff=x\n", "* -diff\n", "* binary\n"):
        (info / "attributes").write_text(attributes)
        assert "+evil" in await show_diff(case.clone, made)
    assert not (tmp_path / "ran").exists()


async def test_a_replaced_commit_is_shown_as_it_is(case: Case) -> None:
    edit(case, LINES.replace("two", "evil"))
    made = await case.propose()
    case.git("replace", made, case.git("commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", "same"))
    assert "+evil" in await show_diff(case.clone, made)


async def test_the_commit_of_a_merge_is_not_deployed(case: Case) -> None:
    head = case.git("rev-parse", "HEAD")
    case.git("checkout", "--quiet", "-b", "feature")
    case.commit("evil\n")
    case.git("checkout", "--quiet", "-b", "merged", head)
    case.git("merge", "--quiet", "--no-ff", "-m", "Merge", "feature")
    merge = case.git("rev-parse", "HEAD")
    assert "+evil" in await show_diff(case.clone, merge)
    with pytest.raises(ToolFailed, match="one parent"):
        await check_commit(case.clone, merge, EDITABLE)


async def test_a_file_that_nobody_can_read_is_not_committed(case: Case) -> None:
    edit(case, "#!/bin/sh\n: \0\nevil\n", "src/run.sh")
    with pytest.raises(OutsideConfines, match="NUL"):
        await case.propose()
    commit = case.commit("a\0\n")
    with pytest.raises(OutsideConfines, match="NUL"):
        await check_commit(case.clone, commit, EDITABLE)
    edit(case, "#!/bin/sh\n", "src/run.sh")
    assert "src/run.sh" in await show_diff(case.work, await case.propose())


async def test_the_beginning_of_a_long_diff_is_not_lost(case: Case) -> None:
    edit(case, "evil\n" + "\u20ac" * 25_000 + "\n")
    assert "+evil" in await show_diff(case.clone, await case.propose())
    edit(case, "evil\n" + "x\n" * MAX_DIFF)
    shown = await show_diff(case.clone, await case.propose())
    assert "+evil" in shown and shown.endswith("[cut off]")


@pytest.mark.parametrize("file", ["src.py", "src/a.py", "src/b/c.py"])
async def test_a_star_stays_in_its_folder(case: Case, file: str) -> None:
    edit(case, "x\n", file)
    head = await case.clone.read_head()
    if "/" in file:
        with pytest.raises(OutsideConfines, match="may not be edited"):
            await commit_work(case.work, head, ("*.py",), "Add")
    assert await commit_work(case.work, head, ("*.py", "src/**"), "Add")


async def test_no_message_stands_in_for_an_undo(case: Case) -> None:
    """The agent that made a change writes the message of its next one."""
    edit(case, LINES.replace("two", "2"))
    first = await case.propose()
    assert await take_over(case.clone, first)
    edit(case, LINES.replace("two", "2").replace("six", "6"))
    words = f"Repair\n\nThis reverts commit {first}."
    second = await commit_work(case.work, first, EDITABLE, words)
    assert await take_over(case.clone, second)
    for commit in (second, first, second, first):
        await revert(case.clone, commit)
    assert (case.clone.folder / "values").read_text() == LINES
    with pytest.raises(HarnessError):
        await case.clone.git("rev-parse", "HEAD~5")


async def test_a_repository_that_was_committed_as_files_is_none(case: Case, tmp_path: Path) -> None:
    """In the folder of a subject: git would take it for the repository, and run its filters."""
    folder, sprung, made = case.clone.folder, tmp_path / "sprung", tmp_path / "made"
    run_git(tmp_path, "init", "--quiet", "--bare", str(made))
    (made / "config").write_text(
        "[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tworktree = .\n"
        f'[filter "x"]\n\tclean = touch {sprung}; cat\n'
    )
    for name in ("HEAD", "config", "objects", "refs"):
        (made / name).rename(folder / name)
    (folder / ".gitattributes").write_text("* filter=x\n")
    os.utime(folder / "values", (1, 1))
    assert (await case.clone.try_git("status", "--porcelain", "--", ".")).code != 0
    with pytest.raises(ToolFailed, match="bare repository"):
        await open_clone(folder)
    assert not sprung.exists()


@pytest.mark.parametrize("file", ["src/.gitattributes", "src/deep/.GitAttributes"])
async def test_nothing_says_how_what_was_approved_is_written(case: Case, file: str) -> None:
    """With an encoding, what is on the disk is another text than what a person has read."""
    edit(case, "*.py working-tree-encoding=UTF-16LE\n", file)
    edit(case, "\u6d69\u7072\u6f74\n", "src/run.py")
    with pytest.raises(OutsideConfines, match=r"no \.gitattributes"):
        await case.propose()
    (case.clone.folder / file).parent.mkdir(parents=True)
    commit = case.commit("*.py working-tree-encoding=UTF-16LE\n", file)
    with pytest.raises(OutsideConfines, match=r"no \.gitattributes"):
        await check_commit(case.clone, commit, ("**",))
