"""The conversation that a thread of a user interface is, and the run that answers its message.

A client sends the whole thread with each message. Only the last message of the user is taken from
it: what was said before is in the conversation.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress

from harness.api.caller import Caller
from harness.api.context import ApiContext
from harness.contracts.errors import (
    ConversationExists,
    ConversationNotFound,
    InvalidRequest,
    RunBusy,
    from_info,
)
from harness.contracts.message import Text
from harness.conversations.checks import is_id
from harness.conversations.contracts import MAX_ID, MAX_MESSAGE_ID, Card, turn_run
from harness.conversations.opening import open_conversations
from harness.conversations.turns import find_last, read_turn_spec

DIGEST_CHARS = 24


async def find_thread(context: ApiContext, caller: Caller, agent: str, thread: str) -> Card | None:
    """The conversation that a thread stands for: the one with this id, if the caller may see it, or
    the one that an earlier message of the thread created."""
    conversations = open_conversations(context, caller)
    with suppress(ConversationNotFound):
        if is_id(thread, MAX_ID):
            return _check_agent(await conversations.find(thread), agent)
    with suppress(ConversationNotFound):
        return await conversations.find(thread_conversation(caller, agent, thread))
    return None


async def open_thread(context: ApiContext, caller: Caller, agent: str, thread: str) -> Card:
    """The conversation that a thread stands for; created with the thread's first message."""
    card = await find_thread(context, caller, agent, thread)
    if card is not None:
        return card
    conversations, id = (
        open_conversations(context, caller),
        thread_conversation(caller, agent, thread),
    )
    try:
        return await conversations.create(agent, id=id, owner=caller.user)
    except ConversationExists:  # by the same request, sent twice at once
        return await conversations.find(id)


async def send_to_thread(
    context: ApiContext, caller: Caller, card: Card, message: str, text: str
) -> int:
    """Send a message; return the number of the run that answers it. The same message again is
    answered by the same run.

    Raises:
        RunBusy: Another message is being answered.
    """
    id = message if is_id(message, MAX_MESSAGE_ID) else _digest(message)
    receipt = await open_conversations(context, caller).send(
        card.id, [Text(text=text)], message=id, policy="reject"
    )
    if receipt.outcome == "not_answered" and receipt.error is not None:
        raise from_info(receipt.error)
    if receipt.run is None:
        raise RunBusy(
            f"Message {id!r} waits until others are answered.",
            fix="Send the same request again later.",
        )
    return turn_number(card, receipt.run)


async def find_open_turn(context: ApiContext, card: Card) -> int | None:
    """The number of the conversation's newest run, unless it has ended."""
    number = await find_last(context.connection, card.id)
    if number == 0 or await read_turn_spec(context.connection, card, number) is None:
        return None
    run, reads = turn_run(card.id, number), context.reads
    _, observed = await reads.check_owner(run)
    known = await reads.read_card(run, observed or await reads.observe(run))
    return None if known.state.over else number


def turn_number(card: Card, run: str) -> int:
    """The number of a conversation's run."""
    number = int(run.rpartition(".")[2])
    assert turn_run(card.id, number) == run
    return number


def thread_conversation(caller: Caller, agent: str, thread: str) -> str:
    """The id of the conversation that a thread creates. A thread of one user must not name what
    another one's created, nor tell whether it exists."""
    return f"thread-{_digest(caller.user, agent, thread)}"


def _digest(*words: str) -> str:
    text = "\0".join(words).encode(errors="surrogatepass")
    return hashlib.sha256(text).hexdigest()[:DIGEST_CHARS]


def _check_agent(card: Card, agent: str) -> Card:
    if card.agent != agent:
        raise InvalidRequest(
            f"Conversation {card.id!r} is answered by agent {card.agent!r}, not {agent[:80]!r}.",
            fix="Name that agent in the path, or use another thread id.",
        )
    return card
