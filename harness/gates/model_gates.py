"""The gates around each model call."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar, cast

from harness.commons.redact import mask_kinds
from harness.contracts.errors import GateStopped
from harness.contracts.gate import Derived, GateVerdict
from harness.contracts.message import Message, ToolCall
from harness.contracts.model import ModelReply, ModelRequest
from harness.engine.connection import Connection
from harness.gates.answers import clean_reply
from harness.gates.configured import load_gates
from harness.gates.judge import ask_gate, describe
from harness.gates.masking import Masking
from harness.gates.provenance import Provenance
from harness.gates.settings import GatesSettings
from harness.interceptors import (
    AskPerson,
    Change,
    Gate,
    ModelAnswer,
    ModelCall,
    ModelInterceptor,
    NextModel,
    Note,
    Stop,
)

ON_LOOP = 4_000
"""Characters of an answer that are cleaned on the event loop, in about 2 ms; more in a thread."""

Passing = TypeVar("Passing", ModelRequest, ModelReply)


def make_model_gates(connection: Connection) -> ModelInterceptor:
    """Make what stands around each model call of a worker process."""
    settings = connection.settings.section(GatesSettings)
    patterns = {name: re.compile(each) for name, each in settings.redact.patterns.items()}
    mask_kinds(settings.redact.logs, patterns)  # of this process, which holds what runs say
    return ModelGates(settings, load_gates(settings.add))


class ModelGates:
    """Asks the gates of model calls, masks what a provider must not read, cleans answers, and
    traces the arguments of the tool calls in a reply."""

    def __init__(self, settings: GatesSettings, configured: Sequence[Gate] = ()) -> None:
        self._settings = settings
        self._configured = configured
        self._provenance = Provenance(settings.allow)
        self._masking = Masking(settings.redact)

    async def call_model(self, call: ModelCall, next: NextModel) -> ModelReply:
        verdicts: list[GateVerdict] = []
        gates = (*self._configured, *call.gates)
        for gate in gates:
            if gate.place == "model_call":
                request = await self._check(gate, call, call.request, verdicts)
                call = replace(call, request=request)
        reply = await self._send(call, next)
        for gate in gates:
            if gate.place == "model_reply":
                reply = await self._check(
                    gate, ModelAnswer(call=call, reply=reply), reply, verdicts
                )
        if self._settings.profile != "off":
            if not reply.message.calls:
                reply = await self._clean(call, reply, verdicts)
            else:
                reply = self._trace(call, reply)
        return reply.model_copy(update={"gates": tuple(verdicts)}) if verdicts else reply

    async def _send(self, call: ModelCall, next: NextModel) -> ModelReply:
        """Send the request with placeholders, and put the values back into the reply."""
        masks = self._masking.find_masks(call)
        if masks is None:
            return await next(call)
        sink = masks.open_sink(call.sink)
        masked = replace(call, request=masks.mask_request(call.request), sink=sink.write)
        reply = await next(masked)
        sink.close()
        json = call.request.output is not None
        return reply.model_copy(update={"message": masks.unmask_message(reply.message, json=json)})

    async def _clean(
        self, call: ModelCall, reply: ModelReply, verdicts: list[GateVerdict]
    ) -> ModelReply:
        profile = self._settings.profile
        if len(reply.message.text) <= ON_LOOP:
            return clean_reply(call, reply, profile, verdicts)
        return await asyncio.to_thread(clean_reply, call, reply, profile, verdicts)

    async def _check(
        self, gate: Gate, subject: object, passing: Passing, verdicts: list[GateVerdict]
    ) -> Passing:
        """Return what passes the gate; raises GateStopped if nothing does."""
        decision = await ask_gate(gate, subject, self._settings.seconds)
        if isinstance(decision, Change) and type(decision.to) is not type(passing):
            decision = Stop(f"it changes a {type(passing).__name__} to something else")
        if isinstance(decision, AskPerson):
            decision = Stop(f"{decision.reason} (a person can be asked about tool calls only)")
        if decision is None:
            return passing
        if isinstance(decision, Stop):
            raise GateStopped(f"Gate {gate.name}: {describe(decision.reason)}.")
        verdicts.append(
            GateVerdict(
                gate=gate.name,
                place=gate.place,
                verdict="note" if isinstance(decision, Note) else "change",
                reason=describe(decision.reason),
            )
        )
        return passing if isinstance(decision, Note) else cast("Passing", decision.to)

    def _trace(self, call: ModelCall, reply: ModelReply) -> ModelReply:
        """Add to each tool call which of its arguments come from untrusted content."""
        messages = call.transcript or call.request.messages
        calls = reply.message.calls
        found = self._provenance.trace_calls(messages, call.request.instructions, calls)
        if not any(found):
            return reply
        return reply.model_copy(update={"message": _add_derived(reply.message, found)})


def _add_derived(message: Message, found: Sequence[tuple[Derived, ...]]) -> Message:
    rest = iter(found)
    parts = tuple(
        part.model_copy(update={"derived": next(rest) or None})
        if isinstance(part, ToolCall)
        else part
        for part in message.parts
    )
    return message.model_copy(update={"parts": parts})
