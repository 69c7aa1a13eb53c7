"""The settings of gates."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable
from typing import Any, Literal

from pydantic import Field, field_validator

from harness.config.settings import Section

Profile = Literal["off", "watch", "standard", "strict"]
Masked = Literal["email", "card", "secret"]
sre_parser: Any = importlib.import_module("re._parser")
"""How `re` itself reads a pattern; it has no public name."""
MOST_WAYS = 300
"""How many ways to match a custom pattern may have at one place: it bounds the time."""
MOST_PATTERNS = 20
_NAME = re.compile(r"[a-z][a-z0-9]{0,31}")


class RedactSettings(Section):
    """What is replaced in texts, and where."""

    logs: tuple[Masked, ...] = ()
    """Kinds of values masked in logs and traces, besides secrets, which always are."""
    model: tuple[Masked, ...] = ()
    """Kinds of values that a model reads as placeholders, such as `⟦email-1⟧`. Tools and answers
    get the values."""
    patterns: dict[str, str] = {}
    """More kinds, each a regular expression, masked in logs and before the model. Repetitions must
    be bounded."""

    @field_validator("patterns")
    @classmethod
    def _check_patterns(cls, patterns: dict[str, str]) -> dict[str, str]:
        if len(patterns) > MOST_PATTERNS:
            raise ValueError(f"expected {MOST_PATTERNS} patterns at most")
        for name, pattern in patterns.items():
            if not _NAME.fullmatch(name) or name in ("email", "card", "secret", "literal"):
                raise ValueError(f"{name[:40]!r} is not a name; use lower-case letters and digits")
            _check_pattern(name, pattern)
        return patterns


class GatesSettings(Section):
    restricts = True

    profile: Profile = "watch"
    """How strict the built-in gates are: `off`, `watch` (they only record), `standard` (they ask
    about suspicious writes, and stop those that untrusted content orders) or `strict` (they stop
    more, and ask more). An agent's own gates always count."""
    seconds: float = Field(default=5.0, gt=0, le=60, allow_inf_nan=False)
    """How long one gate may take to decide. After that, the call is stopped."""
    add: tuple[str, ...] = ()
    """More gates for all agents, as `module:function`, in their order."""
    allow: tuple[str, ...] = ()
    """Values that count as named by the user, such as your own mail domain or address."""
    redact: RedactSettings = RedactSettings()
    """What is replaced in texts."""

    @field_validator("add")
    @classmethod
    def _check_targets(cls, add: tuple[str, ...]) -> tuple[str, ...]:
        for target in add:
            module, _, name = target.partition(":")
            if not module or not name.isidentifier():
                raise ValueError(f"{target[:60]!r} is not module:function")
        return add


def _check_pattern(name: str, pattern: str) -> None:
    try:
        parsed: Any = sre_parser.parse(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"the pattern {name} is not a regular expression: {error}") from None
    if parsed.getwidth()[0] == 0:
        raise ValueError(f"the pattern {name} matches an empty text")
    if _count_ways(parsed) > MOST_WAYS:
        raise ValueError(
            f"the pattern {name} can match in too many ways: bound its repetitions, as in {{1,30}}"
        )


def _count_ways(items: Iterable[Any]) -> int:
    """Bound the number of ways in which a parsed pattern can match at one place."""
    ways = 1
    for operation, argument in items:
        match str(operation):
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                low, high, inner = argument
                if int(high) > MOST_WAYS:
                    return MOST_WAYS + 1
                ways *= int(high) - int(low) + 1
                own = _count_ways(inner)
                ways *= own if own == 1 else own ** min(int(high), 10)
            case "SUBPATTERN":
                ways *= _count_ways(argument[-1])
            case "BRANCH":
                ways *= sum(_count_ways(each) for each in argument[1])
            case "ATOMIC_GROUP":
                ways *= _count_ways(argument)
            case "ASSERT" | "ASSERT_NOT":
                ways *= _count_ways(argument[1])
            case "LITERAL" | "NOT_LITERAL" | "ANY" | "IN" | "AT" | "CATEGORY":
                pass
            case _:  # references to groups, conditions
                return MOST_WAYS + 1
        if ways > MOST_WAYS:
            return MOST_WAYS + 1
    return ways
