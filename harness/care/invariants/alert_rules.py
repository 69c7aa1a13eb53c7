"""Alert rules of Prometheus as invariants. Pure.

`expr` says what is wrong, an invariant says what is right: `q > 5` becomes `q <= 5`, and what is
not a comparison with a number becomes "it returns no series".
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from harness.care.invariants.invariant import Invariant, read_severity
from harness.care.invariants.promql import find_comparison
from harness.care.invariants.yaml_file import Node, read_yaml
from harness.care.mistakes import explain_mistake
from harness.contracts.clean_text import clean_line
from harness.contracts.errors import RulesInvalid

MOST_RULES = 1_000
WINDOW_S = 60.0
_DURATION = re.compile(r"(?:\d{1,9}(?:ms|[smhdwy]))+|0")
_PART = re.compile(r"(\d+)(ms|[smhdwy])")
_SIZES = {
    "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0, "w": 604_800.0,
    "y": 31_536_000.0,
}  # fmt: skip
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+[a-z]*")
MAX_NAME = 64


@dataclass(frozen=True)
class Rule:
    """A rule of a file, and what becomes of it: an invariant, or the reason why none does."""

    group: str
    rule: str
    """The name of the alert, or of the series that it records."""
    invariant: Invariant | None
    reason: str = ""


def read_rules(content: str) -> list[Rule]:
    """Read a file of rules, or a PrometheusRule of Kubernetes.

    Raises:
        RulesInvalid: It is neither.
    """
    listed = [pair for document in read_yaml(content) for pair in _list_rules(document)]
    if not listed:
        raise RulesInvalid("The file has no rules.", fix="It needs groups, each with rules.")
    if len(listed) > MOST_RULES:
        raise RulesInvalid(f"The file has more than {MOST_RULES:,} rules.", fix="Split it.")
    names = _make_names([fields for _, fields in listed])
    return [
        _read_rule(group, fields, name) for (group, fields), name in zip(listed, names, strict=True)
    ]


def _list_rules(document: Node) -> list[tuple[str, dict[str, Node]]]:
    whole = _as_mapping(document, "The file")
    groups = (
        _as_mapping(whole["spec"], "spec") if "groups" not in whole and "spec" in whole else whole
    )
    found = list[tuple[str, dict[str, Node]]]()
    for group in _as_list(groups.get("groups", []), "groups"):
        fields = _as_mapping(group, "A group")
        name = _as_text(fields.get("name", ""))
        for rule in _as_list(fields.get("rules", []), "rules"):
            found.append((name, _as_mapping(rule, "A rule")))
    return found


def _read_rule(group: str, fields: dict[str, Node], name: str) -> Rule:
    title = _as_text(fields.get("alert", fields.get("record", "")))[:200]
    shown = clean_line(title) or "without a name"
    if "record" in fields:
        return Rule(group, shown, None, "a recording rule: Prometheus itself evaluates it")
    if not name:
        return Rule(group, shown, None, "it has no name with letters")
    try:
        return Rule(group, shown, _make_invariant(fields, name))
    except ValidationError as error:
        reason = explain_mistake(error, lambda place: ".".join(map(str, place)))
        return Rule(group, shown, None, reason)
    except ValueError as error:
        return Rule(group, shown, None, str(error))


def _make_invariant(fields: dict[str, Node], name: str) -> Invariant:
    expression = fields.get("expr")
    if not isinstance(expression, str) or not expression.strip():
        raise ValueError("it has no expr")
    found = find_comparison(expression)
    # On lines of its own: an expression may end with a comment.
    query, operator, threshold = f"count(\n{expression.strip()}\n) or vector(0)", "==", 0.0
    if found is not None:
        query, operator, threshold = found.negate()
    keep = _read_duration(fields, "keep_firing_for")
    labels = _as_mapping(fields.get("labels", {}), "labels")
    notes = _as_mapping(fields.get("annotations", {}), "annotations")
    summary = notes.get("summary", notes.get("description", ""))
    return Invariant.model_validate({
        "name": name, "query": query, "operator": operator, "threshold": threshold,
        "severity": read_severity(_as_text(labels.get("severity", ""))),
        "for_seconds": _read_duration(fields, "for"), "keep_seconds": keep,
        "window_seconds": max(WINDOW_S, keep),
        # An alert over nothing does not fire.
        "no_data": "holds",
        "summary": clean_line(" ".join(_as_text(summary).split()))[:500],
    })  # fmt: skip


def _read_duration(fields: dict[str, Node], key: str) -> float:
    text = _as_text(fields.get(key, "")) or "0"
    if _DURATION.fullmatch(text) is None:
        raise ValueError(f"{key}: {text[:40]!r} is not a time such as 5m")
    return sum(int(count) * _SIZES[unit] for count, unit in _PART.findall(text))


def _make_names(rules: Sequence[dict[str, Node]]) -> list[str]:
    """Names of invariants, the same for the same file: `HighErrorRate` is `high-error-rate`.
    Several alerts of one name differ in their severity, or else in their order."""
    plain = [_write_name(_as_text(each.get("alert", ""))) for each in rules]
    counts = Counter(plain)
    taken, names = set[str](), list[str]()
    for name, fields in zip(plain, rules, strict=True):
        labels = fields.get("labels", {})
        level = labels.get("severity", "") if isinstance(labels, dict) else ""
        wanted = name
        if name and counts[name] > 1 and isinstance(level, str) and level:
            wanted = _write_name(f"{name[: MAX_NAME - 20]} {level[:19]}")
        number, free = 1, wanted
        while free and free in taken:
            number += 1
            free = f"{wanted[: MAX_NAME - 5]}-{number}"
        taken.add(free)
        names.append(free)
    return names


def _write_name(title: str) -> str:
    words = [word.lower() for word in _WORDS.findall(title[:200])]
    while words and not words[0][0].isalpha():
        words = words[1:]
    name = "-".join(words)[:MAX_NAME].rstrip("-")
    return name if name.isascii() else ""


def _as_mapping(node: Node, what: str) -> dict[str, Node]:
    if not isinstance(node, dict):
        raise RulesInvalid(f"{what} is not a mapping of names to values.")
    return node


def _as_list(node: Node, what: str) -> list[Node]:
    if not isinstance(node, list):
        raise RulesInvalid(f"{what} is not a list.")
    return node


def _as_text(node: Node) -> str:
    return node if isinstance(node, str) else ""
