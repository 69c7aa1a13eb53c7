"""The pure parts of a run: states, steering as it is typed, verdicts, trimming, labels."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.contracts.errors import SteeringError
from harness.contracts.model import Usage
from harness.contracts.run import TRANSITIONS, Budget, Carry, Pending, RunSpec, RunState, Totals
from harness.contracts.steering import (
    EXAMPLES,
    SIGNALS,
    Abort,
    Decide,
    Hint,
    Pause,
    plain_value,
    read_decide,
    read_signal,
)
from harness.contracts.verdicts import MEANINGS
from harness_workflows.run.calls import SUMMARY_WIDTH, summarize_call
from harness_workflows.run.progress import restore_progress
from harness_workflows.run.verdicts import check_decision

# --- states


def test_every_state_has_its_row_and_ends_have_no_way_out() -> None:
    assert set(TRANSITIONS) == set(RunState)
    ends = {state for state in RunState if state.over}
    assert ends == {RunState.COMPLETED, RunState.FAILED, RunState.ABORTED}
    for state in set(RunState) - ends:
        assert {RunState.FAILED, RunState.ABORTED} <= TRANSITIONS[state]
    assert [state for state in RunState if RunState.COMPLETED in TRANSITIONS[state]] == [
        RunState.RUNNING
    ]


# --- steering as it is typed


@pytest.mark.parametrize("name", SIGNALS)
def test_examples_are_right(name: Any) -> None:
    assert read_signal(name, [plain_value(b"json/plain", EXAMPLES[name].encode())])
    assert read_decide([plain_value(b"json/plain", EXAMPLES["decide"].encode())])


@pytest.mark.parametrize(
    ("name", "values", "meaning"),
    [
        ("hint", ["look"], Hint(text="look")),
        ("hint", [{"text": "look", "interrupt": True}], Hint(text="look", interrupt=True)),
        ("abort", [], Abort()),
        ("abort", [None], Abort()),
        ("abort", ["  "], Abort()),
        ("abort", ["enough"], Abort(reason="enough")),
        ("pause", ["lunch"], Pause(reason="lunch")),
    ],
)
def test_what_is_taken(name: Any, values: list[Any], meaning: Any) -> None:
    assert read_signal(name, values) == meaning


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=5,
)


@given(name=st.sampled_from(SIGNALS), values=st.lists(JSON_VALUES, max_size=3))
def test_whatever_is_typed_is_read_or_refused_with_an_example(name: Any, values: Any) -> None:
    for read, example in ((lambda v: read_signal(name, v), name), (read_decide, "decide")):
        try:
            read(values)
        except SteeringError as error:
            assert error.code == "steering.bad_payload"
            assert EXAMPLES[example] in error.message


@given(encoding=st.binary(max_size=12), data=st.binary(max_size=12))
def test_whatever_bytes_come_are_read_or_refused(encoding: bytes, data: bytes) -> None:
    for kind in (encoding, b"json/plain"):
        try:
            plain_value(kind, data)
        except SteeringError as error:
            assert error.code == "steering.bad_payload"


# --- verdicts


def memory(*needs: Any, decided: tuple[str, ...] = ()) -> Any:
    pending = {
        f"c{n}": Pending(id=f"c{n}", need=need, turn=1, question="?", since=0)
        for n, need in enumerate(needs)
    }
    return SimpleNamespace(pending=pending, decided=dict.fromkeys(decided))


@pytest.mark.parametrize("need", MEANINGS)
@pytest.mark.parametrize("verdict", ["approve", "reject", "edit", "answer"])
def test_which_verdict_fits(need: str, verdict: Any) -> None:
    decide = Decide(verdict=verdict)
    if verdict in MEANINGS[need]:
        assert check_decision(memory(need), decide)[1].need == need
    else:
        with pytest.raises(SteeringError, match="takes " + ", ".join(MEANINGS[need])):
            check_decision(memory(need), decide)


@pytest.mark.parametrize(
    ("found", "id", "words"),
    [
        (memory(), None, "nothing waits"),
        (memory("approval", "approval"), None, "say which: c0, c1"),
        (memory("approval"), "c9", "what waits: c0"),
        (memory("approval", decided=("c0",)), "c0", "nothing waits"),
        (memory("approval", "approval", decided=("c0",)), "c0", "what waits: c1"),
    ],
)
def test_what_is_not_pending(found: Any, id: str | None, words: str) -> None:
    with pytest.raises(SteeringError, match=words) as refused:
        check_decision(found, Decide(verdict="approve", id=id))
    assert refused.value.code == "steering.not_pending"


@pytest.mark.parametrize(
    ("need", "aborted", "words"),
    [
        ("approval", None, None),
        ("budget", None, None),
        ("store", None, "nothing waits"),
        ("approval", "enough", "nothing waits"),
    ],
)
def test_a_fresh_history_takes_decisions_from_its_first_moment(
    need: Any, aborted: str | None, words: str | None
) -> None:
    """The engine hands it a decision before it gets to its wait."""
    carry = Carry(
        origin="o", started=0, turn=1, totals=Totals(), messages=(), budget=Budget(),
        aborted=aborted,
    )  # fmt: skip
    ends = restore_progress(RunSpec(agent="a", spec="s", model="p/m", messages=(), carry=carry))
    ends.pending["c1"] = Pending(id="c1", need=need, turn=1, question="?", since=0)
    begins = restore_progress(RunSpec.model_validate_json(ends.carry_over().wire()))
    if words is None:
        assert check_decision(begins, Decide(verdict="reject"))[1] == ends.pending["c1"]
    else:
        with pytest.raises(SteeringError, match=words):
            check_decision(begins, Decide(verdict="reject"))


# --- sums and labels


def test_totals_add_up_and_an_unknown_cost_adds_nothing() -> None:
    totals = Totals().plus(turns=1).plus(usage=Usage(input=3, output=2))
    assert totals.cost_micros is None
    totals = totals.plus(usage=Usage(input=1), cost_micros=5).plus(tool_calls=2)
    assert totals == Totals(turns=1, usage=Usage(input=4, output=2), cost_micros=5, tool_calls=2)


def test_labels_fit_the_page() -> None:
    assert summarize_call("add", {"a": 2, "b": "x"}) == "add(a=2, b='x')"
    assert summarize_call("add", "{not json") == "add({not json)"
    assert len(summarize_call("add", {"a": "x" * 500})) == SUMMARY_WIDTH
