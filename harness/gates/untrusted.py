"""The built-in gate of provenance: what may be done with arguments from untrusted content."""

from __future__ import annotations

from collections.abc import Sequence

from harness.contracts.clean_text import clean_line
from harness.contracts.gate import Derived
from harness.contracts.tool import Effect
from harness.gates.settings import Profile
from harness.interceptors import AskPerson, Decision, Note, Stop, ToolUse

NAME = "provenance"
DESTINATIONS = frozenset({"email", "url", "id", "path"})
"""Kinds of values that say where something goes, or what is changed."""
WEIGHTY = DESTINATIONS | {"text"}
"""Kinds of values that are not there by chance, as a name or an amount may be."""
MOST_NAMED = 3


def check_provenance(use: ToolUse, profile: Profile) -> Decision:
    """Decide about a call by where its arguments come from."""
    if use.request.edited or not use.request.call.derived:
        return None
    decision = judge(use.request.call.derived, use.policy.effect, strict=profile == "strict")
    if decision is None or profile != "watch":
        return decision
    return Note(
        f"standard would {'stop' if isinstance(decision, Stop) else 'ask'}: {decision.reason}"
    )


def judge(derived: Sequence[Derived], effect: Effect, *, strict: bool) -> Stop | AskPerson | None:
    """Judge a call's derived arguments."""
    ordered = [each for each in derived if each.instructed]
    if effect == "read":  # an address can carry data away
        ordered = [each for each in ordered if each.kind == "url"]
    if grave := [each for each in ordered if strict or each.kind in WEIGHTY]:
        return Stop(f"{_name(grave)} from content that gives orders, and the user did not name it")
    if effect == "read":
        return None
    known = [each for each in derived if each.calls and each.kind in DESTINATIONS]
    if known:
        reason = f"{_name(known)} from untrusted content only"
        return Stop(reason) if strict else AskPerson(reason)
    if ordered:
        return AskPerson(f"{_name(ordered)} from content that gives orders")
    unknown = [each for each in derived if not each.calls]
    if unknown:
        return AskPerson(
            f"{_name(unknown)} from nowhere that is known, and untrusted content was read"
        )
    if strict and derived:
        return AskPerson(f"{_name(derived)} from untrusted content only")
    return None


def _name(derived: Sequence[Derived]) -> str:
    names = list(dict.fromkeys(each.argument for each in derived))
    calls = list(dict.fromkeys(call for each in derived for call in each.calls))
    listed = ", ".join(names[:MOST_NAMED]) + (", ..." if len(names) > MOST_NAMED else "")
    where = f" (in {', '.join(calls[:MOST_NAMED])})" if calls else ""
    verb = "comes" if len(names) == 1 else "come"
    return clean_line(f"{listed}{where} {verb}")
