"""The mark of a card covers what never changes of a conversation, and nothing else."""

from __future__ import annotations

import pytest

from harness.conversations.contracts import Card, Change
from harness.conversations.marks import is_card_signed, sign_card
from harness.crypto.signing import Signer

SIGNER = Signer(b"k" * 32)
CARD = Card(
    id="c", owner="ann", agent="a", state="active", policy="queue", created=1.25, changed=1.25
)
LASTING = {
    "id": "d",
    "owner": "bob",
    "agent": "b",
    "model": "p/m",
    "base": "n",
    "created": 1.5,
    "forked_from": "e",
}
CHANGEABLE = {"title", "tags", "state", "before", "policy", "changed", "mark"}


def test_every_field_is_either_covered_or_changeable() -> None:
    assert set(Card.model_fields) == LASTING.keys() | CHANGEABLE


@pytest.mark.parametrize("field", LASTING)
def test_what_lasts_is_covered(field: str) -> None:
    signed = sign_card(SIGNER, "default", CARD)
    assert is_card_signed(SIGNER, "default", Card.model_validate_json(signed.wire()))
    changed = signed.model_copy(update={field: LASTING[field]})
    assert not is_card_signed(SIGNER, "default", changed)


def test_an_absent_owner_is_not_an_empty_one() -> None:
    signed = sign_card(SIGNER, "default", CARD.model_copy(update={"owner": None}))
    assert not is_card_signed(SIGNER, "default", signed.model_copy(update={"owner": ""}))


def test_a_mark_is_for_one_namespace_and_one_key() -> None:
    signed = sign_card(SIGNER, "default", CARD)
    assert not is_card_signed(SIGNER, "other", signed)
    assert not is_card_signed(Signer(b"l" * 32), "default", signed)
    assert not is_card_signed(SIGNER, "default", CARD)


def test_a_user_may_change_the_rest() -> None:
    signed = sign_card(SIGNER, "default", CARD)
    change = Change(title="t", tags=("x",), policy="reject", act="archive")
    assert is_card_signed(SIGNER, "default", signed.change(change, 9.0))
