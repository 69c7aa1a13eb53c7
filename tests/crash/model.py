"""What the model says in each trial: the calls of its plan, one reply after another."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Any

from tests.crash.plan import Trial
from tests.fakes.steps import Hang, Say, Step

TRIAL = re.compile(r"This is trial (\d+)\.")
DELAY_S = 0.01


class Model:
    def __init__(self, plan: tuple[Trial, ...], asked: Callable[[Trial, int], str | None]) -> None:
        """`asked` is told of each request (the trial, the number of the reply), and may say how the
        answer goes: `first` (there is none) or `middle` (half of it)."""
        self._trials = {trial.number: trial for trial in plan}
        self._asked = asked
        self.requests: Counter[int] = Counter()

    def answer(self, body: dict[str, Any]) -> Step:
        said = str(body["input"])
        found = TRIAL.search(said)
        assert found, "the prompt is gone"
        trial = self._trials[int(found[1])]
        self.requests[trial.number] += 1
        place = reply_after(trial, said.count("function_call_output"))
        how = self._asked(trial, place)
        if how == "first":
            return Hang()
        # Each attempt says something else, so that two of them mixed would be seen.
        text = text_of(trial, place) + f" (asked {self.requests[trial.number]} times)"
        calls = trial.replies[place] if place < len(trial.replies) else ()
        return Say(
            text=text,
            calls=tuple((call.tool, dict(call.arguments)) for call in calls),
            delay=DELAY_S,
            then="hang" if how == "middle" else "end",
        )


def reply_after(trial: Trial, results: int) -> int:
    """Which reply comes after so many results of tools."""
    place = 0
    for calls in trial.replies:
        if results < len(calls):
            return place
        results -= len(calls)
        place += 1
    return place


def text_of(trial: Trial, place: int) -> str:
    if place < len(trial.replies):
        return f"Step {place + 1} of trial {trial.number}, with {len(trial.replies[place])} calls."
    return f"All steps of trial {trial.number} are done."
