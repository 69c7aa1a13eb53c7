"""Call functions of the agent through its worker: history keeps what they return."""

from __future__ import annotations

import asyncio
from typing import TypeVar

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

from harness.contracts.agent_code import CheckOutput
from harness.contracts.message import user_message
from harness.contracts.model import ModelTurn
from harness_workflows.run import card, waits
from harness_workflows.run.calls import start_instructions, start_output_check
from harness_workflows.run.failures import map_failure
from harness_workflows.run.progress import RunProgress

Result = TypeVar("Result")


async def insert_instructions(progress: RunProgress) -> None:
    """Put the instructions before the first message, if the agent writes them for each run."""
    spec = progress.spec
    if not spec.instructs or spec.carry is not None:
        return
    card.show_doing(progress, "writing the instructions")
    text = await await_function(progress, start_instructions(spec))
    if text:
        progress.messages.insert(0, user_message(text, origin="instructions"))


async def validate_reply(progress: RunProgress, reply: ModelTurn) -> ModelTurn | None:
    """Run the agent's output validators on the reply; None if the run was aborted first.
    A what-if does not run them: like tools, they may reach the world through the agent's deps."""
    spec = progress.spec
    if not spec.checks or spec.playback is not None or reply.message.calls or reply.invalid:
        return reply
    card.show_doing(progress, "checking the output")
    request = CheckOutput(
        spec=spec.spec,
        turn=progress.turn,
        text=reply.message.text,
        data=reply.data,
        salt=spec.salt,
    )
    checked = await await_function(progress, start_output_check(spec, request))
    if checked is None:
        return None
    if checked.text is not None:
        progress.reply = checked.text
    data = reply.data if checked.data is None else checked.data
    return reply.model_copy(update={"data": data, "invalid": checked.invalid})


async def await_function(
    progress: RunProgress, handle: workflow.ActivityHandle[Result]
) -> Result | None:
    """Return the function's result; None if the run was aborted first."""
    progress.function = handle
    result: Result | None = None
    try:
        result = await handle
    except (asyncio.CancelledError, ActivityError) as error:
        if not is_cancelled_exception(error):
            raise map_failure(error) from None
    progress.function = None
    waits.notice_cancel(progress)
    return result
