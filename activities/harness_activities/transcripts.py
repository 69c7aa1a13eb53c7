"""Find the conversation in which a tool call was made."""

from __future__ import annotations

from temporalio import activity

from harness.contracts.message import Message
from harness.contracts.tool import RunTool
from harness.store import Transcripts

CALLS = 3
"""How often a model call of a turn may have been repeated, for its transcript to be found."""


async def load_before_call(transcripts: Transcripts, request: RunTool) -> list[Message] | None:
    """Load the conversation up to the reply that made the call; None if it cannot be found."""
    execution = activity.info().workflow_run_id or ""
    for call in range(CALLS):
        found = await transcripts.find(execution, request.turn, call)
        if found is None:
            continue
        messages = await transcripts.load(found.head)
        if messages and any(each.id == request.call.id for each in messages[-1].calls):
            return messages[:-1]
    return None
