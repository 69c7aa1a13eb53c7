"""What people read when a shared budget allows no further call."""

from __future__ import annotations

from dataclasses import replace

from harness.budgets.accounts import Account
from harness.budgets.rows import Answer, Ask
from harness.budgets.words import advise_reached, describe_reached

ASK = Ask(
    id="i", place="p", attempt=1, run="r 1", top=None, input=300, input_cost=900,
    output_price=15.0, most=4_000, enough=4_000, useful=256, last=False,
)  # fmt: skip
REACHED = Answer(
    state="reached", output=0, stop="agent:buyer", used_tokens=4_890, most_tokens=5_500,
    used_cost=None, most_cost=None, used_seconds=3.0, most_seconds=None,
)  # fmt: skip


def test_tokens_that_are_needed_and_left_are_named() -> None:
    told = describe_reached(REACHED, ASK)
    assert "4,890 of 5,500 tokens are used" in told
    assert (
        "at least 556 tokens (300 to read, 256 to answer); left: 610 tokens, but a twentieth"
        in told
    )
    short = describe_reached(replace(REACHED, used_tokens=5_100), ASK)
    assert short.endswith("left: 400 tokens.")


def test_a_budget_of_the_settings_is_not_granted_by_approving() -> None:
    told = advise_reached(REACHED, ASK, [Account(key="agent:buyer", daily=True, tokens=5_500)])
    assert "`harness budgets grant agent:buyer --tokens 1000`" in told
    assert "Approving grants nothing" in told
    assert "finish" not in advise_reached(replace(REACHED, used_tokens=5_100), ASK, [])
    assert told.endswith("`harness answer 'r 1' finish`.")


def test_an_amount_of_money_is_rounded_up_to_cents() -> None:
    broke = replace(
        REACHED, stop="session:my own", most_tokens=None, used_cost=9_000, most_cost=10_000
    )
    told = describe_reached(broke, ASK)
    assert "needs at least $0.00474; left: $0.001." in told
    advice = advise_reached(broke, ASK, [Account(key="session:my own", cost=10_000)])
    assert advice.startswith("Approve to grant as much again, or grant an amount: ")
    assert "`harness budgets grant 'session:my own' --cost 0.01`" in advice
    assert "finish" not in advice


def test_a_budget_of_time_names_no_tokens() -> None:
    late = replace(REACHED, stop="run:r", most_tokens=None, used_seconds=61.0, most_seconds=60.0)
    assert "needs" not in describe_reached(late, ASK)
    assert "--seconds 60`" in advise_reached(late, ASK, [Account(key="run:r", seconds=60)])
