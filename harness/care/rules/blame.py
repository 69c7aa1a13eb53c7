"""Which commit care/rules takes for the cause, and why it takes the others for none. Pure."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.care.rules.seen import Commit, Listed, Seen, read_clock, read_number

OWN = "harness care"
"""The author of what agents commit."""
BLAMED_S = 3_600.0
"""A commit that is older than this when an invariant breaks is not blamed."""
STOPPED_S = 300.0
"""The same for a process that stopped answering: a commit that lets it die does so when it starts,
or soon after."""
MOST_NAMED = 4
UP = re.compile(r"\bup\b")
"""The metric of Prometheus that says whether a process answers."""
_IDLE = re.compile(r"subject\.toml|\.gitignore|(?:README|CHANGELOG|LICENSE)(?:\.(?:md|rst|txt))?")
_REVERT = re.compile(r"Revert ([0-9a-f]{12})\b")
_CHANGED = re.compile(r"^  changed at (\d\d:\d\d:\d\d)Z from (\S+) to (\S+)", re.MULTILINE)
_WAS = re.compile(r"^  was (\S+) at (\d\d:\d\d:\d\d)Z, otherwise about (\S+)$", re.MULTILINE)
DAY_S = 86_400.0


@dataclass(frozen=True)
class Weighed:
    """A commit that was made before an invariant broke."""

    commit: Commit
    why_not: str
    """Why it is no likely cause; empty if it may be one."""


def weigh_commits(seen: Seen, broken: Sequence[Listed]) -> list[Weighed]:
    """The commits of the hour before the first invariant here broke, the newest first."""
    start = broken[0].since if broken else None
    stopped = _find_stop(seen, broken[0]) if broken and UP.search(broken[0].query) else None
    reverted = {
        found[1]: each
        for each in seen.list_commits()
        if each.author == OWN and (found := _REVERT.match(each.title))
    }
    return [
        Weighed(each, _clear(each, seen, reverted, stopped))
        for each in seen.list_commits()
        if start is None or start - BLAMED_S <= each.at <= start + 1
    ]


def find_culprit(weighed: Sequence[Weighed]) -> Commit | None:
    """The newest commit that may be the cause."""
    return next((each.commit for each in weighed if not each.why_not), None)


def describe_commits(seen: Seen, broken: Sequence[Listed], weighed: Sequence[Weighed]) -> str:
    """Why no commit is taken for the cause, in one or two sentences."""
    listed = seen.find("list_changes")
    if listed is None or listed.failed:
        return "Which commits were made before is not known."
    is_timed = bool(broken) and broken[0].since is not None
    when = "in the hour before it broke" if is_timed else "in the last day"
    if not weighed:
        return f"No commit was made {when}."
    reasons = [f"{each.commit.name[:12]} {each.why_not}" for each in weighed[:MOST_NAMED]]
    hidden = len(weighed) - len(reasons)
    more = f"; and {hidden} more" if hidden else ""
    return f"No commit that was made {when} is a likely cause: {'; '.join(reasons)}{more}."


def _clear(
    commit: Commit, seen: Seen, reverted: Mapping[str, Commit], stopped: float | None
) -> str:
    """Why a commit is no likely cause; empty if it may be one."""
    if commit.author == OWN:
        return f"was made by {OWN}"
    if commit.name[:12] in reverted:
        return f"was reverted by {reverted[commit.name[:12]].name[:12]}"
    if commit.is_first:
        return "is the first one, so nothing came before it"
    if commit.files and all(_is_idle(each, seen.runbooks) for each in commit.files):
        names = ", ".join(commit.files[:MOST_NAMED])
        return f"changes only {names}, which the service does not run"
    if stopped is not None and commit.at < stopped - STOPPED_S:
        minutes = round((stopped - commit.at) / 60)
        return f"was made {minutes} minutes before the process stopped answering"
    return ""


def _is_idle(file: str, runbooks: str) -> bool:
    in_runbooks = bool(runbooks) and file.startswith(f"{runbooks}/")
    return in_runbooks or _IDLE.fullmatch(file) is not None


def _find_stop(seen: Seen, broken: Listed) -> float | None:
    """When a process stopped answering: the last moment at which its curve came closer to the value
    that it has now; or else when the invariant was broken, which may be minutes later."""
    if broken.since is None:
        return None
    asked = seen.find(broken.tool, query=broken.query)
    figures = asked.content if asked else ""
    found = _CHANGED.findall(figures)
    found += [(clock, usual, value) for value, clock, usual in _WAS.findall(figures)]
    now = read_number(broken.value)
    day = time.strftime("%Y-%m-%dT", time.gmtime(broken.since))
    moments = list[float]()
    for clock, before, after in found:
        at = read_clock(f"{day}{clock}Z")
        is_fall = abs(read_number(after) - now) < abs(read_number(before) - now)
        if at is not None and is_fall:
            moments.append(at if at <= broken.since else at - DAY_S)
    return max(moments, default=broken.since)
