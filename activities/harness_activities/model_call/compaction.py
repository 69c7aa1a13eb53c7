"""The `compact_context` activity: a model summarizes a conversation, and a node beside it keeps the
summary. The conversation itself does not change."""

from __future__ import annotations

from dataclasses import dataclass, replace

from temporalio import activity

from harness.contracts.message import Message
from harness.contracts.model import CompactContext, Compacted
from harness.contracts.transcript import Node
from harness.interceptors import Caller
from harness.providers.context.assemble import Assembled, assemble
from harness.providers.context.compaction import (
    build_summary_request,
    divide_conversation,
    make_summary,
)
from harness.providers.context.estimate import estimate_fixed, estimate_message
from harness.providers.plan import Models
from harness.store.specs import Specs
from harness.store.transcripts.chain import Transcripts
from harness_activities.guard import Guard
from harness_activities.heartbeats import sending_heartbeats
from harness_activities.parts import ProcessParts

COMPACT_CALL = -2
"""The call number under which the index has what stands for a conversation."""


def make_compaction(parts: ProcessParts) -> Compaction:
    """Make the activity, which all agents of a process share."""
    return Compaction(parts.models, parts.connection.stores.specs, parts.transcripts, parts.guard)


@dataclass(frozen=True)
class Compaction:
    models: Models
    specs: Specs
    transcripts: Transcripts
    guard: Guard

    @activity.defn(name="compact_context")
    async def compact_context(self, request: CompactContext) -> Compacted:
        with sending_heartbeats():
            if earlier := await self._find_earlier(request):
                return earlier
            await self.transcripts.wait_for_room()
            spec = await self.specs.get(request.spec)
            whole = await self.transcripts.load(request.head)
            now = assemble(spec, whole, request.scale)
            before = request.measured or _estimate(now, request.scale)
            at, parts = spec.context.compact_at, divide_conversation(whole, spec.context.keep_last)
            if at is None or before <= at or parts is None:
                return Compacted(replaces=request.head, before=before, after=before)
            caller = replace(await self.guard.find_caller(request), purpose="compaction")
            plan, asked = build_summary_request(spec, request.model, parts.old)
            answer = await self.models.answer(
                caller, plan.candidates, plan, asked, _ignore, _ignore
            )
            summary = make_summary(answer.reply.message.text, parts.old)
            messages = (*parts.pinned, summary, *parts.newest)
            after = _estimate(assemble(spec, messages, request.scale), request.scale)
            made = Compacted(
                replaces=request.head,
                before=before,
                after=after,
                summarized=sum(each.origin != "summary" for each in parts.old),
                summary=summary.text,
                model=answer.model,
                usage=answer.reply.usage,
                cost_micros=answer.cost_micros,
                ms=round(answer.ms, 1),
            )
            return await self._keep(request, made, messages, caller)

    async def _find_earlier(self, request: CompactContext) -> Compacted | None:
        """Find what an earlier attempt made but could not report."""
        run_id = activity.info().workflow_run_id or ""
        found = await self.transcripts.find(run_id, request.turn, COMPACT_CALL)
        if found is None or found.reply is None:
            return None
        made = Compacted.model_validate_json(found.reply)
        if made.replaces != request.head:
            return None  # after a reset, another conversation has the same number
        await self.transcripts.flush(found.head)
        return made.model_copy(update={"head": found.head})

    async def _keep(
        self,
        request: CompactContext,
        made: Compacted,
        messages: tuple[Message, ...],
        caller: Caller,
    ) -> Compacted:
        """Store the node, durably: history does not have its messages."""
        node = Node(messages=messages, salt=request.salt, replaces=request.head)
        head = self.transcripts.add(
            node, run=activity.info().workflow_run_id or "", turn=request.turn,
            call=COMPACT_CALL, reply=made.wire(), owner=caller.run,
        )  # fmt: skip
        await self.transcripts.flush(head)
        return made.model_copy(update={"head": head})


def _estimate(found: Assembled, scale: float | None) -> int:
    fixed = estimate_fixed(found.spec.instructions, found.spec.tools)
    return round((fixed + sum(map(estimate_message, found.fitted.messages))) * (scale or 1.0))


def _ignore(text: str) -> None:
    """Nobody watches a summary being written."""
