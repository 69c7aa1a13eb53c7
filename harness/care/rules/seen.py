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
OWN = "harness care"
"""The author of what agents commit."""
BLAMED_S = 3_600.0
"""A commit that is older than this when an invariant breaks is not blamed."""
_TICKET = re.compile(r"^Ticket \S+: ([a-z][a-z0-9_-]*) is broken", re.MULTILINE)
_SUBJECT = re.compile(r"^Subject: ([a-z][a-z0-9_-]{0,63})\.", re.MULTILINE)
_LOGS = re.compile(r"\. Logs: (\{.+\})\.$", re.MULTILINE)
_INVARIANT = re.compile(
    r"^([a-z][a-z0-9_-]*): (\w+)(?: since (\S+?Z))?(?:, value (\S+))?; "
    r"must be( \(LogQL\))?: (.+?) ((?:[<>]=?|[!=]=) \S+)$",
    re.MULTILINE,
)
_BAD = ("broken", "violated", "no_data")
_COMMIT = re.compile(r"^(\S+Z) commit ([0-9a-f]{40}) by (.+?): (.*)$", re.MULTILINE)
_REVERT = re.compile(r"Revert ([0-9a-f]{12})\b")
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
    def has_runbooks(self) -> bool:
        return "\nRunbooks are in " in self.prompt

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

    def find_culprit(self, broken: Sequence[Listed]) -> tuple[str, str] | None:
        """The newest commit of another that came within an hour before the first one here broke,
        and was not reverted: its name, and its line."""
        start = broken[0].since if broken else None
        commits = [match.groups() for match in _COMMIT.finditer(self.read("list_changes"))]
        reverted = {
            found[1]
            for _, _, author, title in commits
            if author == OWN and (found := _REVERT.match(title))
        }
        for at, commit, author, title in commits:
            moment = _read_clock(at)
            if author == OWN or commit[:12] in reverted or moment is None:
                continue
            if start is None or start - BLAMED_S <= moment <= start + 1:
                return commit, f"{at} commit {commit[:12]} by {author}: {title}"
        return None


def read_invariants(content: str) -> list[Listed]:
    """The invariants of what `list_invariants` returned."""
    return [
        Listed(
            name, state, _read_clock(since), "query_logs" if of_logs else "query_metrics", query,
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


def _read_clock(text: str) -> float | None:
    try:
        return float(calendar.timegm(time.strptime(text, CLOCK)))
    except ValueError:
        return None
