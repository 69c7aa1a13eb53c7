"""Whether an undo would find its targets as the calls left them: the rule. Pure.

While a newer effect on a target stands, an older one always looks changed. So a dry run goes from
the newest effect to the oldest, as the undo will, and remembers what each undo would restore: only
the newest effect on a target is compared with the world, and an older one with what the undo of the
newer one restores.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple, cast

from pydantic_core import to_jsonable_python

from harness.agent import Target
from harness.contracts.clean_text import clean_line

MOST_TARGETS = 16
"""Of one call."""
MAX_STATE = 2_000
"""Bytes of JSON."""
MAX_NAME = 300


class Verdict(NamedTuple):
    """Whether a target has changed since the call; None: not known."""

    changed: bool | None
    why: str


class Restored(NamedTuple):
    """A state that the undo of a newer call would restore."""

    state: Any
    call: str


def read_targets(found: object) -> tuple[Target, ...]:
    """Read what a check returned; raises ValueError if that is not what a check may return."""
    if isinstance(found, Target):
        return (_read_target(found),)
    if not isinstance(found, list | tuple):
        raise ValueError(f"it returned {type(found).__name__} instead of a Target")
    several = tuple(islice(cast("Sequence[object]", found), MOST_TARGETS + 1))
    if not 1 <= len(several) <= MOST_TARGETS:
        raise ValueError(f"it must return a Target, or a list of 1 to {MOST_TARGETS}")
    return tuple(map(_read_target, several))


def _read_target(found: object) -> Target:
    name: object = found.name if isinstance(found, Target) else None
    if not isinstance(found, Target) or not isinstance(name, str):
        raise ValueError(f"it returned {type(found).__name__} instead of a Target")
    if not 1 <= len(name) <= MAX_NAME:
        raise ValueError(f"the name of a Target must have 1 to {MAX_NAME} characters")
    now, after, before = (_read_state(each) for each in (found.now, found.after, found.before))
    return Target(name=str(name), now=now, after=after, before=before)


def _read_state(value: object) -> Any:
    text = json.dumps(to_jsonable_python(value))
    if len(text) > MAX_STATE:
        raise ValueError(f"a state has {len(text):,} bytes of JSON; the limit is {MAX_STATE:,}")
    return json.loads(text)


@dataclass
class Preview:
    """The world as the undos so far would leave it. Judge the newest effect first."""

    def __post_init__(self) -> None:
        self._restored: dict[str, Restored] = {}
        self._unchecked: str | None = None

    def pass_unchecked(self, call: str, why: str) -> Verdict:
        """Go past a call whose targets are not known. Its undo may change those of older calls."""
        self._unchecked = self._unchecked or call
        return Verdict(None, why)

    def find_changed(self, why: str) -> Verdict:
        """Judge a call whose target differs from what it left."""
        if self._unchecked is None:
            return Verdict(True, why)
        doubt = f"The newer {self._unchecked} is undone first and was not checked: it may be why."
        return Verdict(None, f"{why} {doubt}")

    def judge(self, call: str, targets: Sequence[Target]) -> Verdict:
        """Judge a call by its targets, and undo it in this preview unless they have changed."""
        seen = [(each, *self._look_at(each)) for each in targets]
        newer = next((call for *_, call in seen if call is not None), None)
        left = all(_fits(state, each.after) for each, state, _ in seen)
        if not left and not all(_fits(state, each.before) for each, state, _ in seen):
            odd = next(each for each in seen if not _fits(each[1], each[0].after))
            return self.find_changed(_describe_change(*odd))
        for each in targets:
            self._restored[each.name] = Restored(each.before, call)
        if newer is not None:
            return Verdict(False, f"follows from the undo of {newer}")
        return Verdict(False, "as the call left it" if left else "already as before the call")

    def _look_at(self, target: Target) -> tuple[Any, str | None]:
        """Return the state that the undo would find, and the newer call that it follows from."""
        restored = self._restored.get(target.name)
        return (target.now, None) if restored is None else (restored.state, restored.call)


def _fits(seen: Any, wanted: Any) -> bool:
    """Whether a state is the wanted one; of an object, only the fields that are wanted count."""
    same = type(seen) is type(wanted) and seen == wanted
    if isinstance(seen, dict) and isinstance(wanted, dict):
        own, asked = cast("dict[str, Any]", seen), cast("dict[str, Any]", wanted)
        return all(name in own and own[name] == value for name, value in asked.items())
    return same


def _describe_change(target: Target, seen: Any, newer: str | None) -> str:
    name = repr(clean_line(target.name))
    if newer is not None:
        return f"{name} was changed between this call and {newer}."
    if seen is None:
        return f"{name} is gone."
    if target.after is None:
        return f"{name} exists again."
    return f"{name} was changed after the call."
