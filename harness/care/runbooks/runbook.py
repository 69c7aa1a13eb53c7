"""Runbooks: Markdown files of a subject that say what to do. They may begin with lines that a
program can read:

    ---
    title: A process hangs
    when: invariant workers, queue-age
    if: min(up{job="queue"}) < 1
    do: restart
    ---

Reading them is bounded, and never leaves the subject's folder. What they say is data of the
subject, not an order.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from harness.contracts.clean_text import clean_line
from harness.contracts.errors import ToolError, ToolFailed
from harness.tools.files import confine

SUFFIX = ".md"
MAX_FILES, MAX_BYTES, MAX_LINE = 100, 32_768, 300
NUMBER = r"[0-9]*\.?[0-9]+"
DO = (
    rf"^(restart|ask|set [A-Za-z0-9_.-]+ in \S+ to {NUMBER}"
    rf"|multiply [A-Za-z0-9_.-]+ in \S+ by {NUMBER})$"
)
"""What a runbook can say that a program does."""
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,60}\.md")
_HEAD = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)
_KEY = re.compile(r"(title|when|if|do):[ \t]+(.+)")
_TITLE = re.compile(r"^#+[ \t]+(.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Runbook:
    """What the head of a runbook says."""

    name: str
    title: str
    when: tuple[str, ...] = ()
    """The invariants that it is for."""
    condition: str = ""
    """A query with a comparison that must hold too, such as `up < 1`."""
    do: str = ""
    """`restart`, `set KEY in FILE to N`, `multiply KEY in FILE by N`, or `ask`: a person has to."""

    @property
    def line(self) -> str:
        """Such as `stuck.md: A process hangs; when: invariant workers; do: restart`."""
        when = f"invariant {', '.join(self.when)}" if self.when else ""
        parts = (("when", when), ("if", self.condition), ("do", self.do))
        return "; ".join(
            (f"{self.name}: {self.title}", *(f"{key}: {text}" for key, text in parts if text))
        )


def parse_runbook(name: str, text: str) -> Runbook:
    """Read the head of a runbook. One without is known by its first heading."""
    head = _HEAD.match(text.replace("\r\n", "\n"))
    found = dict[str, str]()
    for line in head[1].split("\n") if head else ():
        if key := _KEY.fullmatch(line.strip()):
            found.setdefault(key[1], _clean(key[2]))
    heading = _TITLE.search(text)
    title = found.get("title") or _clean(heading[1] if heading else name)
    kind, _, names = found.get("when", "").partition(" ")
    when = re.split(r"[\s,]+", names) if kind == "invariant" else []
    return Runbook(
        name, title.replace(";", ","), tuple(filter(None, when)), found.get("if", ""),
        found.get("do", ""),
    )  # fmt: skip


def list_runbooks(root: Path, folder: str) -> list[Runbook]:
    """Read the heads of all runbooks in a folder, by name."""
    try:
        with confine.open_folder(root, folder) as fd:
            listed = os.listdir(fd)  # noqa: PTH208 - of a folder that is open already
    except ToolFailed:
        return []  # it does not exist (yet)
    names = sorted(name for name in listed if name.endswith(SUFFIX))
    found = list[Runbook]()
    for name in names[:MAX_FILES]:
        if not name.isprintable():
            continue
        try:
            found.append(parse_runbook(name, read_runbook_text(root, folder, name)))
        except ToolError:
            continue  # a link that leads out, a folder, or no text
    return found


def read_runbook_text(root: Path, folder: str, name: str) -> str:
    """Read a runbook; raises ToolFailed if there is none, or it is elsewhere."""
    if "/" in name or not name.endswith(SUFFIX):
        raise ToolFailed(f"{name[:80]!r} is not the name of a runbook: see find_runbooks.")
    with confine.open_file(root, f"{folder}/{name}") as fd:
        content = os.pread(fd, MAX_BYTES + 1, 0)
    text = content[:MAX_BYTES].decode(errors="replace")
    return f"{text}\n[cut off]" if len(content) > MAX_BYTES else text


def write_runbook(title: str, when: str, do: str, text: str) -> str:
    """A runbook with its head."""
    head = f"title: {_clean(title)}\nwhen: invariant {_clean(when)}\ndo: {_clean(do)}"
    return f"---\n{head}\n---\n{text.strip()}\n"


def _clean(text: str) -> str:
    return clean_line(text)[:MAX_LINE].strip()
