"""What a what-if may answer, and how its outcome is compared."""

from __future__ import annotations

from typing import Any

import pytest

from harness.contracts import event as e
from harness.contracts.errors import (
    CallNotRecorded,
    InvalidToolArguments,
    ToolDenied,
    ToolError,
    ToolFailed,
    UnknownTool,
)
from harness.contracts.event import DurableEvent
from harness.contracts.message import (
    Message,
    Text,
    ToolCall,
    ToolResult,
    tool_results,
    user_message,
)
from harness.contracts.model import Usage
from harness.contracts.run import Budget, Carry, RunSpec, RunState, Totals
from harness.contracts.tool import Playback
from harness.contracts.transcript import Node, digest
from harness.contracts.whatif import Record, call_key
from harness.journal.diff import compare_runs
from harness.journal.fork import Rewriting
from harness.journal.playback import edit_results, list_calls, make_record
from harness.journal.whatif import compare_outcomes, compute_medians, read_outcome
from harness_workflows.run.progress import restore_progress

BASE: dict[str, Any] = {"run": "r", "at": 0.0, "trace": "t"}


class Run:
    """Builds the events of a run, turn by turn."""

    def __init__(self, at: float = 0.0) -> None:
        self.events: list[DurableEvent] = []
        self._new: tuple[Message, ...] = (user_message("go"),)
        self._turn = 0
        self._base = {**BASE, "at": at}
        self._add(e.RunStarted, agent="a", model="m", prompt="go")

    def turn(
        self, *calls: tuple[str, Any, str | ToolError], text: str = "", told: bool = True
    ) -> Run:
        """A reply that asks for calls; each with its arguments and result."""
        self._turn += 1
        asked = [
            ToolCall(id=f"c{place}", name=name, arguments=given)
            for place, (name, given, _) in enumerate(calls)
        ]
        said = [Text(text=text)] if text else []
        self._add(e.ModelCalled, turn=self._turn, call=0, model="m", messages=self._new)
        self._add(
            e.ModelReplied, turn=self._turn, call=0, model="m", ms=1, attempts=1, head="h",
            message=Message(role="assistant", parts=(*said, *asked)),
            usage=Usage(input=10, output=5), cost_micros=7,
        )  # fmt: skip
        results: list[ToolResult] = []
        for call, (_, _, result) in zip(asked, calls, strict=True):
            error = result if isinstance(result, ToolError) else None
            content = error.message if error else str(result)
            flag = True if error else None
            results.append(ToolResult(call=call.id, name=call.name, content=content, error=flag))
            self._add(
                e.ToolCallFinished, turn=self._turn, call_id=call.id, name=call.name,
                content=content, ok=error is None, error=error.info if error else None, attempts=1,
            )  # fmt: skip
        self._new = (tool_results(tuple(results)),) if results and told else ()
        return self

    def end(self, output: str, state: RunState = RunState.COMPLETED, **more: Any) -> Run:
        self._add(e.RunEnded, state=state, output=output, totals=Totals(), **more)
        return self

    def edited(self, id: str, **arguments: Any) -> Run:
        self._add(e.DecisionMade, id=id, verdict="edit", arguments=arguments)
        return self

    def _add(self, kind: Any, **fields: Any) -> None:
        self.events.append(kind(**self._base, **fields))


def answers(of: Record, name: str, **arguments: Any) -> list[str]:
    for each in of.calls:
        if call_key(each.name, each.arguments) == call_key(name, arguments):
            return [result.content for result in each.results]
    return []


def test_equal_calls() -> None:
    key = call_key("f", {"a": 1, "b": {"x": 2.0}})
    assert key == call_key("f", {"b": {"x": 2}, "a": 1.0, "c": None})
    assert key != call_key("g", {"a": 1, "b": {"x": 2}})
    assert key != call_key("f", {"a": 1, "b": {"x": 2.5}})
    assert call_key("f", {"a": "1"}) != call_key("f", {"a": 1})
    assert call_key("f", "no json") == call_key("f", "no json")


def test_later_results_come_one_after_another_and_kept_ones_are_known() -> None:
    run = Run().turn(("read", {"a": 1}, "old")).turn(("read", {"b": 1}, "b1"))
    run.turn(("read", {"b": 1}, "b2")).turn(text="end").end("end")
    assert answers(make_record(list_calls(run.events), 1), "read", b=1) == ["b1", "b2"]
    assert answers(make_record(list_calls(run.events), 1), "read", a=1) == ["old"]
    assert answers(make_record(list_calls(run.events), 3), "read", b=1) == ["b2"], "the newest"


def test_errors_of_tools_are_answers_and_the_models_mistakes_are_none() -> None:
    run = Run().turn(
        ("read", {"a": 1}, ToolFailed("broken")),
        ("red", {}, UnknownTool("no such tool")),
        ("read", {"a": "x"}, InvalidToolArguments("wrong")),
        ("write", {}, CallNotRecorded("not known")),
        ("slow", {}, ToolDenied("cancelled")),
    )
    [only] = make_record(list_calls(run.turn(text="end").events), 0).calls
    assert only.name == "read"
    assert only.results[0].failure is not None
    assert (only.results[0].content, only.results[0].error) == ("broken", True)


def test_a_result_that_the_model_was_not_told_counts() -> None:
    run = Run().turn(("read", {"a": 1}, "last"), told=False).end("", RunState.FAILED)
    assert answers(make_record(list_calls(run.events), 0), "read", a=1) == ["last"]


def test_an_edited_call_answers_as_it_was_asked_and_as_it_ran() -> None:
    run = Run().turn(("write", {"a": 1}, "wrote 2")).edited("c0", a=2)
    made = make_record(list_calls(run.turn(text="end").events), 0)
    assert answers(made, "write", a=1) == answers(made, "write", a=2) == ["wrote 2"]


def test_before_and_parents_answer_what_the_run_itself_cannot() -> None:
    run = Run().turn(("read", {"a": 1}, "own"))
    parent = Run().turn(("read", {"a": 1}, "theirs"), ("read", {"c": 1}, "p0"))
    parent.turn(("read", {"c": 1}, "p1")).turn(("read", {"c": 1}, "p2"))
    call = ToolCall(id="x", name="read", arguments={"b": 1})
    told = ToolResult(call="x", name="read", content="before")
    before = [Message(role="assistant", parts=(call,)), tool_results((told,))]
    made = make_record(
        list_calls(run.events), 0, before=before, parents=[(list_calls(parent.events), 1)]
    )
    assert answers(made, "read", a=1) == ["own"]
    assert answers(made, "read", b=1) == ["before"]
    assert answers(made, "read", c=1) == ["p1", "p2"]
    assert Record.model_validate_json(made.wire()) == made


def test_results_are_edited() -> None:
    run = Run().turn(("read", {"a": 1}, ToolFailed("broken"))).turn(("read", {"b": 1}, "b"))
    calls = list_calls(run.turn(text="end").events)  # both calls have the same id
    whole = make_record(edit_results(calls, {"c0": "well"}, 0), 0)
    assert answers(whole, "read", a=1) == answers(whole, "read", b=1) == ["well"]
    assert whole.calls[0].results[0].error is None
    later = make_record(edit_results(calls, {"c0": "well"}, 1), 1)
    assert (answers(later, "read", a=1), answers(later, "read", b=1)) == (["well"], ["b"])


def whole(run: Run, after: int = 0) -> Any:
    found = read_outcome(run.events, after)
    assert found is not None
    return found


def test_outcomes_are_compared() -> None:
    was = whole(Run().turn(("read", {"a": 1}, "x")).turn(("read", {"b": 1}, "y")).end("one  two"))
    assert (was.turns, was.tokens, was.cost_micros) == (2, 30, 14)
    same = compare_outcomes(was, whole(Run().turn(("read", {"a": 1}, "x")).end("one two")))
    assert (same.verdict, same.same_calls, same.parts) == ("same", 1, 2)
    other = compare_outcomes(was, whole(Run().turn(("read", {"a": 2}, "x")).end("three")))
    assert (other.verdict, other.same_calls, other.parts) == ("different", 0, 1)
    alike = compare_outcomes(was, was)
    assert (alike.verdict, alike.parts) == ("same", None)
    error = ToolFailed("no").info
    failed = compare_outcomes(was, whole(Run().turn().end("one two", RunState.FAILED, error=error)))
    assert (failed.verdict, failed.same_answer) == ("failed", False)
    typed = whole(Run().turn().end("{'a':1}", data={"a": 1}))
    assert compare_outcomes(typed, whole(Run().turn().end("{'a': 1.0}", data={"a": 1}))).same_answer


def test_only_what_came_after_the_turn_counts() -> None:
    run = Run().turn(("read", {"a": 1}, "x")).turn(("read", {"b": 1}, "y")).end("done")
    later = whole(run, 1)
    assert (later.turns, later.tokens, [call.arguments for call in later.calls]) == (
        1, 15, [{"b": 1}],
    )  # fmt: skip
    assert read_outcome([], 0) is None
    assert whole(Run().turn()).state is RunState.RUNNING
    assert compute_medians([]) == {}
    assert compute_medians([whole(run), later])["tokens"] == 22.5


def test_what_is_played_back_is_no_difference() -> None:
    run = Run().turn(("read", {"a": 1}, "x")).turn(text="end").end("end")
    played = [
        each.model_copy(update={"played": True}) if isinstance(each, e.ToolCallFinished) else each
        for each in run.events
    ]
    assert compare_runs(run.events, played).turn == 0


def chain(*results: str) -> list[Node]:
    """Nodes of turns, newest first: each has the result of the turn before."""
    nodes: list[Node] = []
    parent = None
    for place, content in enumerate(results):
        told = ToolResult(call=f"c{place}", name="read", content=content)
        node = Node(parent=parent, messages=(tool_results((told,)), user_message(f"turn {place}")))
        nodes.append(node)
        parent = digest(node.wire())
    return nodes[::-1]


def test_a_transcript_is_made_anew_from_the_edited_node_on() -> None:
    nodes = chain("a", "b", "c")
    rewriting = Rewriting({"c1": "B"})
    for node in nodes:
        if rewriting.wanted:
            rewriting.take_node(node)
    made = [Node.model_validate_json(body) for body in rewriting.build_nodes().values()]
    assert [node.messages[0].parts[0] for node in made] == [
        ToolResult(call="c1", name="read", content="B"),
        ToolResult(call="c2", name="read", content="c"),
    ]
    assert made[0].parent == digest(nodes[2].wire()), "what is before stays"
    assert made[1].parent == digest(made[0].wire())
    assert nodes == chain("a", "b", "c")


def test_an_unknown_call_is_named() -> None:
    rewriting = Rewriting({"c9": "x"})
    for node in chain("a", "b"):
        rewriting.take_node(node)
    with pytest.raises(Exception, match=r"'r' has no tool result 'c9'.*it has: c0 .*c1"):
        rewriting.check_found("r", 2)


def test_equal_calls_are_counted_in_a_what_if_and_through_a_fresh_history() -> None:
    carry = Carry(
        origin="o",
        started=0,
        turn=1,
        totals=Totals(),
        messages=(user_message("go"),),
        budget=Budget(),
    )
    spec = RunSpec(agent="a", spec="s", model="p/m", messages=(), carry=carry)
    call = ToolCall(id="c", name="read", arguments={"a": 1})
    plain = restore_progress(spec)
    assert [plain.count_repeat(call), plain.count_repeat(call)] == [None, None]
    assert plain.carry_over().carry == carry
    memory = restore_progress(spec.model_copy(update={"playback": Playback(record="r")}))
    assert [memory.count_repeat(call), memory.count_repeat(call)] == [None, 2]
    assert restore_progress(memory.carry_over()).count_repeat(call) == 3
