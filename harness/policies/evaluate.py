"""Find the rule that decides about a call. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from harness.policies.arguments import TooManyValues, find_values
from harness.policies.conditions import Condition, fits_glob
from harness.policies.policy import PolicyRule


@dataclass(frozen=True, kw_only=True)
class PolicyCall:
    """A tool call, as rules see it. All but `arguments` comes from the harness, not the model."""

    tool: str
    effect: str
    arguments: dict[str, Any] = field(default_factory=dict[str, Any])
    """As the tool receives them, with its defaults, as JSON."""
    agent: str
    owner: str | None = None
    session: str | None = None
    cost: float = 0.0
    """Dollars that the run has cost so far."""


class Compared(NamedTuple):
    """A rule, and why it does not fit the call; None if it fits."""

    rule: PolicyRule
    misfit: str | None


def find_rule(rules: Sequence[PolicyRule], call: PolicyCall) -> PolicyRule | None:
    """Return the first rule that fits."""
    return next((rule for rule in rules if find_misfit(rule, call) is None), None)


def compare_rules(rules: Sequence[PolicyRule], call: PolicyCall) -> Iterator[Compared]:
    """Compare each rule up to the first that fits."""
    for rule in rules:
        misfit = find_misfit(rule, call)
        yield Compared(rule, misfit)
        if misfit is None:
            return


def find_misfit(rule: PolicyRule, call: PolicyCall) -> str | None:
    """Say why a rule does not fit; None if it fits."""
    names = (
        ("tool", rule.tool, call.tool), ("agent", rule.agent, call.agent),
        ("owner", rule.owner, call.owner or ""), ("session", rule.session, call.session or ""),
    )  # fmt: skip
    for what, globs, text in names:
        if globs is not None and not any(fits_glob(each, text) for each in globs):
            return f"{what} {text!r} does not fit {' or '.join(globs)}"
    if rule.effect is not None and call.effect not in rule.effect:
        return f"effect {call.effect} is not {' or '.join(rule.effect)}"
    if rule.cost_above is not None and call.cost <= rule.cost_above:
        return f"the run has cost ${call.cost:.4f}, not more than ${rule.cost_above:g}"
    for path, condition in rule.arguments.items():
        if not _applies(rule, condition, path, call.arguments):
            return f"the condition on {path} does not hold"
    return None


def _applies(rule: PolicyRule, condition: Condition, path: str, arguments: dict[str, Any]) -> bool:
    """In doubt a rule that denies or asks applies, and one that allows does not."""
    allows = rule.decision == "allow"
    try:
        values = find_values(path, arguments)
    except TooManyValues:
        return not allows
    held = [condition.holds(each) for each in values] if values else [condition.holds_absent()]
    return all(held) if allows else any(each is not False for each in held)
