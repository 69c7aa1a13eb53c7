"""Changes of a subject's code with git: a worktree for each run, one commit, taken over as it was
approved, and reverted."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from harness.care.subjects.commands import GIT, Ran, run_command
from harness.contracts.errors import OutsideConfines, TargetChanged, ToolFailed

SECONDS = 60.0
MAX_DIFF = 60_000


@dataclass(frozen=True)
class Clone:
    """A subject's folder in its repository. `prefix`: the folder below the top, such as `api/`."""

    folder: Path
    prefix: str

    async def git(self, *words: str) -> str:
        """Run git in the folder; raises ToolFailed with what it said."""
        ran = await self.try_git(*words)
        if not ran.is_good:
            raise ToolFailed(f"git {words[0]} failed: {ran.output[-1_000:]}")
        return ran.output

    async def try_git(self, *words: str) -> Ran:
        """Run git in the folder."""
        return await run_command((*GIT, *words), self.folder, SECONDS)

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
    return Clone(place / clone.prefix, clone.prefix)


async def close_worktree(clone: Clone, place: Path) -> None:
    """Remove a worktree, if it exists."""
    if await asyncio.to_thread(place.exists):
        await clone.try_git("worktree", "remove", "--force", str(place))


async def commit_work(work: Clone, base: str, editable: tuple[str, ...], message: str) -> str:
    """Make one commit of all that was edited since `base`; returns it.

    Raises:
        OutsideConfines: A file was changed that may not be edited.
        ToolFailed: Nothing was changed.
    """
    await work.git("add", "--all", "--", ".")
    await work.git("reset", "--soft", base)
    listed = await work.git("diff", "--cached", "--name-only", "--relative", "-z")
    names = [name for name in listed.split("\0") if name]
    if not names:
        raise ToolFailed("Nothing was changed: edit a file first.")
    for name in names:
        if not any(fnmatchcase(name, pattern) for pattern in editable):
            raise OutsideConfines(f"{name!r} may not be edited: only {', '.join(editable)}.")
    await work.git("commit", "--quiet", "-m", message)
    return await work.read_head()


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
    text = await clone.git("show", "--format=", "--no-color", "--no-ext-diff", commit, "--", ".")
    return text if len(text) <= MAX_DIFF else f"{text[:MAX_DIFF]}\n[cut off]"


async def take_over(clone: Clone, commit: str) -> str:
    """Move the subject to a commit that was made on top of its own; returns the commit before.

    Raises:
        TargetChanged: Someone has changed the subject meanwhile.
    """
    head = await clone.read_head()
    parent = await clone.git("rev-parse", f"{commit}^")
    if head == commit:
        return parent
    await clone.check_clean()
    if head != parent:
        raise TargetChanged(
            f"{clone.folder} is at {head[:12]}, not at {parent[:12]}, on which the change was made."
        )
    await clone.git("merge", "--ff-only", "--quiet", commit)
    return parent


async def revert(clone: Clone, commit: str) -> None:
    """Undo a commit with another one; nothing if that has been done.

    Raises:
        TargetChanged: Later changes stand in the way.
    """
    marker = f"This reverts commit {commit}."
    if marker in await clone.git("log", "--format=%B", "-n", "50"):
        return
    if not (await clone.try_git("merge-base", "--is-ancestor", commit, "HEAD")).is_good:
        return  # it was never taken over
    await clone.check_clean()
    ran = await clone.try_git("revert", "--no-edit", commit)
    if not ran.is_good:
        await clone.try_git("revert", "--abort")
        raise TargetChanged(f"Commit {commit[:12]} cannot be reverted: {ran.output[-500:]}")
