"""The activities of memory: what a run begins with, and what is extracted from it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from temporalio import activity

from harness.commons.log import get_logger
from harness.contracts.errors import MemoryRefused, MemoryTampered
from harness.contracts.memory import Trust
from harness.contracts.memory_work import (
    LearnedMemories,
    LearnMemories,
    RecalledMemories,
    RecallMemories,
)
from harness.contracts.message import Message
from harness.contracts.model import Candidate, ModelPlan, ModelRequest
from harness.interceptors import Caller
from harness.memory.client import Memories
from harness.memory.extraction import ExtractedFact, build_request, read_facts
from harness.memory.ranking import fit_tokens
from harness.memory.rendering import LOST, render_memories
from harness.memory.rows import Origin, scopes_of
from harness.memory.trust import was_said
from harness.memory.writing import Fact
from harness.providers.plan import Answer
from harness_activities.heartbeats import sending_heartbeats
from harness_activities.parts import Activity, AgentParts, ProcessParts

TRUSTED: tuple[Trust, ...] = ("said", "inferred")

log = get_logger(__name__)


def make_activities(parts: AgentParts) -> list[Activity]:
    """The activities of memory, for the queue of an agent."""
    activities = MemoryActivities(parts.process)
    return [activities.recall_memories, activities.learn_memories]


@dataclass(frozen=True)
class MemoryActivities:
    """Recalls and extracts memories for runs."""

    parts: ProcessParts

    @activity.defn(name="recall_memories")
    async def recall_memories(self, request: RecallMemories) -> RecalledMemories:
        """Find the memories that fit the prompt. A run does not fail for want of them."""
        with sending_heartbeats():
            spec = await self.parts.connection.stores.specs.get(request.spec)
            policy = spec.memory
            if policy is None or not policy.recall:
                return RecalledMemories()
            caller = await self.parts.guard.find_caller(request)
            memories = Memories(self.parts.connection, caller.owner)
            try:
                found = await memories.search(
                    request.query,
                    limit=policy.recall,
                    scopes=scopes_of(caller.run, caller.session),
                    trusts=None if policy.untrusted else TRUSTED,
                )
            except MemoryTampered as error:
                log.warning("a run begins without memories", run=caller.run, why=error.message)
                return RecalledMemories(text=LOST)
        text = render_memories(fit_tokens(found, policy.recall_tokens))
        return RecalledMemories(text=text or None)

    @activity.defn(name="learn_memories")
    async def learn_memories(self, request: LearnMemories) -> LearnedMemories:
        """Extract facts from the run's conversation with a model, and add them."""
        with sending_heartbeats():
            connection = self.parts.connection
            spec = await connection.stores.specs.get(request.spec)
            if spec.memory is None or spec.memory.learn is None:
                return LearnedMemories()
            caller = await self.parts.guard.find_caller(request)
            memories = Memories(connection, caller.owner)
            if activity.info().attempt > 1 and (known := await memories.list_learned(caller.run)):
                return LearnedMemories(ids=tuple(known))
            earlier, own = await self._load_messages(request)
            asked = build_request(spec.memory.learn, earlier, own)
            if not asked.messages[0].text:
                return LearnedMemories()  # the conversation holds no person's words that may count
            answer = await self._ask(caller, spec.memory.learn, asked)
            ids, problem = await _add_facts(memories, caller, answer.reply.message.text, own)
        return LearnedMemories(
            ids=tuple(ids), model=answer.model, usage=answer.reply.usage,
            cost_micros=answer.cost_micros, problem=problem,
        )  # fmt: skip

    async def _load_messages(self, request: LearnMemories) -> tuple[list[Message], list[Message]]:
        """The messages before the run, and its own."""
        transcripts = self.parts.transcripts
        before = await transcripts.load(request.since) if request.since else []
        stored = await transcripts.load(request.head) if request.head else []
        every = [*stored, *request.messages]
        return every[: len(before)], every[len(before) :]

    async def _ask(self, caller: Caller, model: str, request: ModelRequest) -> Answer:
        plan = ModelPlan(candidates=(Candidate(model=model),))
        return await self.parts.models.answer(
            caller, plan.candidates, plan, request, lambda _: None, lambda _: None
        )


async def _add_facts(
    memories: Memories, caller: Caller, answer: str, own: Sequence[Message]
) -> tuple[list[str], str | None]:
    """Add what the model extracted; returns the ids, and why it was not more."""
    try:
        facts = [_stamp(each, caller, own) for each in read_facts(answer, own)]
        written = await memories.add_all(facts, skip_unknown=True)
    except ValueError as error:
        return [], str(error)[:300]
    except (MemoryRefused, MemoryTampered) as error:
        return [], error.message
    return [each.id for each in written if each.added], None


def _stamp(extracted: ExtractedFact, caller: Caller, own: Sequence[Message]) -> Fact:
    origin = Origin(
        source="extraction",
        trust="said" if was_said(own, extracted.fact) else "inferred",
        made=time.time(), run=caller.run, session=caller.session, agent=caller.agent,
        turn=caller.turn, message=str(extracted.message),
    )  # fmt: skip
    return Fact(text=extracted.fact, lane="owner", origin=origin, replaces=extracted.replaces)
