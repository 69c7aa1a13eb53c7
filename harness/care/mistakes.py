"""Say in words what is wrong with what a person has written: a definition, or a command. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, cast

from pydantic import ValidationError

from harness.care.invariants.invariant import NAME
from harness.care.invariants.slo import SLO_NAME

NAMES: Mapping[str, int] = {NAME: 64, SLO_NAME: 50}
"""The patterns of names, with the most characters."""
PLAIN = r"^[!-~]+$"
Show = Callable[[float], str]
MAX_PLACE, MAX_REASON = 200, 300


def explain_mistake(error: ValidationError, place: Callable[[tuple[int | str, ...]], str],
                    show: Show = lambda number: f"{number:g}") -> str:  # fmt: skip
    """The first mistake as a sentence without its full stop. `place` names where it is, `show`
    formats bounds."""
    first = error.errors(include_url=False, include_input=False)[0]
    where = place(first["loc"])[:MAX_PLACE]
    reason = _explain(first["type"], first.get("ctx", {}), first["msg"], show)[:MAX_REASON]
    if not where:
        return reason
    return f"{where}: {reason}" if first["type"] == "value_error" else f"{where} {reason}"


def _explain(kind: str, context: Mapping[str, Any], message: str, show: Show) -> str:
    match kind:
        case "missing":
            return "is missing"
        case "float_parsing" | "float_type" | "int_parsing" | "int_type":
            return "must be a number"
        case "extra_forbidden":
            return "is not a known key"
        case "greater_than" | "greater_than_equal" | "less_than" | "less_than_equal":
            words, key = BOUNDS[kind]
            return f"must be {words} {show(float(context[key]))}"
        case "string_pattern_mismatch":
            return _explain_pattern(cast("str", context["pattern"]))
        case "string_too_short" | "too_short" if context["min_length"] == 1:
            return "must not be empty"
        case "string_too_long":
            return f"must have at most {context['max_length']:,} characters"
        case _:
            plain = message.removeprefix("Value error, ")
            return re.sub(r"^[A-Z][a-z]+ should (be|have|match) ", r"must \1 ", plain)


BOUNDS = {
    "greater_than": ("more than", "gt"), "greater_than_equal": ("at least", "ge"),
    "less_than": ("less than", "lt"), "less_than_equal": ("at most", "le"),
}  # fmt: skip


def _explain_pattern(pattern: str) -> str:
    if pattern in NAMES:
        return (
            f"must begin with a small letter and have at most {NAMES[pattern]} characters: small "
            "letters, digits, - and _"
        )
    if pattern == PLAIN:
        return "must be ASCII characters without spaces"
    if pattern.startswith("^https?://"):
        return "must be an address such as http://127.0.0.1:8001/health"
    return f"must match {pattern}"
