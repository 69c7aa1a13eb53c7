"""Make the transcript of a run durable before a history ends, or another agent continues it."""

from __future__ import annotations

import asyncio
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError

from harness.contracts.errors import TranscriptMissing
from harness.contracts.transcript import SaveTranscript
from harness_workflows.run import card, waits
from harness_workflows.run.calls import save_transcript_now
from harness_workflows.run.failures import map_failure
from harness_workflows.run.progress import RunProgress
from harness_workflows.run.tools import settle_calls


async def save_transcript(progress: RunProgress, *, pending: bool = True) -> None:
    """Save what is not known to be durable, as far as that is possible. `pending`: with the
    messages that no model has read yet."""
    if pending:
        settle_calls(progress)
    messages = tuple(progress.messages) if pending else ()
    if not messages and not progress.sent:
        return
    card.show_doing(progress, "saving the transcript")
    try:
        progress.head = await save_nodes(progress, progress.head, messages)
    except (ActivityError, asyncio.CancelledError):
        # A run can end without the database: history still has the messages.
        workflow.logger.warning("the transcript could not be saved")
    waits.notice_cancel(progress)


async def save_nodes(progress: RunProgress, head: str | None, messages: tuple[Any, ...]) -> str:
    """Save messages after `head`, and what before them is not known to be durable."""
    salt = progress.spec.salt
    request = SaveTranscript(head=head, messages=messages, turn=progress.turn, salt=salt)
    try:
        return await save_transcript_now(progress.spec, request)
    except ActivityError as error:
        if not isinstance(map_failure(error), TranscriptMissing) or not progress.sent:
            raise
    head, messages = progress.requeue_unsaved(messages)
    request = SaveTranscript(head=head, messages=messages, turn=progress.turn, salt=salt)
    return await save_transcript_now(progress.spec, request)
