"""Marks: what proves that harness created a conversation.

Whoever reaches Temporal can answer for a session, and ask its activities to sign and to write for
any card. The mark is a MAC over what never changes of a conversation, so that a session gets only
what belongs to its own one. What a user may change (title, tags, state, policy) is not covered.
"""

from __future__ import annotations

import json

from harness.contracts.errors import RunForged, RunUnsigned
from harness.conversations.contracts import Card, session_workflow
from harness.crypto.signing import Signer
from harness.engine.connection import Connection


def sign_card(signer: Signer, namespace: str, card: Card) -> Card:
    """Return the card of a new conversation with its mark."""
    mark = signer.sign("conversation", *_lasting_fields(namespace, card))
    return card.model_copy(update={"mark": mark})


def is_card_signed(signer: Signer, namespace: str, card: Card) -> bool:
    """Whether harness created this conversation, in this namespace."""
    return signer.is_signed(card.mark, "conversation", *_lasting_fields(namespace, card))


async def check_card(connection: Connection, card: Card, workflow: str) -> None:
    """Raise RunForged, or RunUnsigned if it has no mark, unless harness created the conversation
    and `workflow` is its session.

    With `worker.accept_unsigned`, sessions may be started by hand, so cards need no mark.
    """
    if session_workflow(card.id) != workflow:
        raise RunForged(f"Workflow {workflow!r} is not the session of conversation {card.id!r}.")
    if connection.settings.worker.accept_unsigned:
        return
    signer, namespace = await connection.signing.get_signer(), connection.endpoints.namespace
    if card.mark is None:
        raise RunUnsigned(
            f"The card of conversation {card.id!r} has no MAC: someone created it by hand, or a "
            "version of harness that signed none.",
            fix="Create another conversation. To use this one: worker.accept_unsigned.",
        )
    if not is_card_signed(signer, namespace, card):
        raise RunForged(f"The card of conversation {card.id!r} has no valid MAC.")


def _lasting_fields(namespace: str, card: Card) -> tuple[str, str]:
    """JSON tells an absent value from an empty one."""
    lasting = [card.id, card.owner, card.agent, card.model, card.base, card.created]
    if card.forked_from is not None:  # marks of cards without it stay valid
        lasting.append(card.forked_from)
    return namespace, json.dumps(lasting)
