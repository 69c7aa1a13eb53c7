"""Talks to the session of a conversation: starts it, sends it updates, asks it."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any, TypeVar

from temporalio.client import (
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import WorkflowIDReusePolicy
from temporalio.service import RPCError, RPCStatusCode

from harness.contracts.base import Word
from harness.contracts.errors import (
    ConversationExists,
    ConversationNotFound,
    HarnessError,
    InvalidMessage,
    NoWorker,
    RunIdTaken,
)
from harness.conversations.capability import CONVERSATIONS
from harness.conversations.contracts import (
    CARD_MEMO,
    SESSION,
    Card,
    Receipt,
    SessionCarry,
    SessionSpec,
    SessionView,
    session_workflow,
)
from harness.conversations.marks import check_card
from harness.engine import served
from harness.engine.connection import Connection
from harness.engine.refusals import read_refusal
from harness.engine.retry import unreachable_error
from harness.engine.signed_start import start_workflow

ANSWER_S = 10.0
AGAIN_S = 20.0

W = TypeVar("W", bound=Word)


async def restart_session(connection: Connection, card: Card) -> None:
    """Start the session of a conversation anew, after somebody ended it in Temporal. What waited
    in it is lost; its runs are found again."""
    await check_card(connection, card, session_workflow(card.id))
    with suppress(ConversationExists):
        await start_session(
            connection,
            card,
            carry=SessionCarry(headless=True),
            reuse=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        )


async def start_session(
    connection: Connection,
    card: Card,
    *,
    carry: SessionCarry | None = None,
    reuse: WorkflowIDReusePolicy = WorkflowIDReusePolicy.REJECT_DUPLICATE,
) -> None:
    """Start the session of a new conversation."""
    try:
        await start_workflow(
            connection,
            CONVERSATIONS,
            SESSION,
            SessionSpec(card=card, carry=carry),
            id=session_workflow(card.id),
            memo={CARD_MEMO: card},
            id_reuse_policy=reuse,
            static_summary=card.title or f"Conversation {card.id}",
        )
    except RunIdTaken:
        raise ConversationExists(f"Conversation {card.id!r} already exists.") from None


async def update_session(
    connection: Connection, conversation: str, name: str, word: Word, kind: type[W], key: str
) -> W:
    """Send an update under one id, so that a retry is not a second one."""
    handle = _handle(connection, conversation)
    try:
        for patience in (ANSWER_S, AGAIN_S):
            with suppress(WorkflowUpdateRPCTimeoutOrCancelledError):
                return await handle.execute_update(
                    name, word, id=key, result_type=kind, rpc_timeout=timedelta(seconds=patience)
                )
            if await _view(handle) is None:
                break
    except WorkflowUpdateFailedError as error:
        raise read_refusal(error) or InvalidMessage(str(error.cause)) from None
    except RPCError as error:
        raise _map_rpc_error(conversation, error) from error
    raise NoWorker(
        f"No worker answers for conversation {conversation!r}. What was sent is queued and takes "
        "effect once a worker does.",
        fix="Start a worker: harness worker FILE.py. Repeat it with the same message id to check.",
    )


async def find_receipt(connection: Connection, conversation: str, message: str) -> Receipt | None:
    """What the session knows of a message now; None if nothing, or if no worker answers."""
    try:
        return await _ask(_handle(connection, conversation), "receipt", Receipt, message)
    except RPCError as error:
        raise _map_rpc_error(conversation, error) from error


async def describe_session(connection: Connection, conversation: str) -> SessionView | None:
    """What the session says; None if no worker answers."""
    try:
        return await _view(_handle(connection, conversation))
    except RPCError as error:
        raise _map_rpc_error(conversation, error) from error


async def read_card(
    connection: Connection, conversation: str, *, ended: bool = True
) -> Card | None:
    """The card as Temporal has it, which needs no worker; None if there is no such session.
    `ended`: also of one that somebody ended.

    Raises:
        RunForged: Somebody else wrote the card.
    """
    handle = _handle(connection, conversation)
    try:
        description = await served.describe_run(handle)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise unreachable_error(error) from error
    if not ended and description.close_time is not None:
        return None
    card = await description.memo_value(CARD_MEMO, None, type_hint=Card)
    if card is not None:
        await check_card(connection, card, session_workflow(conversation))
    return card


async def _view(handle: WorkflowHandle[Any, Any]) -> SessionView | None:
    return await _ask(handle, "describe", SessionView)


async def _ask(handle: WorkflowHandle[Any, Any], query: str, kind: type[W], *args: str) -> W | None:
    try:
        return await handle.query(
            query, args=args, result_type=kind, rpc_timeout=timedelta(seconds=ANSWER_S)
        )
    except WorkflowQueryFailedError:
        return None
    except RPCError as error:
        if error.status in served.UNSERVED:
            return None
        raise


def _handle(connection: Connection, conversation: str) -> WorkflowHandle[Any, Any]:
    return connection.temporal.get_workflow_handle(session_workflow(conversation))


def _map_rpc_error(conversation: str, error: RPCError) -> HarnessError:
    if error.status is RPCStatusCode.NOT_FOUND:
        return ConversationNotFound(f"There is no conversation {conversation!r}.")
    return unreachable_error(error)
