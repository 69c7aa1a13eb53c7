"""Which files the commits of a subject change: whether a commit can be the cause of something, its
title does not say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from harness.care.repair.git import DIFF, MAX_BYTES, MAX_COMMITS, Clone
from harness.contracts.clean_text import clean_line

SHOWN = 6
MAX_NAME = 120
_HEAD = re.compile(r"\n?//([0-9a-f]{40})")
"""Before the files of a commit; no path in git begins with a slash."""


@dataclass(frozen=True)
class CommitFiles:
    """What a commit changes below the subject's folder."""

    files: tuple[str, ...]
    is_first: bool
    """Whether nothing came before it."""

    @property
    def line(self) -> str:
        """Such as `the first commit; changes api.py, web.py and 3 more`."""
        shown = [clean_line(name)[:MAX_NAME] for name in self.files[:SHOWN]]
        hidden = len(self.files) - len(shown)
        names = ", ".join(shown) + (f" and {hidden} more" if hidden else "")
        first = "the first commit" if self.is_first else ""
        return "; ".join(filter(None, (first, f"changes {names}" if names else "")))


async def list_commit_files(clone: Clone, since: float) -> Mapping[str, CommitFiles]:
    """The files of the commits that `list_commits` lists; a commit with too many is left out."""
    found = await clone.read_git(
        "log", "-z", f"--since=@{int(since)}", "-n", str(MAX_COMMITS), "--name-only", "--relative",
        *DIFF, "--diff-merges=first-parent", "--format=//%H%x00%P", "--", ".",
    )  # fmt: skip
    read = dict[str, CommitFiles]()
    parts = found.decode(errors="replace").split("\0")
    heads = [place for place, part in enumerate(parts) if _HEAD.fullmatch(part)]
    for place, end in zip(heads, [*heads, len(parts)][1:], strict=True):
        parents, *files = parts[place + 1 : end] or [""]
        names = tuple(name for each in files if (name := each.removeprefix("\n")))
        read[parts[place].strip("\n/")] = CommitFiles(names, is_first=not parents)
    if len(found) > MAX_BYTES and heads:  # what was read ends within the last one
        del read[parts[heads[-1]].strip("\n/")]
    return read
