"""What care/rules can do against a cause, step by step: revert, restart, change a number. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from harness.care.invariants.invariant import COMPARE, Operator
from harness.care.rules.blame import UP
from harness.care.rules.seen import (
    Listed,
    Result,
    Seen,
    read_figures,
    read_number,
    write_clock,
)
from harness.care.runbooks.runbook import NUMBER, Runbook

Call = tuple[str, Mapping[str, object]]
Step = tuple[str, Call | None]
"""What it says, and the call that it makes; without one, it is done."""
_REHEARSED = re.compile(r" would be (?:deployed|restarted) ")
"""What the tools of a rehearsal say, instead of changing the service."""
_PROPOSED = re.compile(r"^commit ([0-9a-f]{40})$", re.MULTILINE)
_EXIT = re.compile(r"^exit code (\d+)$", re.MULTILINE)
_RUNBOOK = re.compile(
    r"^([a-z0-9][a-z0-9_-]{0,60}\.md): ([^;]*)(?:; when: invariant ([^;]*))?"
    r"(?:; if: (.*?))?(?:; do: ([^;]*))?$",
    re.MULTILINE,
)
_CHANGE = re.compile(rf"(set|multiply) ([A-Za-z0-9_.-]+) in (\S+) (?:to|by) ({NUMBER})")
_CONDITION = re.compile(rf"(.+?) ([<>]=?|[!=]=) ([+-]?{NUMBER}(?:[eE][+-]?[0-9]+)?)")
_VALUE = re.compile(r": (-?[0-9][0-9.e+-]*[kMGT]?)$", re.MULTILINE)
_MEMORY = re.compile(r"_memory_bytes\b")
EVIDENCE, FIGURES, SEEN, MOST_QUERY = 1_200, 300, 500, 200
QUOTED = 600
MOST_TEXT = 2_000
"""Characters that a tool takes."""
RUNBOOK_TEXT = """\
Seen: `{name}` {value}; it must be {limit}.
{seen}

How to recognize it: the process {what}, and there is no commit to revert. What the query said:

    {query}

{figures}

What helped: a restart. The service was healthy after it.

Be careful: a restart loses what the process holds in memory, and hides its cause, such as a leak.
If `{name}` breaks again soon after, a person should look for the cause first. By the head of this
file an agent asks for a restart whenever `{name}` breaks and it finds no commit to revert: if that
is too often, add a line `if:` with a query to the head.
"""


@dataclass(frozen=True)
class Cause:
    """What seems to be wrong, and what is done about it."""

    hypothesis: str
    evidence: str
    do: str
    """`revert`, `restart`, or a change of a number."""
    why: str
    commit: str = ""
    runbook: str = ""
    """The runbook that says so."""
    tried: Tried | None = None
    """What came of commits, if it is none."""


@dataclass(frozen=True)
class Tried:
    """What is known of the commits that were made before."""

    before: str
    """Until something is changed."""
    after: str
    """Once a restart has helped."""


@dataclass(frozen=True)
class Stopped:
    """A process that a restart may help, as an invariant shows it."""

    invariant: Listed
    what: str

    @property
    def hypothesis(self) -> str:
        return f"The process {self.what}: {self.invariant.name} does not hold."

    @property
    def described(self) -> str:
        """What was seen, in one sentence."""
        found = self.invariant
        since = "" if found.since is None else f" since {write_clock(found.since)}"
        value = f"is {found.value}" if found.value else "has no value"
        return f"{found.name} is broken{since}: it {value}, and must be {found.limit}."


def find_runbook(seen: Seen, broken: list[Listed]) -> tuple[Runbook | None, Call | None]:
    """The runbook that fits; or the call that says whether its condition holds."""
    main = broken[0].name
    for name, title, when, condition, do in _RUNBOOK.findall(seen.read("find_runbooks")):
        names = tuple(re.split(r"[\s,]+", when.strip()))
        if main not in names or not do:
            continue
        found = Runbook(name, title, names, condition, do.strip())
        if not condition:
            return found, None
        parts = _CONDITION.fullmatch(condition)
        if parts is None:
            continue
        asked = seen.find("query_metrics", query=parts[1])
        if asked is None:
            return found, ("query_metrics", {"query": parts[1]})
        compare = COMPARE[cast("Operator", parts[2])]
        values = [read_number(value) for value in _VALUE.findall(asked.content)]
        if any(compare(value, float(parts[3])) for value in values):
            return found, None
    return None, None


def find_stopped(broken: list[Listed]) -> Stopped | None:
    """The first invariant that says that the process is gone, or holds too much."""
    for each in broken:
        if UP.search(each.query):
            return Stopped(each, "does not answer")
        if _MEMORY.search(each.query):
            return Stopped(each, "holds too much memory")
    return None


def is_done(restarted: Result | None) -> bool:
    """Whether a restart was made."""
    return restarted is not None and not restarted.failed and not is_rehearsed(restarted)


def is_rehearsed(done: Result) -> bool:
    return _REHEARSED.search(done.content) is not None


def note(hypothesis: str, verdict: str, against: str) -> Step:
    """Note what was found against a hypothesis."""
    call = {"hypothesis": hypothesis, "verdict": verdict, "evidence_against": against[:MOST_TEXT]}
    return f"{hypothesis} Now that is {verdict}: {against}", ("note_hypothesis", call)


def carry_out(seen: Seen, cause: Cause) -> Step:
    """The next step of a repair."""
    if not seen.has_noted(cause.hypothesis, "likely"):
        return f"{cause.hypothesis} I note that.", ("note_hypothesis", {
            "hypothesis": cause.hypothesis, "verdict": "likely",
            "evidence_for": cause.evidence[:EVIDENCE],
        })  # fmt: skip
    if cause.do == "restart":
        return _restart(seen, cause)
    if cause.do == "revert":
        if seen.find("propose_revert") is None:
            call = {"subject": seen.subject, "commit": cause.commit, "summary": cause.why}
            return "I propose to revert it.", ("propose_revert", call)
        return _deploy(seen, cause, seen.read("propose_revert"))
    return _change_number(seen, cause)


def _restart(seen: Seen, cause: Cause) -> Step:
    done = seen.find("restart_subject")
    if done is None:
        call = {"subject": seen.subject, "reason": cause.why[:MOST_TEXT]}
        return "A restart may help.", ("restart_subject", call)
    if done.failed:
        return f"No restart helped: {done.content[:QUOTED]} A person has to look.", None
    if is_rehearsed(done):
        return f"My plan is a restart: {cause.why}", None
    after = "" if cause.tried is None else cause.tried.after
    helped = f", as {cause.runbook} says" if cause.runbook else ""
    return _finish(seen, cause, f"{cause.hypothesis} I restarted the service{helped}. {after}")


def _change_number(seen: Seen, cause: Cause) -> Step:
    """Edit one number in a file, and deploy that."""
    parts = _CHANGE.fullmatch(cause.do)
    if parts is None:
        return f"I cannot do what {cause.runbook} says: {cause.do!r}. A person has to look.", None
    kind, key, file, number = parts.groups()
    read = seen.find("read_file", path=file)
    if read is None:
        return f"What does {file} say?", ("read_file", {"path": file})
    line = re.search(rf"^([ \t]*{re.escape(key)}[ \t]*[=:][ \t]*)({NUMBER})(?![0-9.])(.*)$",
                     read.content, re.MULTILINE)  # fmt: skip
    if read.failed or line is None:
        return f"{file} has no number {key}. A person has to look.", None
    if (edited := seen.find("edit_file", path=file)) is None:
        before = float(line[2])
        after = float(number) if kind == "set" else before * float(number)
        call = {"path": file, "old": line[0], "new": f"{line[1]}{after:g}{line[3]}"}
        return f"{key} is {before:g}; I make it {after:g}.", ("edit_file", call)
    if edited.failed:
        return f"It cannot be edited: {edited.content[:QUOTED]}", None
    if seen.find("propose_change") is None:
        call = {"subject": seen.subject, "summary": cause.why}
        return "I propose this change.", ("propose_change", call)
    return _deploy(seen, cause, seen.read("propose_change"))


def _deploy(seen: Seen, cause: Cause, proposed: str) -> Step:
    """Test a proposal, and deploy it."""
    commit = _PROPOSED.search(proposed)
    if commit is None:
        return f"It cannot be changed: {proposed[:QUOTED]} A person has to look.", None
    tested = seen.find("run_tests")
    if tested is None:
        return "Do the tests pass?", ("run_tests", {"subject": seen.subject})
    code = _EXIT.search(tested.content)
    if not tested.failed and code is not None and code[1] != "0":
        end = tested.content[-QUOTED:]
        return f"With the change the tests fail, so I deploy nothing: {end}", None
    done = seen.find("deploy_change")
    if done is None:
        call = {"subject": seen.subject, "commit": commit[1], "summary": cause.why}
        return "I ask to deploy it.", ("deploy_change", call)
    if done.failed:
        return f"The change was not made: {done.content[:QUOTED]}", None
    if is_rehearsed(done):
        return f"{cause.hypothesis} My plan: {cause.why}", None
    return _finish(seen, cause, f"{cause.hypothesis} I deployed a change: {cause.why}")


def _finish(seen: Seen, cause: Cause, text: str) -> Step:
    """Propose a runbook of a restart, unless one was followed. A revert repairs one commit: there
    is nothing to do the same way next time."""
    is_new = bool(seen.runbooks) and not cause.runbook and seen.find("propose_runbook") is None
    stopped = find_stopped(seen.list_broken())
    if not is_new or stopped is None or cause.do != "restart":
        return text, None
    name = stopped.invariant.name
    return "I propose a runbook of that.", ("propose_runbook", {
        "name": f"{name.replace('_', '-')}-restart.md", "invariant": name, "do": cause.do,
        "title": f"The process {stopped.what}: {name}",
        "text": _write_runbook(seen, stopped, cause),
    })  # fmt: skip


def _write_runbook(seen: Seen, stopped: Stopped, cause: Cause) -> str:
    """What a person needs who meets the problem again."""
    broken = stopped.invariant
    asked = seen.find(broken.tool, query=broken.query)
    text = RUNBOOK_TEXT.format(
        name=broken.name, value=f"was {broken.value}" if broken.value else "had no value",
        limit=broken.limit, query=_shorten(broken.query, MOST_QUERY), what=stopped.what,
        seen="" if cause.tried is None else _shorten(cause.tried.after, SEEN),
        figures=_shorten(read_figures(asked.content if asked else ""), FIGURES),
    )  # fmt: skip
    return text[:MOST_TEXT]


def _shorten(text: str, size: int) -> str:
    return text if len(text) <= size else f"{text[: size - 1]}…"
