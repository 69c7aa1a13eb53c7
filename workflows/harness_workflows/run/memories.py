"""Begin a run with memories, and extract facts from it when it has its answer."""

from __future__ import annotations

import asyncio

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

from harness.contracts.memory_work import LearnMemories
from harness.contracts.message import user_message
from harness_workflows.run import card
from harness_workflows.run.calls import start_learning, start_recall
from harness_workflows.run.functions import await_function
from harness_workflows.run.progress import RunProgress


async def insert_memories(progress: RunProgress) -> None:
    """Put memories before the first message. The transcript keeps them, so that later turns, forks
    and replay have the same."""
    spec = progress.spec
    if not spec.remembers or spec.carry is not None or spec.playback is not None:
        return
    card.show_doing(progress, "recalling memories")
    recalled = await await_function(progress, start_recall(spec))
    if recalled is not None and recalled.text:
        progress.messages.insert(0, user_message(recalled.text, origin="memories"))


async def learn_from_run(progress: RunProgress) -> None:
    """Extract facts from the run. Its answer stands, whatever becomes of that."""
    spec = progress.spec
    if not spec.learns or spec.playback is not None or progress.cancelled:
        return
    card.show_doing(progress, "extracting memories")
    # What is not known to be durable goes along.
    held = tuple(message for node in progress.sent for message in node.messages)
    head = progress.saved if held else progress.head
    request = LearnMemories(
        spec=spec.spec, turn=progress.turn, since=spec.head, head=head, messages=held,
        salt=spec.salt,
    )  # fmt: skip
    progress.function = start_learning(spec, request)
    try:
        learned = await progress.function
        progress.totals = progress.totals.plus(usage=learned.usage, cost_micros=learned.cost_micros)
    except (asyncio.CancelledError, ActivityError) as error:
        if not is_cancelled_exception(error):
            workflow.logger.warning("no memories were extracted")
    progress.function = None
