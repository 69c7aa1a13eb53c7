"""The prompt of a model call, assembled again as the worker assembled it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from harness.contracts.errors import ArtifactMissing, RunError, TranscriptMissing, TurnNotFound
from harness.contracts.event import DurableEvent, ModelCalled, ModelReplied
from harness.contracts.model import AgentSpec
from harness.contracts.sent_prompt import PromptMessage, SentPrompt
from harness.contracts.transcript import Node
from harness.engine.connection import Connection
from harness.history.recording import Recording, read_history
from harness.journal.branches import drop_reset_events
from harness.journal.nodes import collect_sent, rebuild_nodes
from harness.providers.context.assemble import assemble
from harness.providers.context.estimate import estimate_fixed, estimate_message
from harness.providers.context.fit import find_pinned
from harness.store.transcripts.copying import read_nodes


class Asked(NamedTuple):
    """A model call, and its reply if it has one."""

    call: ModelCalled
    reply: ModelReplied | None


async def read_sent_prompt(connection: Connection, run: str, turn: int) -> SentPrompt:
    """Read the prompt of the last model call of a turn.

    Raises:
        TurnNotFound: The run has no such turn.
    """
    known = await read_history(connection, run)
    asked = find_call(known.run, known.events, turn)
    nodes = rebuild_nodes(known.events, known.spec.salt)
    at = asked.call.head
    while at is not None and at in nodes:  # nodes that history holds
        at = Node.model_validate_json(nodes[at]).parent
    if at is not None:
        read = await read_nodes(connection.database, connection.vault, at, nodes, whole=False)
        nodes = read | nodes
    return build_prompt(run, await connection.stores.specs.get(known.spec.spec), nodes, asked)


def read_recorded_prompt(recording: Recording, turn: int) -> SentPrompt:
    """Read the prompt of the last model call of a turn from an exported run.

    Raises:
        TurnNotFound: The run has no such turn.
        StoreError: The file lacks its agent or messages before it.
    """
    asked = find_call(recording.run, recording.events, turn)
    content = recording.specs.get(recording.spec.spec)
    if content is None:
        raise ArtifactMissing(f"The export of {recording.run!r} does not contain its agent.")
    nodes = {**rebuild_nodes(recording.events, recording.spec.salt), **recording.nodes}
    head = asked.call.head
    if head is not None and head not in nodes:
        raise TranscriptMissing(f"The export of {recording.run!r} lacks transcript node {head}.")
    return build_prompt(recording.run, AgentSpec.model_validate_json(content), nodes, asked)


def find_call(run: str, events: Iterable[DurableEvent], turn: int) -> Asked:
    """Find the last model call of a turn."""
    stands = list(drop_reset_events(events))
    calls = [each for each in stands if isinstance(each, ModelCalled)]
    found = [each for each in calls if each.turn == turn]
    if not found:
        raise _no_prompt(run, turn, calls)
    replies = (each for each in stands if isinstance(each, ModelReplied))
    place = (turn, found[-1].call)
    reply = [each for each in replies if (each.turn, each.call) == place]
    return Asked(found[-1], reply[-1] if reply else None)


def build_prompt(
    run: str, agent: AgentSpec, nodes: Mapping[str, bytes], asked: Asked
) -> SentPrompt:
    """Assemble what a call sent from its transcript."""
    call, reply = asked
    before = collect_sent(call.head, nodes)
    found = assemble(agent, [*before, *call.messages], call.scale)
    old = len(found.messages) - sum(each.origin != "instructions" for each in call.messages)
    pinned, fitted = find_pinned(found.messages), found.fitted
    messages = tuple(
        PromptMessage(
            place=place,
            message=message,
            tokens=estimate_message(message),
            state="cleared" if place in fitted.cleared
            else "summary" if message.origin == "summary"
            else "pinned" if place in pinned
            else None,
            new=True if place >= old else None,
        )
        for place, message in zip(fitted.places, fitted.messages, strict=True)
    )  # fmt: skip
    fixed = estimate_fixed(found.spec.instructions, found.spec.tools)
    estimate = (fixed + sum(each.tokens for each in messages)) * (call.scale or 1.0)
    counted = reply.usage if reply is not None and not reply.usage.estimated else None
    return SentPrompt(
        run=run,
        turn=call.turn,
        call=call.call,
        model=call.model if reply is None else reply.model,
        instructions=found.spec.instructions,
        tools=found.spec.tools,
        messages=messages,
        dropped=fitted.dropped,
        tokens=round(estimate),
        reported=None if counted is None else counted.input,
        cached=None if counted is None else counted.cached,
    )


def _no_prompt(run: str, turn: int, calls: list[ModelCalled]) -> RunError:
    turns = sorted({each.turn for each in calls})
    has = f"it has turns {turns[0]} to {turns[-1]}" if turns else "it has called no model yet"
    return TurnNotFound(f"Run {run!r} has no model call in turn {turn}: {has}.")
