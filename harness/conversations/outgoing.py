"""Makes the message that a conversation's session receives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from harness.agent.checks import check_budget
from harness.contracts.message import FileRef, Image, Text
from harness.conversations.contracts import Policy, SendMessage, TurnOptions, UserPart
from harness.engine.connection import Connection, get_identity
from harness.prompts.client import Prompts
from harness.prompts.prompt import Prompt
from harness.runs.start import new_id
from harness.runs.start_request import check_model


class WithFiles(NamedTuple):
    """A text or a template, and what is attached to it."""

    asked: str | Prompt
    files: tuple[Image | FileRef, ...]


Asked = str | Sequence[UserPart] | Prompt | WithFiles
"""What a message can be made of."""


async def make_message(
    connection: Connection,
    parts: Asked,
    id: str | None,
    policy: Policy | None,
    by: str | None,
    options: TurnOptions | None = None,
) -> SendMessage:
    """Make a message; a template gets its text now, whenever the message is answered."""
    template, files = None, ()
    if isinstance(parts, WithFiles):
        parts, files = parts
    if options is not None and options.model is not None:
        check_model(options.model)
    if options is not None and options.budget is not None:
        check_budget(options.budget)
    if isinstance(parts, Prompt):
        filled = await Prompts(connection).fill(parts)
        parts, template = filled.text, filled.pinned
    return SendMessage(
        id=id or new_id("message"),
        parts=(*((Text(text=parts),) if isinstance(parts, str) else parts), *files),
        policy=policy,
        by=by or get_identity(),  # a worker, which starts its run, is not the sender
        template=template,
        options=options,
    )
