"""Changes of a subject's code with git: a worktree for each run, one commit, taken over as it was
approved, and reverted."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from harness.care.subjects.commands import GIT, Ran, run_command
from harness.contracts.errors import OutsideConfines, TargetChanged, ToolFailed

SECONDS = 60.0
MAX_DIFF, MAX_LIST = 60_000, 15_000
"""Characters."""
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

    async def try_git(self, *words: str, index: Path | None = None) -> Ran:
        """Run git in the folder."""
        extra = {} if index is None else {"GIT_INDEX_FILE": str(index)}
        if self.git_dir is not None:
            top = (
                self.folder.parents[len(Path(self.prefix).parts) - 1]
                if self.prefix
                else self.folder
            )
            extra |= {"GIT_DIR": str(self.git_dir), "GIT_WORK_TREE": str(top)}
        # What git leaves behind is its own housekeeping.
        return await run_command((*GIT, *words), self.folder, SECONDS, extra, may_leave=True)

    async def read_head(self) -> str:
        """The commit that is checked out."""
        return await self.git("rev-parse", "HEAD")

    async def check_clean(self) -> None:
        """Refuse to go on if files of the folder are not committed: they would be lost or mixed."""
        if changed := await self.git("status", "--porcelain", "--", "."):
            names = ", ".join(line[3:] for line in changed.splitlines()[:5])
            raise TargetChanged(f"{self.folder} has changes that are not committed: {names}.")


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
        OutsideConfines: A file was changed that may not be edited.
        ToolFailed: Nothing was changed.
        TargetChanged: Someone has changed the same lines since the worktree was made. The worktree
            has their version now.
    """
    start = await work.git("merge-base", "HEAD", base)
    await work.git("add", "--all", "--", ".")
    await work.git("reset", "--soft", start)
    changed = await _list_changed(work, "diff", "--cached")
    if not changed:
        raise ToolFailed("Nothing was changed: edit a file first.")
    _check_changed(changed, work.prefix, editable)
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


async def check_commit(clone: Clone, commit: str, editable: tuple[str, ...]) -> None:
    """Refuse a commit that changes more than an agent may edit.

    Raises:
        OutsideConfines: It does.
        ToolFailed: There is no such commit, or it has no parent.
    """
    _check_name(commit)
    changed = await _list_changed(clone, "diff-tree", "-r", f"{commit}^", commit)
    _check_changed(changed, clone.prefix, editable)


def _check_name(commit: str) -> None:
    """A model names commits: to git, a name may be an option too."""
    if not FULL_NAME.fullmatch(commit):
        raise ToolFailed(f"{commit[:60]!r} is not the full name of a commit.")


async def _list_changed(clone: Clone, *words: str) -> list[tuple[str, str]]:
    """The mode and the name, from the top of the repository, of each file that differs."""
    # A rename would hide the name that is gone.
    found = await clone.git(*words, "--raw", "--no-renames", "--no-ext-diff", "-z")
    if len(found) > MAX_LIST:  # its beginning may be cut off
        raise ToolFailed("The commit changes too many files.")
    parts = found.split("\0")
    return [(head.split()[1], name) for head, name in zip(parts[::2], parts[1::2], strict=False)]


def _check_changed(changed: list[tuple[str, str]], prefix: str, editable: tuple[str, ...]) -> None:
    for mode, name in changed:
        inside = name.removeprefix(prefix)
        if not name.startswith(prefix):
            raise OutsideConfines(f"{name!r} is not in the folder of the subject.")
        if not any(fnmatchcase(inside, pattern) for pattern in editable):
            raise OutsideConfines(f"{inside!r} may not be edited: only {', '.join(editable)}.")
        if mode in (LINK, SUBMODULE):
            raise OutsideConfines(f"{inside!r} is a link: only files may be changed.")


async def commit_revert(
    work: Clone, base: str, commit: str, editable: tuple[str, ...], message: str
) -> str:
    """Make one commit on top of `base` that undoes an earlier one; returns it.

    Raises:
        ToolFailed: Later changes stand in the way.
        OutsideConfines: The earlier commit changed a file that may not be edited.
    """
    await work.git("reset", "--quiet", "--hard", base)
    ran = await work.try_git("revert", "--no-commit", commit)
    if not ran.is_good:
        await work.try_git("revert", "--abort")
        raise ToolFailed(f"Commit {commit[:12]} cannot be reverted: {ran.output[-500:]}")
    return await commit_work(work, base, editable, message)


async def list_commits(clone: Clone, since: float) -> list[tuple[str, float, str, str]]:
    """The commits of the folder since then, the newest first: commit, time, author and title."""
    text = await clone.git(
        "log", f"--since=@{int(since)}", "-n", "50", "--format=%H%x00%ct%x00%an%x00%s", "--", "."
    )
    rows = [line.split("\0") for line in text.splitlines() if line.count("\0") == 3]
    return [(commit, float(at), author[:80], title[:200]) for commit, at, author, title in rows]


async def show_diff(clone: Clone, commit: str) -> str:
    """The difference that a commit makes, as a person approves it."""
    _check_name(commit)
    text = await clone.git("show", "--format=", "--no-color", "--no-ext-diff", commit, "--", ".")
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
    marker = f"This reverts commit {commit}."
    if marker in await clone.git("log", "--format=%B", f"{commit}..HEAD"):
        return
    await clone.check_clean()
    ran = await clone.try_git("revert", "--no-edit", commit)
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
