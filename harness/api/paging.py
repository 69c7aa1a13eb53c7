"""Cursors of lists: opaque to clients, bound to the list that they came from."""

from __future__ import annotations

import base64
import binascii
import hashlib

from harness.contracts.errors import CursorUnknown

MAX_CURSOR = 4000
MARK_BYTES = 6


def encode_cursor(token: bytes, query: str) -> str | None:
    """The cursor for the page after `token`; None after the last page."""
    return base64.urlsafe_b64encode(_mark(query) + token).decode() if token else None


def decode_cursor(cursor: str | None, query: str) -> bytes:
    """The token in a cursor; empty without one.

    Raises:
        CursorUnknown: The cursor is malformed or belongs to a list with other filters.
    """
    if cursor is None:
        return b""
    try:
        data = base64.b64decode(cursor[:MAX_CURSOR], altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise CursorUnknown("The cursor is malformed.") from None
    if data[:MARK_BYTES] != _mark(query):
        raise CursorUnknown("The cursor belongs to a list with other filters.")
    return data[MARK_BYTES:]


def _mark(query: str) -> bytes:
    return hashlib.sha256(query.encode(errors="replace")).digest()[:MARK_BYTES]
