"""Which code ran each step, and in which process: from history to what people see."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from harness.agent import Agent
from harness.contracts import event as e
from harness.contracts.model import Interrupted, Usage
from harness.contracts.provenance import WRITTEN, summarize_agent
from harness.contracts.run import RunSpec, Totals
from harness.history.export import read_file
from harness.journal.card import card_of
from harness.journal.diff import compare_runs
from harness.journal.steps import list_steps
from harness.terminal.view.console import make_console
from harness.terminal.view.show import show_card
from harness.terminal.view.text import cut_cost, format_totals
from harness.terminal.view.trace import event_line, ran_on
from tests.unit.stories import Story

HISTORIES = Path(__file__).parents[2] / "histories" / "AgentRun"
RECORDED = e.Worker(name="ann@laptop", build="harness-0.1.0")


def told(name: str) -> list[Any]:
    events = read_file(HISTORIES / f"{name}.json").events
    kinds = (e.ModelReplied, e.ModelFailed, e.ToolCallFinished)
    return [each for each in events if isinstance(each, kinds) and each.attempts]


def test_instructions_that_a_function_writes_are_in_the_first_model_call() -> None:
    agent = Agent("a", model="openai/gpt-5", instructions=lambda ctx: f"Run {ctx.run}.")
    run = RunSpec(agent="a", spec="hash", model="openai/gpt-5", messages=())
    summary = summarize_agent(run, agent.spec(""))
    assert summary.instructions == WRITTEN
    assert WRITTEN in summary.markdown()
    called = next(
        each
        for each in read_file(HISTORIES / "functions.json").events
        if isinstance(each, e.ModelCalled)
    )
    assert "instructions: Answer politely." in event_line(called).what


def test_recorded_steps_name_their_worker() -> None:
    for name in ("tools", "refused", "edit_checked"):  # inline tools and failures too
        assert {each.worker for each in told(name)} == {RECORDED}, name


def story(build: str, *pids: int) -> Story:
    made = Story()
    for turn, pid in enumerate(pids, 1):
        made.ask(turn).reply(turn, "Hello.")
        worker = e.Worker(name=f"ann@laptop/{pid}", build=build)
        made.events[-1] = made.events[-1].model_copy(update={"worker": worker})
    return made


def shown(made: Story) -> str:
    out = io.StringIO()
    card = card_of(made.events)
    assert card is not None
    show_card(make_console(out), card, None, 100.0)
    return out.getvalue()


def test_the_card_shows_which_code_ran_and_where() -> None:
    made = story("harness-1+git.abc", 1, 2, 2)
    card = card_of(made.events)
    assert card is not None
    assert [each.name for each in card.workers] == ["ann@laptop/1", "ann@laptop/2"]
    text = shown(made)
    assert "code     harness-1+git.abc" in text
    assert "ran on   ann@laptop/1, ann@laptop/2" in text


def test_of_many_workers_the_newest_are_shown() -> None:
    assert "ann@laptop/3, ann@laptop/4, ann@laptop/5 and 2 others" in shown(
        story("b", *range(1, 6))
    )


def test_a_run_without_steps_names_no_worker() -> None:
    assert "ran on" not in shown(Story())
    assert "code" not in shown(Story())


def test_a_step_and_its_line_show_the_worker() -> None:
    made = story("b1", 7)
    [step] = list_steps(made.events)
    assert (step.worker, step.build) == ("ann@laptop/7", "b1")
    assert ran_on(made.events[-1]) == ("on ann@laptop/7", "b1")
    assert ran_on(made.events[0]) == ()


def test_the_same_steps_on_other_workers_do_not_differ() -> None:
    assert not any(
        side.events for side in compare_runs(story("a", 1).events, story("b", 2).events).sides
    )


CUT = Interrupted(attempts=2, usage=Usage(input=10, output=5, estimated=True), cost_micros=120_000)


def test_interrupted_attempts_are_an_estimate_beside_the_settled_cost() -> None:
    made = Story().ask(1).reply(1, "Hello.")
    made.events[-1] = made.events[-1].model_copy(update={"cost_micros": 30_000, "cut": CUT})
    text = shown(made)
    assert "$0.0300 · about $0.1200 more for 2 interrupted attempts (estimate)" in text
    assert event_line(made.events[-1]).facts[-1] == (
        "about $0.1200 more for 2 interrupted attempts (estimate)"
    )
    assert "unknown cost more for 1 interrupted attempt" in cut_cost(1, None)
    assert "interrupted" not in shown(Story().ask(1).reply(1, "Hello."))


@pytest.mark.parametrize(
    ("totals", "said"),
    [
        (Totals(cut_attempts=1, cut_micros=0), "free · 1 interrupted attempt"),
        (Totals(cut_attempts=1), "unknown cost more for 1 interrupted attempt (estimate)"),
        (Totals(cost_micros=0, cut_attempts=2, cut_micros=0), "free · 2 interrupted attempts"),
        (Totals(usage=Usage(output=9), cut_attempts=1, cut_micros=0),
         "unknown cost · 1 interrupted attempt"),
        (Totals(), "unknown cost"),
    ],
)  # fmt: skip
def test_what_an_interrupted_run_cost(totals: Totals, said: str) -> None:
    assert format_totals(totals).partition(" out · ")[2] == said


def test_the_sum_of_interrupted_attempts_keeps_out_of_the_cost() -> None:
    totals = Totals().plus(cost_micros=5, cut=CUT).plus(cut=CUT).plus(turns=1)
    assert totals.cost_micros == 5
    assert (totals.cut_attempts, totals.cut_micros) == (4, 240_000)
    unknown = Totals().plus(cut=CUT.model_copy(update={"cost_micros": None}))
    assert (unknown.cut_attempts, unknown.cut_micros) == (2, None)
