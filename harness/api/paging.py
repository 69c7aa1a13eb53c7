"""Cursors of lists: opaque to clients, and signed for the list that they came from."""

from __future__ import annotations

import base64
import binascii

from harness.contracts.errors import CursorUnknown
from harness.crypto.signing import Signer

MAX_CURSOR = 4000
PURPOSE = "api cursor"


def encode_cursor(signer: Signer, token: bytes, query: str) -> str | None:
    """The cursor for the page after `token`; None after the last page."""
    if not token:
        return None
    mac = signer.sign(PURPOSE, query, token)
    return f"{mac}.{base64.urlsafe_b64encode(token).decode()}"


def decode_cursor(signer: Signer, cursor: str | None, query: str) -> bytes:
    """The token in a cursor; empty without one. Temporal sees no token that it did not make.

    Raises:
        CursorUnknown: The cursor is malformed or belongs to a list with other filters.
    """
    if cursor is None:
        return b""
    mac, _, text = cursor[:MAX_CURSOR].partition(".")
    try:
        token = base64.b64decode(text, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise CursorUnknown("The cursor is malformed.") from None
    if not mac.isascii() or not signer.is_signed(mac, PURPOSE, query, token):
        raise CursorUnknown("The cursor does not belong to this list, or its filters changed.")
    return token
