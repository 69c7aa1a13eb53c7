"""What a worker remembers of the executions it has admitted."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from harness.contracts.effect import UndoSpec
from harness.contracts.errors import StackError, StackUnreachable
from harness_activities import admission
from harness_activities.admission import Admission, Admitted


class Asking(Admission):
    """Looks up nothing; says how often it would have."""

    def __init__(self) -> None:
        nothing: Any = None
        super().__init__(nothing)
        self.asked: list[str] = []
        self.is_away = False
        self.is_asked, self.go_on = asyncio.Event(), asyncio.Event()
        self.go_on.set()

    async def _admit_new(self, workflow: str, run_id: str, request: object) -> Admitted:
        self.asked.append(run_id)
        self.is_asked.set()
        await self.go_on.wait()
        if self.is_away:
            raise StackUnreachable("Temporal does not answer.")
        return Admitted(UndoSpec(run=workflow), run_id, signed=True)


async def test_what_was_admitted_is_asked_once_and_an_outage_again() -> None:
    asking = Asking()
    asking.is_away = True
    with pytest.raises(StackError):
        await asking.admit("w", "a")
    asking.is_away = False
    for _ in range(2):
        assert (await asking.admit("w", "a")).origin == "a"
    assert asking.asked == ["a", "a"]


async def test_a_cancelled_call_does_not_take_the_answer_from_another() -> None:
    asking = Asking()
    asking.go_on.clear()
    first, second = [asyncio.create_task(asking.admit("w", "a")) for _ in range(2)]
    await asking.is_asked.wait()
    first.cancel()
    await asyncio.wait([first])
    asking.go_on.set()
    assert first.cancelled() and (await second).origin == "a"
    assert asking.asked == ["a"]


async def test_only_the_latest_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "KEPT", 2)
    asking = Asking()
    for run_id in ("a", "b", "a", "c", "a", "b"):
        await asking.admit("w", run_id)
    assert asking.asked == ["a", "b", "c", "b"]
