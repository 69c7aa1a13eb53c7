"""Changes of a subject's code with git: a worktree for each run, one commit, taken over as it was
approved, and reverted."""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from harness.care.repair.editable import ATTRIBUTES, is_editable
from harness.care.subjects.commands import AGENT_EMAIL, GIT, Ran, run_command
from harness.contracts.clean_text import clean_line
from harness.contracts.errors import OutsideConfines, TargetChanged, ToolFailed

SECONDS = 60.0
MAX_DIFF = 60_000
"""Characters that are shown."""
MAX_BYTES = 16_000_000
"""Of the answers of git that are read."""
MAX_FILES = 500
MAX_COMMITS = 50
UNDO_EMAIL = "undo@harness"
"""Who commits an undo: nothing that an agent proposes is committed with it."""
DIFF = (
    "--no-color", "--no-renames", "--no-ext-diff", "--no-textconv", "--ignore-submodules=none",
)  # fmt: skip
"""Nothing that the repository configures hides a part of a difference."""
FULL_NAME = re.compile(r"[0-9a-f]{40}")
LINK, SUBMODULE = "120000", "160000"
"""Modes of git."""


@dataclass(frozen=True)
class Clone:
    """A subject's folder in its repository. `prefix`: the folder below the top, such as `api/`."""

    folder: Path
    prefix: str
    git_dir: Path | None = None
    """Of a worktree. Given to git, so that nothing depends on the file `.git` in it, which an agent
    could change so that git reads another configuration."""

    async def git(self, *words: str, index: Path | None = None) -> str:
        """Run git in the folder, with another index if it is given; raises ToolFailed with what it
        said."""
        ran = await self.try_git(*words, index=index)
        if not ran.is_good:
            raise ToolFailed(f"git {words[0]} failed: {ran.output[-1_000:]}")
        return ran.output

    async def read_git(self, *words: str) -> bytes:
        """Run git and return the beginning of what it finds, without its warnings. What `git`
        returns is for people: the end, without space around it."""
        with tempfile.TemporaryDirectory() as scratch:
            file = Path(scratch) / "found"
            await self.git(words[0], f"--output={file}", *words[1:])
            return await asyncio.to_thread(_read_beginning, file)

    async def try_git(self, *words: str, index: Path | None = None) -> Ran:
        """Run git in the folder."""
        extra = {} if index is None else {"GIT_INDEX_FILE": str(index)}
        if self.git_dir is not None:
            top = _find_top(self.folder, self.prefix)
            extra |= {"GIT_DIR": str(self.git_dir), "GIT_WORK_TREE": str(top)}
        # What git leaves behind is its own housekeeping.
        return await run_command((*GIT, *words), self.folder, SECONDS, extra, may_leave=True)

    async def read_head(self) -> str:
        """The commit that is checked out."""
        return await self.git("rev-parse", "HEAD")

    async def check_clean(self) -> None:
        """Refuse to go on if files of the folder are not committed: they would be lost or mixed."""
        if changed := await self.git("status", "--porcelain", "--", "."):
            # The first line has lost the space that it may begin with.
            names = ", ".join(line[2:].strip() for line in changed.split("\n")[:5])
            raise TargetChanged(f"{self.folder} has changes that are not committed: {names}.")


def _read_beginning(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(MAX_BYTES + 1)


async def open_clone(folder: Path) -> Clone:
    """Find the repository of a folder; raises ToolFailed if there is none."""
    clone = Clone(folder, "")
    return Clone(folder, await clone.git("rev-parse", "--show-prefix"))


async def open_worktree(clone: Clone, place: Path, branch: str) -> Clone:
    """Check the subject's commit out into another folder, on a branch of its own. Again with the
    same place, it is kept as it is."""
    if not await asyncio.to_thread(place.exists):
        await clone.git("worktree", "prune")
        await clone.git("worktree", "add", "--force", "-B", branch, str(place), "HEAD")
    return await find_worktree(clone, place / clone.prefix)


async def find_worktree(clone: Clone, folder: Path) -> Clone:
    """Find the worktree of a subject that has the subject's code in this folder; raises ToolFailed
    if there is none."""
    top = _find_top(folder, clone.prefix)
    common = await clone.git("rev-parse", "--path-format=absolute", "--git-common-dir")
    git_dir = await asyncio.to_thread(_find_git_dir, Path(common), top)
    if git_dir is None:
        raise ToolFailed(f"{folder} is not a worktree of {clone.folder}.")
    return Clone(folder, clone.prefix, git_dir)


def _find_top(folder: Path, prefix: str) -> Path:
    """The folder that `prefix` begins in."""
    return folder.parents[len(Path(prefix).parts) - 1] if prefix else folder


def _find_git_dir(common: Path, top: Path) -> Path | None:
    for file in common.glob("worktrees/*/gitdir"):
        if Path(file.read_text().strip()).parent.resolve() == top.resolve():
            return file.parent
    return None


async def close_worktree(clone: Clone, place: Path) -> None:
    """Remove a worktree, if it exists."""
    if await asyncio.to_thread(place.exists):
        await clone.try_git("worktree", "remove", "--force", str(place))


async def commit_work(work: Clone, base: str, editable: tuple[str, ...], message: str) -> str:
    """Make one commit of all that was edited, on top of `base`; returns it.

    Raises:
        OutsideConfines: A file was changed that may not be edited, or nobody could read the
            difference; or there is another repository in the worktree.
        ToolFailed: Nothing was changed.
        TargetChanged: Someone has changed the same lines since the worktree was made. The worktree
            has their version now.
    """
    await _check_no_repository(work)
    start = await work.git("merge-base", "HEAD", base)
    await work.git("add", "--all", "--", ".")
    await work.git("reset", "--soft", start)
    changed = await _list_changed(work, "diff-index", "--cached", "HEAD")
    if not changed:
        raise ToolFailed("Nothing was changed: edit a file first.")
    _check_changed(changed, work.prefix, editable)
    await _check_readable(work, "diff-index", "--cached", "HEAD")
    await work.git("commit", "--quiet", "-m", message)
    made = await work.read_head()
    if start == base:
        return made
    await work.git("reset", "--quiet", "--hard", base)
    if not (await work.try_git("cherry-pick", made)).is_good:
        await work.try_git("cherry-pick", "--abort")
        raise TargetChanged(
            f"Someone has changed the same lines meanwhile, until commit {base[:12]}. The "
            "workspace has their version now: read it, and edit again if that is still needed."
        )
    return await work.read_head()


async def _check_no_repository(work: Clone) -> None:
    """Refuse a worktree with another repository in it: git would run what that one configures."""
    top = _find_top(work.folder, work.prefix)
    found = await asyncio.to_thread(_find_repository, top)
    if found is not None:
        raise OutsideConfines(f"{found!r} makes its folder a repository of its own: remove it.")


def _find_repository(top: Path) -> str | None:
    for folder, folders, files in os.walk(top):
        place = Path(folder)
        if place != top and ".git" in (*folders, *files):
            return str((place / ".git").relative_to(top))
    return None


async def check_commit(clone: Clone, commit: str, editable: tuple[str, ...]) -> None:
    """Refuse a commit that changes more than an agent may edit, or whose difference nobody could
    read.

    Raises:
        OutsideConfines: It does.
        ToolFailed: There is no such commit, or it has no parent, or several.
    """
    _check_name(commit)
    parents = (await clone.git("rev-parse", f"{commit}^@")).split()
    if len(parents) != 1:
        raise ToolFailed(
            f"Commit {commit[:12]} has {len(parents)} parents: only one with one parent is "
            "deployed, whose difference is all that changes."
        )
    difference = ("diff-tree", "-r", f"{commit}^", commit)
    _check_changed(await _list_changed(clone, *difference), clone.prefix, editable)
    await _check_readable(clone, *difference)


def _check_name(commit: str) -> None:
    """A model names commits: to git, a name may be an option too."""
    if not FULL_NAME.fullmatch(commit):
        raise ToolFailed(f"{commit[:60]!r} is not the full name of a commit.")


async def _list_changed(clone: Clone, *words: str) -> list[tuple[str, str]]:
    """The mode and the name, from the top of the repository, of each file that differs."""
    found = await clone.read_git(*words, "--raw", "-z", *DIFF)
    parts = found.decode(errors="replace").split("\0")
    if len(found) > MAX_BYTES or len(parts) > 2 * MAX_FILES + 1:
        raise ToolFailed(f"The commit changes more than {MAX_FILES} files.")
    return [(head.split()[1], name) for head, name in zip(parts[::2], parts[1::2], strict=False)]


def _check_changed(changed: list[tuple[str, str]], prefix: str, editable: tuple[str, ...]) -> None:
    for mode, name in changed:
        inside = name.removeprefix(prefix)
        if not name.startswith(prefix):
            raise OutsideConfines(f"{name!r} is not in the folder of the subject.")
        if not is_editable(inside, editable):
            raise OutsideConfines(
                f"{inside!r} may not be edited: only {', '.join(editable)}, and no {ATTRIBUTES}."
            )
        if mode in (LINK, SUBMODULE):
            raise OutsideConfines(f"{inside!r} is a link: only files may be changed.")


async def _check_readable(clone: Clone, *words: str) -> None:
    found = await clone.read_git(*words, "-p", "--text", *DIFF)
    if len(found) > MAX_BYTES:
        raise OutsideConfines(f"The commit changes more than {MAX_BYTES // 1_000_000} MB.")
    if b"\0" in found:
        raise OutsideConfines("A file has NUL bytes: nobody could read what is changed in it.")


async def commit_revert(
    work: Clone, base: str, commit: str, editable: tuple[str, ...], message: str
) -> str:
    """Make one commit on top of `base` that undoes an earlier one; returns it.

    Raises:
        ToolFailed: Later changes stand in the way.
        OutsideConfines: The earlier commit changed a file that may not be edited.
    """
    await _check_no_repository(work)
    await work.git("reset", "--quiet", "--hard", base)
    ran = await work.try_git("revert", "--no-commit", commit)
    if not ran.is_good:
        await work.try_git("revert", "--abort")
        raise ToolFailed(f"Commit {commit[:12]} cannot be reverted: {ran.output[-500:]}")
    return await commit_work(work, base, editable, message)


async def list_commits(clone: Clone, since: float) -> list[tuple[str, float, str, str]]:
    """The commits of the folder since then, the newest first: commit, time, author and title."""
    found = await clone.read_git(
        "log", "-z", f"--since=@{int(since)}", "-n", str(MAX_COMMITS),
        "--format=%H%x00%ct%x00%an%x00%s", "--", ".",
    )  # fmt: skip
    parts = found.decode(errors="replace").split("\0")
    rows = zip(parts[::4], parts[1::4], parts[2::4], parts[3::4], strict=False)
    return [
        (commit, float(at), clean_line(author[:80]), clean_line(title[:200]))
        for commit, at, author, title in rows
    ]


async def show_diff(clone: Clone, commit: str) -> str:
    """The difference that a commit makes, as a person approves it: all of it, whatever the
    repository says about how to show it."""
    _check_name(commit)
    words = ("diff-tree", "-r", "-p", "--text", *DIFF, f"{commit}^", commit, "--", ".")
    text = (await clone.read_git(*words)).decode(errors="replace").strip()
    return text if len(text) <= MAX_DIFF else f"{text[:MAX_DIFF]}\n[cut off]"


async def take_over(clone: Clone, commit: str) -> bool:
    """Move the subject to a commit that was made on top of its own. False: that was done before,
    and the subject has moved on since.

    Raises:
        TargetChanged: Someone has changed the subject meanwhile; nothing was done.
    """
    head = await clone.read_head()
    if head == commit:
        return True
    if await _contains(clone, commit):
        return False
    await check_takeover(clone, commit)
    await clone.git("merge", "--ff-only", "--quiet", commit)
    return True


async def check_takeover(clone: Clone, commit: str) -> None:
    """Refuse a commit that was not made on top of what the subject is now; raises TargetChanged."""
    head, parent = await clone.read_head(), await clone.git("rev-parse", f"{commit}^")
    await clone.check_clean()
    if head != parent:
        raise TargetChanged(
            f"{clone.folder} is at {head[:12]}, not at {parent[:12]}, on which the change was made."
        )


async def _contains(clone: Clone, commit: str) -> bool:
    return (await clone.try_git("merge-base", "--is-ancestor", commit, "HEAD")).is_good


async def revert(clone: Clone, commit: str) -> None:
    """Undo a commit with another one; nothing if that has been done.

    Raises:
        TargetChanged: Later changes stand in the way.
    """
    if not await _contains(clone, commit):
        return  # it was never taken over
    marker = ("--fixed-strings", f"--grep=This reverts commit {commit}.")
    found = await clone.git("log", "--format=%ce", *marker, f"{commit}..HEAD")
    # Agents choose the messages of what they propose: these do not count.
    if any(email != AGENT_EMAIL for email in found.split("\n") if email):
        return
    await clone.check_clean()
    ran = await clone.try_git("-c", f"user.email={UNDO_EMAIL}", "revert", "--no-edit", commit)
    if not ran.is_good:
        await clone.try_git("revert", "--abort")
        raise TargetChanged(f"Commit {commit[:12]} cannot be reverted: {ran.output[-500:]}")


async def commit_file(
    clone: Clone, branch: str, name: str, content: str, message: str, scratch: Path
) -> str:
    """Commit one file on a branch on top of what is checked out, without touching any file of the
    folder; returns the commit. `scratch`: an empty folder."""
    draft, index = scratch / "draft", scratch / "index"
    await asyncio.to_thread(draft.write_text, content)
    blob = await clone.git("hash-object", "-w", "--no-filters", str(draft))
    await clone.git("read-tree", "HEAD", index=index)
    entry = f"100644,{blob},{clone.prefix}{name}"
    await clone.git("update-index", "--add", "--cacheinfo", entry, index=index)
    tree = await clone.git("write-tree", index=index)
    commit = await clone.git("commit-tree", tree, "-p", "HEAD", "-m", message)
    await clone.git("branch", "--force", branch, commit)
    return commit
