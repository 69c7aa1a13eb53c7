"""The checks of the chaos campaign find what is wrong: each kind of harm is done, and is seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest

from harness.contracts import event as e
from harness.contracts.message import Message, Text, ToolCall
from harness.contracts.model import Usage
from harness.contracts.run import RunState, Totals
from tests.chaos.checks import Account, Booked, Ended, Evidence, find_violations
from tests.chaos.faults import BY_NAME
from tests.chaos.plan import Plan, Run, Step
from tests.chaos.provider import Meter, Served
from tests.fakes.steps import Used

RUN = Run(0, "frugal", (Step("order", {}, {}), Step(None, {}, {})))
PLAN = Plan(seed=1, runs=(RUN,))


class Call:
    """What the checks look at of a request."""

    def __init__(self, done_at: float | None, gone_at: float | None = None) -> None:
        self.done_at = done_at
        self.gone_at = gone_at


def served(number: int, step: int, *, fault: str | None = None, **more: Any) -> Served:
    at = float(number * 10)
    found = BY_NAME[fault].at("openai") if fault else None
    fields: dict[str, Any] = {
        "number": number, "run": 0, "step": step, "provider": "openai", "worker": "w", "at": at,
        "used": Used(input=100, output=10), "fault": found, "call": cast(Any, Call(at + 1)),
    }  # fmt: skip
    return Served(**{**fields, **more})


def replied(number: int, *calls: ToolCall) -> e.ModelReplied:
    parts = (Text(text=f"[answer {number}] going on"), *calls)
    return e.ModelReplied(
        run="r", at=1.0, trace="t", cursor=e.Cursor(run_id="x", event_id=number + 1), turn=1,
        call=0, model="m", message=Message(role="assistant", parts=parts),
        usage=Usage(input=100, output=10), cost_micros=300, ms=1.0, attempts=1, head="h",
    )  # fmt: skip


def whole() -> Evidence:
    """A run whose first request was refused, which then called a tool and answered."""
    order = ToolCall(id="c", name="order", arguments={"text": "0.0"})
    booked = Booked(calls=2, input=200, output=20, cost=600)
    totals = Totals(turns=2, usage=Usage(input=200, output=20), cost_micros=600)
    return Evidence(
        plan=PLAN,
        served=[served(0, 0, fault="500"), served(1, 0), served(2, 1)],
        killed={},
        ended={
            0: Ended(RunState.COMPLETED, totals=totals, replies=(replied(1, order), replied(2)))
        },
        booked={(0, "openai"): booked},
        total=booked,
        account=Account(limit=1_000, spent=220, spent_micros=600, lost=0),
        granted={"openai": 3},
        effects=["0.0"],
        meters={"openai": Meter(60, 1_000, most_requests=3, most_tokens=220)},
    )


def end(seen: Evidence, **change: Any) -> Evidence:
    return replace(seen, ended={0: replace(seen.ended[0], **change)})


def book(seen: Evidence, **change: Any) -> Evidence:
    booked = replace(seen.booked[0, "openai"], **change)
    spent = booked.input + booked.output
    account = Account(limit=1_000, spent=spent, spent_micros=booked.cost, lost=0)
    return replace(seen, booked={(0, "openai"): booked}, total=booked, account=account)


def meet(seen: Evidence, *more: Served) -> Evidence:
    granted = {"openai": len(seen.served) + len(more)}
    return replace(seen, served=[*seen.served, *more], granted=granted)


HARM: dict[str, tuple[Callable[[Evidence], Evidence], str]] = {
    "it did not end": (lambda seen: end(seen, state=None), "run 0 is None"),
    "it failed": (
        lambda seen: end(seen, state=RunState.FAILED, code="provider.server"),
        "run 0 is failed, provider.server; expected: completed",
    ),
    "it went on after a fatal fault": (
        lambda seen: meet(seen, served(3, 1, fault="bad request")),
        "expected: failed, ['provider.bad_request']",
    ),
    "it ended too early": (
        lambda seen: meet(seen, served(3, 1, fault="503")), "its last request (3, openai) met"
    ),
    "an answer was thrown away": (lambda seen: meet(seen, served(3, 1)), "was thrown away"),
    "tokens are missing": (lambda seen: book(seen, input=199), "run 0, openai: booked"),
    "a call was booked twice": (lambda seen: book(seen, calls=3), "run 0, openai: booked"),
    "an estimate for what was counted": (lambda seen: book(seen, estimated=1), "booked"),
    "a cut call was not booked": (
        lambda seen: replace(
            meet(seen, served(3, 1, fault="cut midway"), served(4, 1)),
            ended={0: replace(seen.ended[0], replies=(*seen.ended[0].replies, replied(4)))},
        ),
        "run 0, openai: booked",
    ),
    "totals differ": (
        lambda seen: end(seen, totals=Totals(usage=Usage(input=1, output=20), cost_micros=600)),
        "the provider counted",
    ),
    "the cost differs": (
        lambda seen: replace(seen, total=replace(seen.total, cost=1)), "`harness cost` shows"
    ),
    "the account differs": (
        lambda seen: replace(seen, account=Account(1_000, 221, 600, 0)), "the budget has 221"
    ),
    "the budget was overspent": (
        lambda seen: replace(seen, account=Account(200, 220, 600, 0)), "of a budget of 200"
    ),
    "a limit was exceeded": (
        lambda seen: replace(seen, meters={"openai": Meter(60, 30_000, most_tokens=30_001)}),
        "30001 tokens in a minute",
    ),
    "a request passed the limit by": (
        lambda seen: replace(seen, granted={"openai": 2}), "2 requests were granted, 3 arrived"
    ),
    "an effect happened twice": (
        lambda seen: replace(seen, effects=["0.0", "0.0"]), "happened 2 times"
    ),
    "an effect is missing": (lambda seen: replace(seen, effects=[]), "happened 0 times"),
}  # fmt: skip


def test_nothing_is_found_where_nothing_is_wrong() -> None:
    assert find_violations(whole()) == []


@pytest.mark.parametrize("name", HARM)
def test_each_harm_is_found(name: str) -> None:
    harm, words = HARM[name]
    found = find_violations(harm(whole()))
    assert any(words in each for each in found), found


def test_a_call_whose_worker_died_is_not_booked() -> None:
    """One that ended a moment before may be booked, or not. What it reserved is lost."""
    lost = Account(limit=1_000, spent=220, spent_micros=600, lost=400)
    cut = served(3, 1, worker="dead", call=cast(Any, Call(None, gone_at=50.0)))
    seen = replace(meet(whole(), cut), killed={"dead": 50.0}, account=lost)
    assert find_violations(seen) == []
    before = replace(cut, call=cast(Any, Call(49.0)))
    seen = replace(meet(whole(), before), killed={"dead": 50.0}, account=lost)
    assert find_violations(seen) == []
    seen = book(seen, calls=3, input=300, output=30, cost=900)
    assert find_violations(seen) == []


def test_a_provider_that_rests_is_called_once() -> None:
    down = [served(n, 1, provider="down", fault="503", at=at, call=cast(Any, Call(at + 0.1)))
            for n, at in enumerate((1, 2, 3, 4, 5, 21, 22), 3)]  # fmt: skip
    seen = replace(whole(), served=[*down, *whole().served])
    assert any("called down twice" in each for each in find_violations(seen))
