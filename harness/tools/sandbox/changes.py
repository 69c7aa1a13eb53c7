"""What a command changed in its view of the workspace: found, made in the workspace, undone.

The changes are recorded, with the bytes before and after, before the first of them is made. So
after any crash the same changes are made, once; and an undo restores exactly what was there, or
refuses if something has changed since.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Set
from pathlib import Path
from typing import Any, NamedTuple

from harness.agent import Target, ToolContext
from harness.contracts.base import Word
from harness.contracts.errors import TargetChanged, ToolFailed
from harness.tools.files import confine
from harness.tools.files.names import show_name
from harness.tools.sandbox.confined_run import MAX_CONTENT, MAX_ENTRIES, Finished
from harness.tools.sandbox.places import HIDDEN_FILES
from harness.tools.sandbox.states import (
    State,
    file_state,
    is_same,
    last_changed_ns,
    list_below,
    look_at,
    make,
    remove,
    stays_inside,
)

MAX_CHECKED = 16
GIT_KEPT = (
    "HEAD", "ORIG_HEAD", "FETCH_HEAD", "MERGE_HEAD", "MERGE_MSG", "COMMIT_EDITMSG", "index",
    "packed-refs", "logs", "objects", "refs",
)  # fmt: skip
"""Of .git, what git reads as data. The rest, such as hooks and config, names programs that git
starts for the next person who uses it."""
MEGA = 1024 * 1024


class PathChange(Word):
    path: str
    before: State | None = None
    after: State | None = None


class Changes(Word):
    changes: tuple[PathChange, ...] = ()
    before: str | None = None
    """The artifact with the bytes of files before."""
    after: str | None = None


class Found(NamedTuple):
    changes: list[PathChange]
    before: bytes
    after: bytes
    left: list[str]
    """What is not taken over, and why."""


class _Bytes:
    """The bytes of files, one after another."""

    def __init__(self) -> None:
        self.content = bytearray()

    def keep(self, content: bytes) -> int:
        if len(self.content) + len(content) > MAX_CONTENT:
            raise ToolFailed(
                f"The command changed files that had more than {MAX_CONTENT // MEGA} MB: nothing "
                "was changed, because it could not be undone."
            )
        self.content += content
        return len(self.content) - len(content)


def find_changes(root: Path, ran: Finished) -> Found:
    """Compare what the command left with the workspace. Raises ToolFailed if it is too much, or if
    the workspace was changed meanwhile."""
    content = ran.content.read_bytes() if ran.content.exists() else b""
    before, after = _Bytes(), _Bytes()
    found = Found([], b"", b"", [])
    present = {each["path"] for each in ran.entries if each["kind"] != "gone"}
    for entry in ran.entries:
        path, why = entry["path"], _find_obstacle(root, entry)
        if why is not None:
            found.left.append(f"{show_name(path)} ({why})")
            continue
        for gone in _list_gone(root, entry, present):
            found.changes.append(PathChange(path=gone, before=look_at(root, gone, before.keep)))
        if entry["kind"] == "gone":
            continue
        now = _read_entry(entry, content, after)
        was = look_at(root, path, before.keep)
        if not is_same(was, now):
            found.changes.append(PathChange(path=path, before=was, after=now))
        if len(found.changes) > MAX_ENTRIES:
            raise ToolFailed(f"The command changed more than {MAX_ENTRIES:,} files.")
    for change in found.changes:
        if change.before and last_changed_ns(root, change.path) > ran.started_ns:
            if change.before.kind == "folder":
                continue
            raise TargetChanged(
                f"{change.path!r} was changed while the command ran, and the command changed it "
                "too: nothing of the command was taken over. Run it again."
            )
    return found._replace(before=bytes(before.content), after=bytes(after.content))


def _find_obstacle(root: Path, entry: dict[str, Any]) -> str | None:
    path, parts = str(entry["path"]), str(entry["path"]).split("/")
    try:
        path.encode()
    except UnicodeEncodeError:
        return "its name is not valid UTF-8"
    if any(part.lower() == confine.STATE_FOLDER for part in parts):
        return confine.KEYS_INSIDE
    if parts[-1] in confine.STATE_MARKS:
        return "harness marks its own folders with this name"
    lowered = [part.lower() for part in parts]
    if ".git" in lowered and not _is_git_data(root, entry, lowered.index(".git")):
        return "git starts programs that are named there"
    if parts[-1] in HIDDEN_FILES:
        return "harness reads its settings there"
    if entry["kind"] == "other":
        return "it is a device, pipe or socket"
    if entry["kind"] == "link" and not stays_inside(path, entry["target"]):
        return "it is a link that leads out of the workspace"
    return None


def _is_git_data(root: Path, entry: dict[str, Any], at: int) -> bool:
    """Whether a path at or below .git, part number `at`, is data of a repository that exists."""
    parts = str(entry["path"]).split("/")
    repository = look_at(root, "/".join(parts[: at + 1]))
    if repository is None or repository.kind != "folder":
        return False
    if len(parts) == at + 1:
        return entry["kind"] in ("folder", "gone")
    return parts[at + 1] in GIT_KEPT


def _list_gone(root: Path, entry: dict[str, Any], present: Set[str]) -> Iterable[str]:
    """List what the command deleted, as far as this entry says it."""
    path = entry["path"]
    if entry["kind"] == "gone":
        yield path
    if entry["kind"] == "folder" and not entry["opaque"]:
        return
    yield from (below for below in list_below(root, path) if below not in present)


def _read_entry(entry: dict[str, Any], content: bytes, after: _Bytes) -> State:
    if entry["kind"] == "file":
        mine = content[entry["at"] : entry["at"] + entry["size"]]
        return file_state(mine, entry["mode"], after.keep(mine))
    if entry["kind"] == "link":
        return State(kind="link", target=entry["target"])
    return State(kind="folder")


async def store_changes(ctx: ToolContext[Any], found: Found) -> Changes:
    """Store the bytes, so that the changes can be made and undone after any crash."""
    before = await ctx.host.put_artifact(found.before) if found.before else None
    after = await ctx.host.put_artifact(found.after) if found.after else None
    return Changes(changes=tuple(found.changes), before=before, after=after)


async def apply_changes(ctx: ToolContext[Any], changes: Changes) -> None:
    content = await ctx.host.read_artifact(changes.after, 0, None) if changes.after else b""
    await asyncio.to_thread(_turn, ctx.workspace, changes.changes, content, _run_changed_error)


async def undo_changes(ctx: ToolContext[Any], changes: Changes) -> str:
    """Restore what was there before."""
    content = await ctx.host.read_artifact(changes.before, 0, None) if changes.before else b""
    turned = [
        PathChange(path=each.path, before=each.after, after=each.before) for each in changes.changes
    ]
    await asyncio.to_thread(_turn, ctx.workspace, turned, content, _changed_since_error)
    return f"restored {len(turned)} paths" if turned else "there was nothing to undo"


def _turn(
    root: Path,
    changes: Iterable[PathChange],
    content: bytes,
    changed_error: Callable[[str], TargetChanged],
) -> None:
    """Turn each path from `before` to `after`, unless it is so already. Everything is checked
    first, so that nothing is changed if one path does not fit."""
    todo: list[PathChange] = []
    for change in changes:
        now = look_at(root, change.path)
        if is_same(now, change.after):
            continue
        # An earlier attempt may have removed a file and not yet made the folder in its place.
        between = now is None and change.before is not None and change.after is not None
        if not is_same(now, change.before) and not between:
            raise changed_error(change.path)
        todo.append(change)
    for change in sorted(todo, key=_depth, reverse=True):
        before, after = change.before, change.after
        if before is not None and (after is None or after.kind != before.kind or _is_link(after)):
            remove(root, change.path, before)
    for change in sorted(todo, key=_depth):
        if change.after is not None:
            stored = change.after.stored
            mine = content[stored.at : stored.at + stored.size] if stored else None
            make(root, change.path, change.after, mine)


def _depth(change: PathChange) -> tuple[int, str]:
    return change.path.count("/"), change.path


def _is_link(state: State) -> bool:
    return state.kind == "link"


def _run_changed_error(path: str) -> TargetChanged:
    return TargetChanged(f"{path!r} was changed after the command had run. Run it again.")


def _changed_since_error(path: str) -> TargetChanged:
    return TargetChanged(f"{path!r} was changed after the run had written it.")


async def check_changes(ctx: ToolContext[Any], changes: Changes) -> list[Target]:
    """Look at the paths that an undo would change."""
    if len(changes.changes) > MAX_CHECKED:
        raise ToolFailed(f"More than {MAX_CHECKED} paths were changed: the undo checks them.")
    return await asyncio.to_thread(_find_targets, ctx.workspace, changes)


def _find_targets(root: Path, changes: Changes) -> list[Target]:
    return [
        Target(
            name=change.path, now=_show(look_at(root, change.path)), after=_show(change.after),
            before=_show(change.before),
        )
        for change in changes.changes
    ]  # fmt: skip


def _show(state: State | None) -> dict[str, Any] | None:
    return state.model_dump(exclude={"stored"}, exclude_none=True) if state else None
