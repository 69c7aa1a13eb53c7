"""Start runs and turns of conversations through a daemon."""

from __future__ import annotations

import uuid
from argparse import Namespace
from typing import TYPE_CHECKING

from harness.cli.conversations.answers import find_turn
from harness.cli.out import Out
from harness.cli.runs.agents import PUBLISHED
from harness.cli.server_choice import refuse_remote
from harness.contracts.errors import (
    ConversationExists,
    ConversationNotFound,
    InvalidAgent,
    InvalidValue,
    NotRemote,
    RunFailed,
    from_info,
)
from harness.conversations.contracts import TurnOptions

if TYPE_CHECKING:
    from harness.contracts.run import Budget
    from harness.prompts.prompt import Prompt
    from harness.remote.backend import RemoteBackend
    from harness.remote.run import RemoteRun

ASSISTANT = "assistant"


def choose_published(args: Namespace) -> str:
    """The published agent that the command names: the code of any other is not at the daemon."""
    refuse_remote(args, "workspace")
    return read_published(args.agent or f"{PUBLISHED}{ASSISTANT}")


def read_published(where: str) -> str:
    """The name in @NAME."""
    if not where.startswith(PUBLISHED):
        raise NotRemote(
            f"{where} is a file of this machine, which a daemon does not run.",
            fix="Name a published agent: harness agents. To run the file here: --server local",
        )
    if where == PUBLISHED:
        raise InvalidAgent("@ names no agent.", fix="List the published ones: harness agents")
    return where.removeprefix(PUBLISHED)


async def note_unserved(backend: RemoteBackend, agent: str, out: Out) -> None:
    """Say so if no worker serves the agent: its runs wait."""
    if out.json:
        return
    listed = await backend.list_agents()
    if not any(each.workers for each in listed if each.publication.name == agent):
        out.note(f"No worker serves {agent} now. The run waits for one.")


async def start_turn(
    backend: RemoteBackend,
    agent: str,
    args: Namespace,
    asked: str | Prompt,
    budget: Budget | None,
) -> RemoteRun:
    """Send a message to the conversation that is the session, and return the run that answers."""
    await _open_session(backend, agent, args)
    receipt = await backend.conversations.send(
        args.session, asked, message=f"cli-{uuid.uuid4()}", policy="reject",
        options=TurnOptions(budget=budget),
    )  # fmt: skip
    turn = await find_turn(backend.conversations, args.session, receipt)
    if turn.run is None:
        raise from_info(turn.error) if turn.error else RunFailed("No run answered the message.")
    return backend.get_run(turn.run)


async def _open_session(backend: RemoteBackend, agent: str, args: Namespace) -> None:
    """Create the conversation, or check that it is the one that the command means."""
    try:
        card = (await backend.conversations.read(args.session)).card
    except ConversationNotFound:
        try:
            await backend.conversations.create(agent, id=args.session, model=args.model)
        except ConversationExists as error:
            raise ConversationExists(
                error.message, fix="Choose another name: --session NAME"
            ) from None
        return
    if args.agent and card.agent != agent:
        raise InvalidValue(
            f"Session {card.id!r} is answered by {card.agent}, not by {agent}.",
            fix="Omit --agent, or choose another session.",
        )
    if args.model and card.model != args.model:
        raise InvalidValue(
            f"Session {card.id!r} uses {card.model or 'the model of its agent'}.",
            fix="Omit --model, or choose another session.",
        )
