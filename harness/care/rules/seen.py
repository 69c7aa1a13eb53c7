"""What care/rules has seen in a conversation: the ticket, and the results of its calls. Pure."""

from __future__ import annotations

import calendar
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.care.repair.refusals import NEVER, REFUSED
from harness.contracts.message import Message, Text, ToolCall, ToolResult

CLOCK = "%Y-%m-%dT%H:%M:%SZ"
LETTERS = " kMGT"
_TICKET = re.compile(r"^Ticket \S+: ([a-z][a-z0-9_-]*) is broken", re.MULTILINE)
_SUBJECT = re.compile(r"^Subject: ([a-z][a-z0-9_-]{0,63})\.", re.MULTILINE)
_LOGS = re.compile(r"\. Logs: (\{.+\})\.$", re.MULTILINE)
_INVARIANT = re.compile(
    r"^([a-z][a-z0-9_-]*): (\w+)(?: since (\S+?Z))?(?:, value (\S+))?; "
    r"must be( \(LogQL\))?: (.+?) ((?:[<>]=?|[!=]=) \S+)$",
    re.MULTILINE,
)
_BAD = ("broken", "violated", "no_data")
_COMMIT = re.compile(
    r"^(\S+Z) commit ([0-9a-f]{40}) by (.+?): (.*)"
    r"(?:\n  (the first commit)?(?:; )?(?:changes (.*?)( and \d+ more)?)?)?$",
    re.MULTILINE,
)
_RUNBOOKS = re.compile(r"^Runbooks are in (.+?)/?: see find_runbooks\.$", re.MULTILINE)
_REFUSED = re.compile(rf"^{REFUSED}(?:revert of )?(.+)\.$", re.MULTILINE)
_FIGURES = re.compile(r"(?:  )?[^\s\[].*")
_DRAWN = re.compile(r"[┤└\u2800-\u28ff]")


@dataclass(frozen=True)
class Listed:
    """An invariant as `list_invariants` shows it."""

    name: str
    state: str
    since: float | None
    tool: str
    """That asks the query."""
    query: str
    value: str = ""
    """The last one, if there is any."""
    limit: str = ""
    """What it must be, such as `< 1`."""


@dataclass(frozen=True)
class Commit:
    """A commit as `list_changes` shows it."""

    name: str
    at: float
    author: str
    title: str
    files: tuple[str, ...] = ()
    """All that it changes; empty if that is not known."""
    is_first: bool = False

    @property
    def line(self) -> str:
        """For people."""
        moment = write_clock(self.at)
        return f"{moment} commit {self.name[:12]} by {self.author}: {self.title}"


@dataclass(frozen=True)
class Result:
    """What one call returned."""

    tool: str
    arguments: Mapping[str, object]
    content: str
    failed: bool


@dataclass(frozen=True)
class Seen:
    """What the conversation shows so far."""

    prompt: str
    results: tuple[Result, ...]

    @property
    def subject(self) -> str:
        return _first(_SUBJECT, self.prompt)

    @property
    def logs(self) -> str:
        """The selector of the subject's logs."""
        return _first(_LOGS, self.prompt)

    @property
    def runbooks(self) -> str:
        """The folder of the subject's runbooks; empty if there is none."""
        return _first(_RUNBOOKS, self.prompt)

    @property
    def refused(self) -> frozenset[str]:
        """What people have refused and not asked for again: commits that would be reverted, and
        `restart`."""
        is_final = NEVER in self.prompt.splitlines()
        return frozenset(_REFUSED.findall(self.prompt)) if is_final else frozenset()

    def find(self, tool: str, **arguments: object) -> Result | None:
        """The last call of a tool, with these arguments."""
        for result in reversed(self.results):
            same = all(result.arguments.get(key) == value for key, value in arguments.items())
            if result.tool == tool and same:
                return result
        return None

    def read(self, tool: str) -> str:
        """What the last call of a tool returned."""
        found = self.find(tool)
        return found.content if found else ""

    def list_broken(self) -> list[Listed]:
        """The invariants that do not hold, that of the ticket first."""
        listed = read_invariants(self.read("list_invariants"))
        found = [each for each in listed if each.state in _BAD]
        mine = _first(_TICKET, self.prompt)
        return sorted(found, key=lambda each: each.name != mine)

    def list_commits(self) -> list[Commit]:
        """The commits of the last day, the newest first."""
        found = list[Commit]()
        for row in _COMMIT.findall(self.read("list_changes")):
            at, name, author, title, first, files, more = row
            moment = read_clock(at)
            if moment is not None:
                names = tuple(files.split(", ")) if files and not more else ()
                found.append(Commit(name, moment, author, title, names, bool(first)))
        return found

    def has_noted(self, hypothesis: str, verdict: str) -> bool:
        """Whether it has noted this already."""
        return self.find("note_hypothesis", hypothesis=hypothesis, verdict=verdict) is not None


def read_invariants(content: str) -> list[Listed]:
    """The invariants of what `list_invariants` returned."""
    return [
        Listed(
            name, state, read_clock(since), "query_logs" if of_logs else "query_metrics", query,
            value, limit,
        )
        for name, state, since, value, of_logs, query, limit in _INVARIANT.findall(content)
    ]  # fmt: skip


def read_figures(content: str) -> str:
    """What a query returned, without plots, and without hints where more of it can be read."""
    return "\n".join(
        line
        for line in content.splitlines()
        if _FIGURES.fullmatch(line) and not _DRAWN.search(line)
    )


def read_conversation(messages: Sequence[Message]) -> Seen:
    """Collect the ticket and all results."""
    prompt = ""
    calls = dict[str, ToolCall]()
    results = list[Result]()
    for message in messages:
        for part in message.parts:
            match part:
                case Text(text=text) if message.role == "user" and not prompt:
                    prompt = text
                case ToolCall(id=id):
                    calls[id] = part
                case ToolResult(call=id, name=name, content=content, error=bad):
                    asked = calls[id].arguments if id in calls else {}
                    arguments = {} if isinstance(asked, str) else asked
                    results.append(Result(name, arguments, content, bool(bad)))
                case _:
                    pass
    return Seen(prompt, tuple(results))


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[1] if found else ""


def read_clock(text: str) -> float | None:
    """A moment as the tools write it."""
    try:
        return float(calendar.timegm(time.strptime(text, CLOCK)))
    except ValueError:
        return None


def write_clock(at: float) -> str:
    return time.strftime(CLOCK, time.gmtime(at))


def read_number(text: str) -> float:
    """A value as the tools write it, such as 1.5k; NaN if it is none."""
    digits, letter = (text[:-1], text[-1:]) if text[-1:] in LETTERS else (text, " ")
    try:
        return float(digits) * 1e3 ** LETTERS.index(letter)
    except ValueError:
        return float("nan")
