"""Find where a fork begins: the transcript node after a turn, and messages new to the model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from harness.contracts.errors import RunError, TurnNotFound
from harness.contracts.event import DurableEvent, ModelCalled, ModelReplied, ToolCallFinished
from harness.contracts.message import Message, ToolResult, tool_results
from harness.contracts.run import RunSpec
from harness.contracts.transcript import Node, digest
from harness.journal.branches import drop_reset_events


class Point(NamedTuple):
    head: str | None
    messages: tuple[Message, ...]


def check_turn(run: str, spec: RunSpec, at: int) -> None:
    if at < 0:
        raise TurnNotFound(f"There is no turn {at}: turns start at 1, and 0 keeps none.")
    parent = spec.parent
    if parent is not None and at < parent.turn:
        raise TurnNotFound(
            f"Turn {at} is before the start of {run!r}, a fork of {parent.run!r} at turn "
            f"{parent.turn}.",
            fix=f"Fork {parent.run} instead.",
        )


def find_point(run: str, spec: RunSpec, events: Iterable[DurableEvent], at: int) -> Point:
    """Find the point after turn `at`, with its tool results; 0 is the start."""
    check_turn(run, spec, at)
    stands = drop_reset_events(events)
    asked = {each.turn: each for each in stands if isinstance(each, ModelCalled)}
    replied = {each.turn: each for each in stands if isinstance(each, ModelReplied)}
    if (then := asked.get(at + 1)) is not None:
        return Point(then.head, without_hints(then.messages))
    if at == (spec.parent.turn if spec.parent else 0):
        return Point(spec.head, without_hints(spec.messages))
    reply = replied.get(at)
    if reply is None:
        raise _no_turn(run, at, max(replied, default=0), called=at in asked)
    results = {
        each.call_id: _result_of(each)
        for each in stands
        if isinstance(each, ToolCallFinished) and each.turn == at and not each.unrun
    }
    open_calls = [call.name for call in reply.message.calls if call.id not in results]
    if open_calls:
        raise TurnNotFound(f"Turn {at} of {run!r} has no result of {', '.join(open_calls)} yet.")
    found = tuple(results[call.id] for call in reply.message.calls)
    return Point(reply.head, (tool_results(found),) if found else ())


def without_hints(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """Drop trailing hints: they arrived after the previous turn."""
    end = len(messages)
    while end and messages[end - 1].origin == "hint":
        end -= 1
    return messages[:end]


def calls_of(messages: Iterable[Message]) -> dict[str, str]:
    """The tools whose results are in these messages, by call id."""
    parts = (part for message in messages for part in message.parts)
    return {part.call: part.name for part in parts if isinstance(part, ToolResult)}


def replace_results(
    messages: tuple[Message, ...], results: Mapping[str, str]
) -> tuple[Message, ...]:
    """Replace tool results in messages, by call id."""
    return tuple(
        message.model_copy(
            update={
                "parts": tuple(
                    ToolResult(call=part.call, name=part.name, content=results[part.call])
                    if isinstance(part, ToolResult) and part.call in results
                    else part
                    for part in message.parts
                )
            }
        )
        for message in messages
    )


class Rewriting:
    """Rewrites the end of a transcript with other tool results. Nodes are taken newest first, back
    to the earliest call to replace; stored nodes do not change."""

    def __init__(self, results: Mapping[str, str]) -> None:
        self.wanted = dict(results)
        """Calls not found yet. A reused id means its newest call."""
        self._known: dict[str, str] = {}
        """The calls found so far, with their tools."""
        self._taken: list[Node] = []

    def edit_messages(self, messages: tuple[Message, ...]) -> tuple[Message, ...]:
        there = calls_of(messages)
        self._known = there | self._known
        now = {call: self.wanted.pop(call) for call in there if call in self.wanted}
        return replace_results(messages, now) if now else messages

    def take_node(self, node: Node) -> None:
        self._taken.append(node.model_copy(update={"messages": self.edit_messages(node.messages)}))

    def build_nodes(self) -> dict[str, bytes]:
        """Build the new nodes by address, oldest first: the last one is the new head."""
        made: dict[str, bytes] = {}
        parent = self._taken[-1].parent if self._taken else None
        for node in reversed(self._taken):
            body = node.model_copy(update={"parent": parent}).wire()
            parent = digest(body)
            made[parent] = body
        return made

    def check_found(self, run: str, at: int) -> None:
        for call in self.wanted:
            known = ", ".join(f"{id} ({name})" for id, name in self._known.items()) or "none"
            raise TurnNotFound(
                f"{run!r} has no tool result {call!r}. Up to turn {at} it has: {known}.",
                fix="Fork at the turn that made the call, or at a later one.",
            )


def _result_of(event: ToolCallFinished) -> ToolResult:
    return ToolResult(
        call=event.call_id,
        name=event.name,
        content=event.content,
        error=None if event.ok else True,
        artifact=event.artifact,
    )


def _no_turn(run: str, at: int, last: int, *, called: bool) -> RunError:
    if called:
        return TurnNotFound(f"Turn {at} of {run!r} has no reply yet.")
    turns = f"its last turn is {last}" if last else "it has no turn yet"
    return TurnNotFound(f"Run {run!r} has no turn {at}: {turns}.")
