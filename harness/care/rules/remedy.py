"""What care/rules can do against a cause, step by step: revert, restart, change a number. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from harness.care.invariants.invariant import COMPARE, Operator
from harness.care.rules.seen import Listed, Seen
from harness.care.runbooks.runbook import Runbook

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
_CHANGE = re.compile(r"(set|multiply) ([A-Za-z0-9_.-]+) in (\S+) (?:to|by) ([0-9.]+)")
_CONDITION = re.compile(r"(.+?) ([<>]=?|[!=]=) ([0-9.eE+-]+)")
_VALUE = re.compile(r": (-?[0-9][0-9.e+-]*)([kMGT]?)$", re.MULTILINE)
_RESTARTED = re.compile(r"\bup\b|_memory_bytes\b")
"""Metrics of Prometheus and its clients that say: the process is gone, or holds too much."""
EVIDENCE = 600
RUNBOOK_TEXT = """\
Seen: `{name}` {value}; it must be {limit}.

How to recognize it: no commit was made in the hour before it broke. What the query said:

    {query}

{evidence}

What helped: a restart.

Be careful: a restart loses what the process holds in memory, and hides its cause, such as a leak.
If `{name}` breaks again soon after, a person should look for the cause first.
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
        values = [_to_number(*value) for value in _VALUE.findall(asked.content)]
        if any(compare(value, float(parts[3])) for value in values):
            return found, None
    return None, None


def needs_restart(broken: list[Listed]) -> bool:
    """Whether what is broken says that the process is gone, or holds too much."""
    return any(_RESTARTED.search(each.query) for each in broken)


def carry_out(seen: Seen, cause: Cause) -> Step:
    """The next step of a repair."""
    if seen.find("note_hypothesis") is None:
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
        call = {"subject": seen.subject, "reason": cause.why}
        return "A restart may help.", ("restart_subject", call)
    if done.failed:
        return f"It was not restarted: {done.content[:EVIDENCE]}", None
    if _REHEARSED.search(done.content):
        return f"My plan is a restart: {cause.why}", None
    return _finish(seen, cause, f"I restarted the service. {cause.why}")


def _change_number(seen: Seen, cause: Cause) -> Step:
    """Edit one number in a file, and deploy that."""
    parts = _CHANGE.fullmatch(cause.do)
    if parts is None:
        return f"I cannot do what {cause.runbook} says: {cause.do!r}. A person has to look.", None
    kind, key, file, number = parts.groups()
    read = seen.find("read_file", path=file)
    if read is None:
        return f"What does {file} say?", ("read_file", {"path": file})
    line = re.search(rf"^([ \t]*{re.escape(key)}[ \t]*[=:][ \t]*)([0-9.]+)(.*)$",
                     read.content, re.MULTILINE)  # fmt: skip
    if read.failed or line is None:
        return f"{file} has no number {key}. A person has to look.", None
    if (edited := seen.find("edit_file", path=file)) is None:
        before = float(line[2])
        after = float(number) if kind == "set" else before * float(number)
        call = {"path": file, "old": line[0], "new": f"{line[1]}{after:g}{line[3]}"}
        return f"{key} is {before:g}; I make it {after:g}.", ("edit_file", call)
    if edited.failed:
        return f"It cannot be edited: {edited.content[:EVIDENCE]}", None
    if seen.find("propose_change") is None:
        call = {"subject": seen.subject, "summary": cause.why}
        return "I propose this change.", ("propose_change", call)
    return _deploy(seen, cause, seen.read("propose_change"))


def _deploy(seen: Seen, cause: Cause, proposed: str) -> Step:
    """Test a proposal, and deploy it."""
    commit = _PROPOSED.search(proposed)
    if commit is None:
        return f"It cannot be changed: {proposed[:EVIDENCE]} A person has to look.", None
    tested = seen.find("run_tests")
    if tested is None:
        return "Do the tests pass?", ("run_tests", {"subject": seen.subject})
    code = _EXIT.search(tested.content)
    if not tested.failed and code is not None and code[1] != "0":
        end = tested.content[-EVIDENCE:]
        return f"With the change the tests fail, so I deploy nothing: {end}", None
    done = seen.find("deploy_change")
    if done is None:
        call = {"subject": seen.subject, "commit": commit[1], "summary": cause.why}
        return "I ask to deploy it.", ("deploy_change", call)
    if done.failed:
        return f"The change was not made: {done.content[:EVIDENCE]}", None
    if _REHEARSED.search(done.content):
        return f"{cause.hypothesis} My plan: {cause.why}", None
    return _finish(seen, cause, f"{cause.hypothesis} I deployed a change: {cause.why}")


def _finish(seen: Seen, cause: Cause, text: str) -> Step:
    """Propose a runbook of a restart, unless one was followed. A revert repairs one commit: there
    is nothing to do the same way next time."""
    is_new = seen.has_runbooks and not cause.runbook and seen.find("propose_runbook") is None
    broken = seen.list_broken()
    if not is_new or not broken or cause.do != "restart":
        return text, None
    name = broken[0].name
    return "I propose a runbook of that.", ("propose_runbook", {
        "name": f"{name.replace('_', '-')}-restart.md", "invariant": name, "do": cause.do,
        "title": f"{name} breaks, and no commit is to blame",
        "text": _write_runbook(broken[0], cause),
    })  # fmt: skip


def _write_runbook(broken: Listed, cause: Cause) -> str:
    """What a person needs who meets the problem again."""
    value = f"was {broken.value}" if broken.value else "had no value"
    return RUNBOOK_TEXT.format(
        name=broken.name, value=value, limit=broken.limit, query=broken.query,
        evidence=cause.evidence[:EVIDENCE],
    )  # fmt: skip


def _to_number(digits: str, letter: str) -> float:
    try:
        return float(digits) * 1e3 ** " kMGT".index(letter or " ")
    except ValueError:
        return float("nan")
