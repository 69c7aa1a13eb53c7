"""A failed attempt of a call is reported once, however often Temporal is asked."""

from __future__ import annotations

from typing import Any

import pytest

from harness.contracts import event as e
from harness.contracts.attempt import Retry
from harness.contracts.errors import StackUnreachable
from harness.history import retries
from harness.history.retries import RetryWatch


async def test_each_failed_attempt_is_reported_once(monkeypatch: pytest.MonkeyPatch) -> None:
    known = [1, 1, 2, 2, 1]

    async def find(*_: Any) -> list[Retry]:
        if not known:
            raise StackUnreachable("Temporal does not answer.")
        error = StackUnreachable("Temporal does not answer.").info
        return [Retry(activity="5", kind="call_model", failed=known.pop(0), error=error)]

    nothing: Any = None
    watch, told = RetryWatch(nothing, "run"), list[e.AttemptFailed]()
    called = e.ModelCalled(run="run", at=0, trace="t", turn=1, call=1, model="m", messages=())
    watch.note_event(called)
    monkeypatch.setattr(retries, "POLL_S", 0)
    monkeypatch.setattr(retries, "list_retries", find)
    await watch.poll_retries("t", told.append)
    assert [each.retry.failed for each in told] == [1, 2]
