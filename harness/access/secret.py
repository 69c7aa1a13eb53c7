"""Secrets of API tokens, browser sessions and sign-in codes: `<kind>_<id>_<secret>`.

Only a SHA-256 of the whole text is stored. A slow hash such as scrypt protects passwords, which
people choose and attackers guess. These have 256 random bits, which nobody can guess at any speed,
and a slow hash would cost its time at every request.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from typing import NamedTuple

TOKEN = "hns"  # noqa: S105
BROWSER = "hnb"
CODE = "hnc"

ID_BYTES = 8
SECRET_BYTES = 32
MOST_CHARS = 80
_ID = re.compile(r"[0-9a-f]{16}")
_FORM = re.compile(r"(hns|hnb|hnc)_([0-9a-f]{16})_[A-Za-z0-9_-]{43}")


class NewSecret(NamedTuple):
    """A secret that was just made. Whoever made it shows it once, and stores the hash."""

    id: str
    text: str
    hash: bytes


class Claim(NamedTuple):
    """What a well-formed secret claims to be."""

    prefix: str
    id: str
    text: str

    def proves(self, stored: bytes) -> bool:
        """Whether this is the secret with the stored hash. Takes the same time wherever the two
        differ."""
        return hmac.compare_digest(hash_secret(self.text), stored)


def make_secret(prefix: str) -> NewSecret:
    id = secrets.token_hex(ID_BYTES)
    text = f"{prefix}_{id}_{secrets.token_urlsafe(SECRET_BYTES)}"
    return NewSecret(id, text, hash_secret(text))


def parse_secret(text: str) -> Claim | None:
    """Read the parts of a secret; None if it has another form. `text` may be anything."""
    if len(text) > MOST_CHARS:
        return None
    form = _FORM.fullmatch(text)
    return Claim(form[1], form[2], text) if form else None


def is_id(text: str) -> bool:
    """Whether this may be the id of a credential."""
    return _ID.fullmatch(text) is not None


def hash_secret(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
