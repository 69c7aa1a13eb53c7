"""When a token is renewed, and how long it is masked."""

from __future__ import annotations

import time

import pytest

from harness.commons.redact import redact
from harness.mcp_tools.sign_in.masked import REPLACED, Masked
from harness.mcp_tools.sign_in.record import Tokens


@pytest.mark.parametrize(
    ("rest", "expired"), [(-1.0, True), (5.0, True), (60.0, False), (None, False)]
)
def test_a_token_is_renewed_before_it_expires(rest: float | None, expired: bool) -> None:
    expires_at = None if rest is None else time.time() + rest
    assert Tokens(access="tok-123456", expires_at=expires_at).has_expired is expired


def test_the_last_replaced_tokens_stay_masked() -> None:
    """Requests with them may be in flight; those before are forgotten, for each costs time."""
    masked = Masked()
    tokens = [f"tok-masked-{number}" for number in range(REPLACED + 2)]
    for token in tokens:
        masked.replace([token])
    assert redact(tokens[0]) == tokens[0]
    assert not any(token in redact(token) for token in tokens[1:])
