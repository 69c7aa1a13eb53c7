"""How much a call may use at most, and which budgets it is charged to."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from harness.budgets.accounts import find_accounts
from harness.budgets.settings import BudgetsSettings
from harness.budgets.words import dollars
from harness.budgets.worst_case import bound_input, make_ask
from harness.cli.budgets.cost import read_dimensions
from harness.cli.parser import UsageError
from harness.contracts.budget import Budget
from harness.contracts.message import user_message
from harness.contracts.model import ModelParams, ModelRequest
from harness.interceptors import Caller, ModelCall
from harness.providers.context.estimate import estimate_input
from harness.providers.prices import Price

TEXT = "The quick brown fox jumps over the lazy dog. " * 20


def call_of(text: str = TEXT, purpose: str = "turn", **params: object) -> ModelCall:
    request = ModelRequest(
        model="a", instructions="", messages=(user_message(text),),
        params=ModelParams.model_validate(params),
    )  # fmt: skip
    caller = Caller(run="r", origin="o", agent="buyer", turn=1, purpose=purpose)
    return ModelCall(caller=caller, model="one/a", request=request, sink=lambda _: None)


@pytest.mark.parametrize("text", [TEXT, "四月の雨が降る。" * 50, "x = [1, 2]\n" * 50, "🙂" * 100])
def test_the_bound_is_above_the_estimate(text: str) -> None:
    request = call_of(text).request
    assert estimate_input(request) < bound_input(request) < 3 * len(text) + 100


def test_what_a_call_reserves() -> None:
    plain = make_ask(call_of(), "id", None, Price(2, 0.5, 8, 2.5))
    assert (plain.most, plain.enough, plain.useful, plain.last) == (16_384, 4_096, 256, False)
    assert plain.input_cost >= plain.input * 2.5
    short = make_ask(call_of(max_output_tokens=100), "id", None, None)
    assert (short.most, short.enough, short.useful, short.output_price) == (100, 100, 100, 0.0)
    last = make_ask(call_of(purpose="finish"), "id", None, None)
    assert (last.most, last.useful, last.last) == (1_024, 128, True)
    thinks = make_ask(call_of(reasoning_effort="high"), "id", None, None)
    assert thinks.useful == thinks.most == 32_768


def test_which_budgets_a_call_is_charged_to() -> None:
    settings = BudgetsSettings.model_validate(
        {
            "agents": {"buyer": {"cost_per_day": "5.00"}, "*": {}},
            "owners": {"*": {"tokens_per_day": 10}},
        }
    )
    caller = Caller(run="r", origin="o", agent="buyer", turn=1, session="s", owner="ada",
                    budget=Budget(tokens=9, shared="session"))  # fmt: skip
    found = find_accounts(settings, caller, None)
    assert [each.key for each in found] == ["agent:buyer", "owner:ada", "session:s"]
    assert [each.cost for each in found] == [5_000_000, None, None]
    below = find_accounts(settings, caller, "run:top")
    assert [each.key for each in below] == ["agent:buyer", "owner:ada", "run:top"]
    other = Caller(run="r", origin="o", agent="other", turn=1)
    assert find_accounts(settings, other, None) == []


@pytest.mark.parametrize("cost", ["0", "-1", "nan", "inf", "1e9", "0.0000001", "five"])
def test_a_cost_that_is_no_limit(cost: str) -> None:
    with pytest.raises(ValidationError):
        BudgetsSettings.model_validate({"agents": {"a": {"cost_per_day": cost}}})


@pytest.mark.parametrize(
    ("micros", "text"),
    [(5_000_000, "$5.00"), (0, "$0.00"), (12, "$0.000012"), (1_234_500, "$1.2345")],
)
def test_amounts(micros: int, text: str) -> None:
    assert dollars(micros) == text


def test_what_to_sum_by() -> None:
    assert read_dimensions("day, agent,day") == ("day", "agent")
    for wrong in ("", "agent,color", "agent;drop"):
        with pytest.raises(UsageError, match="--by"):
            read_dimensions(wrong)
