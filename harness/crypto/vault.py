"""Encrypt the content of runs, with one key per family of runs, so that it can be forgotten.

Content is bound to its place (table, column, row) and refused in any other. Without
`encryption.key` it is stored readable, under a MAC of the project's signing key, so that content
from before encryption was enabled can be told from planted content, and is still read. Encrypted
content contains the id of its key, so readers need not know its family.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from pydantic_core import PydanticSerializationError, to_json, to_jsonable_python

from harness.contracts.effect import undone_run
from harness.contracts.errors import (
    ContentCorrupt,
    ContentUnsigned,
    EncryptionKeyMissing,
    Forgotten,
    RunFailed,
    StoreError,
)
from harness.contracts.family import SHARED
from harness.contracts.queues import ARCHIVE
from harness.crypto.keyring import ID_BYTES, NONCE_BYTES, Entry, Keyring, key_id
from harness.crypto.place import show_place

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    from harness.crypto.signing import Signer

MAGIC = b"\x00harness"
PLAIN_MARK = MAGIC + b"\x00"
SIGNED_MARK = MAGIC + b"\x02"
ENCRYPTED_MARK = MAGIC + b"\x03"
TEXT_MARK = "harness.sealed:"
SIGNED_TEXT = "harness.signed:"
JSON_MARK = '{"harness.sealed":"'
SIGNED_JSON = '{"harness.signed":"'
SIGNED_VALUE = '","value":'
MAC_CHARS = 22
PURPOSE = "stored"
KNOWN = 10_000
KEY_SECONDS = 60.0
"""How long a process may still read content that another process has made unreadable."""


@dataclass(frozen=True)
class Key:
    id: bytes
    family: str
    cipher: AESGCM
    salt: bytes
    """Prefix of content stored under its digest, to keep the address from revealing it."""
    until: float


class FamilyIndex(Protocol):
    """Finds the family of a run, and records which families have had a key."""

    async def find_family(self, vault: Vault, run: str) -> str | None: ...
    async def find_keyed(self, families: Sequence[str]) -> list[str]: ...
    async def note_key(self, family: str) -> None: ...


class Vault:
    def __init__(
        self,
        families: FamilyIndex | None = None,
        keyring: Keyring | None = None,
        signer: Signer | None = None,
    ) -> None:
        self._index = families
        self._keyring = keyring
        self.signer = signer
        self._keys: OrderedDict[bytes, Key] = OrderedDict()
        self._families: OrderedDict[str, str] = OrderedDict()

    @property
    def encrypts(self) -> bool:
        """Whether content is encrypted."""
        return self._keyring is not None

    @property
    def authentic(self) -> bool:
        """Whether planted content can be recognized."""
        return self._keyring is not None or self.signer is not None

    @property
    def keyring(self) -> Keyring:
        if self._keyring is None:
            raise EncryptionKeyMissing("No encryption.key is set.")
        return self._keyring

    async def encrypt(self, run: str | None, content: bytes, place: bytes) -> bytes:
        """Encrypt `content` for `place`, or sign it if no encryption key is set."""
        if self._keyring is not None:
            return _encrypt_content(await self.key_of(run), content, place)
        if self.signer is not None:
            mac = self.signer.sign(PURPOSE, place, content).encode()
            return b"".join((SIGNED_MARK, mac, content))
        return PLAIN_MARK + content if content.startswith(MAGIC) else content

    async def decrypt(self, stored: bytes, place: bytes) -> bytes:
        """Decrypt what `encrypt` returned for this place; StoreError for anything else."""
        if stored.startswith(ENCRYPTED_MARK):
            return await self._decrypt_content(stored, place)
        if stored.startswith(SIGNED_MARK):
            start = len(SIGNED_MARK) + MAC_CHARS
            content = stored[start:]
            self._check_mac(stored[len(SIGNED_MARK) : start].decode("latin-1"), content, place)
            return content
        self._refuse_plain(place)
        return stored[len(PLAIN_MARK) :] if stored.startswith(PLAIN_MARK) else stored

    async def encrypt_addressed(self, run: str | None, content: bytes, place: bytes) -> bytes:
        """Encrypt content whose address is its digest. Readers check the digest, so no MAC is
        needed without a key."""
        return await self.encrypt(run, content, place) if self.encrypts else content

    async def decrypt_addressed(self, stored: bytes, place: bytes) -> bytes:
        """Decrypt what `encrypt_addressed` returned; the caller must check the digest."""
        encrypted = stored.startswith(ENCRYPTED_MARK)
        return await self._decrypt_content(stored, place) if encrypted else stored

    async def check_key(self, key: bytes | None) -> None:
        """Raise StoreError if the key that content was read with (see `key_in`) is gone. For
        callers that cache content."""
        if key is not None:
            await self._load_key(key)

    async def encrypt_text(self, run: str | None, text: str, place: bytes) -> str:
        if self._keyring is not None:
            stored = await self.encrypt(run, text.encode(), place)
            return TEXT_MARK + base64.b64encode(stored).decode()
        if self.signer is not None:
            return f"{SIGNED_TEXT}{self.signer.sign(PURPOSE, place, text)}:{text}"
        return text

    async def decrypt_text(self, stored: str, place: bytes) -> str:
        if stored.startswith(TEXT_MARK):
            content = await self.decrypt(_from_base64(stored[len(TEXT_MARK) :], place), place)
            return content.decode(errors="replace")
        if stored.startswith(SIGNED_TEXT):
            start = len(SIGNED_TEXT) + MAC_CHARS
            text = stored[start + 1 :]
            self._check_mac(stored[len(SIGNED_TEXT) : start], text.encode(), place)
            return text
        self._refuse_plain(place)
        return stored

    async def encrypt_json(self, run: str | None, value: Any, place: bytes) -> str | None:
        """Encrypt `value` as JSON; None stays None."""
        return None if value is None else await self.encrypt_value(run, value, place)

    async def encrypt_value(self, run: str | None, value: Any, place: bytes) -> str:
        """Encrypt `value` as JSON, None too, so that its absence cannot be planted either."""
        plain = _dump_json(value)
        if self._keyring is not None:
            stored = await self.encrypt(run, plain, place)
            return f'{JSON_MARK}{base64.b64encode(stored).decode()}"}}'
        if self.signer is not None:
            mac = self.signer.sign(PURPOSE, place, plain)
            return f"{SIGNED_JSON}{mac}{SIGNED_VALUE}{plain.decode()}}}"
        return plain.decode()

    async def decrypt_json(self, stored: str | None, place: bytes) -> Any:
        """Decrypt the text of a JSON column; it is checked before it is parsed."""
        if stored is None:
            return None
        if stored.startswith(JSON_MARK):
            text = stored[len(JSON_MARK) :].removesuffix('"}')
            return _parse_json(await self.decrypt(_from_base64(text, place), place), place)
        if stored.startswith(SIGNED_JSON):
            mac, _, rest = stored[len(SIGNED_JSON) :].partition(SIGNED_VALUE)
            value = rest.removesuffix("}").encode()
            self._check_mac(mac, value, place)
            return _parse_json(value, place)
        self._refuse_plain(place)
        return _parse_json(stored.encode(), place)

    def sign(self, place: bytes, *parts: str | bytes) -> str | None:
        """Sign content that is stored readable on purpose; None without a signing key."""
        return None if self.signer is None else self.signer.sign(PURPOSE, place, *parts)

    def check_signed(self, mac: str | None, place: bytes, *parts: str | bytes) -> None:
        """Raise StoreError unless `sign` made `mac` from the same place and parts."""
        if self.signer is None:
            if mac is not None or self._keyring is not None:
                raise _unsigned_error(place)
        elif not self.signer.is_signed(mac, PURPOSE, place, *parts):
            raise _unsigned_error(place)

    async def key_of(self, run: str | None) -> Key:
        """Get the key of a run's family, or make it."""
        family = await self.family_of(run)
        id = key_id(family)
        key = self._cached_key(id)
        return key or self._cache_key(id, await self._find_entry(family))

    async def renew_key(self, family: str) -> None:
        """Reload the family's key, which another process may just have destroyed: content encrypted
        with it now would be unreadable."""
        if self._keyring is not None:
            id = key_id(family)
            self._keys.pop(id, None)
            self._cache_key(id, await self._find_entry(family))

    async def salt_of(self, run: str | None) -> bytes:
        """See `Key.salt`; empty without encryption, and for shared content."""
        if self._keyring is None or run is None:
            return b""
        return (await self.key_of(run)).salt

    async def family_of(self, run: str | None) -> str:
        """Find the family of a run, which is forgotten together with it."""
        if run is None or run.startswith(ARCHIVE):
            return SHARED
        run = undone_run(run)
        if (family := self._families.get(run)) is not None:
            return family
        if self._index is None:
            return run
        try:
            family = await self._index.find_family(self, run)
        except StoreError as error:
            if not error.retryable:
                raise
            # An abort must work without the database. A run with its own key is its own family.
            if self._keyring is None or await self._keyring.find_key(key_id(run)) is None:
                raise
            return run
        return self.note_family(run, family or run)

    def note_family(self, run: str, family: str) -> str:
        self._families[run] = family
        while len(self._families) > KNOWN:
            self._families.popitem(last=False)
        return family

    def drop_family(self, run: str) -> None:
        self._families.pop(run, None)

    async def forget_family(self, family: str) -> bool:
        """Destroy the family's key, which makes all copies of its content unreadable."""
        if family == SHARED:
            raise RunFailed("Content that all runs share cannot be forgotten.")
        destroyed = await self.keyring.destroy_key(family)
        self._keys.pop(key_id(family), None)
        return destroyed

    # --- inside

    async def _find_entry(self, family: str) -> Entry:
        """Find the family's key in the ring; make it if the family never had one."""
        ring = self.keyring
        if (entry := await ring.find_key(key_id(family))) is not None:
            return entry
        if (index := self._index) is None:
            return await ring.get_or_make(family)
        # The shared family too, to recognize a different ring.
        for known in await index.find_keyed([family, SHARED]):
            if known == family or await ring.find_key(key_id(known)) is None:
                raise EncryptionKeyMissing(
                    f"The key of {known!r} is missing from {ring.place}, where it was before.",
                    fix="Restore the keyring, or set encryption.keyring to its location.",
                )
        entry = await ring.get_or_make(family)
        await index.note_key(family)
        return entry

    async def _decrypt_content(self, stored: bytes, place: bytes) -> bytes:
        from cryptography.exceptions import InvalidTag

        start = len(ENCRYPTED_MARK)
        id = stored[start : start + ID_BYTES]
        rest = stored[start + ID_BYTES :]
        key = await self._load_key(id)
        try:
            return key.cipher.decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], id + place)
        except (InvalidTag, ValueError):
            raise ContentCorrupt(
                f"{show_place(place)} of {key.family!r} cannot be decrypted: it was changed, or "
                "copied from another place.",
            ) from None

    def _check_mac(self, mac: str, content: bytes, place: bytes) -> None:
        if self.signer is None or not self.signer.is_signed(mac, PURPOSE, place, content):
            raise _unsigned_error(place)

    def _refuse_plain(self, place: bytes) -> None:
        if self.authentic:
            raise _unsigned_error(place)

    async def _load_key(self, id: bytes) -> Key:
        if (key := self._cached_key(id)) is not None:
            return key
        if self._keyring is None:
            raise EncryptionKeyMissing("This content is encrypted, and no encryption.key is set.")
        entry = await self._keyring.find_key(id)
        if entry is None:
            raise EncryptionKeyMissing(
                f"The key of this content is not in {self._keyring.place}.",
                fix="Set encryption.keyring to the location of its keys.",
            )
        return self._cache_key(id, entry)

    def _cached_key(self, id: bytes) -> Key | None:
        key = self._keys.get(id)
        return key if key is not None and key.until > time.monotonic() else None

    def _cache_key(self, id: bytes, entry: Entry) -> Key:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        if entry.key is None:
            when = time.strftime("%Y-%m-%d", time.gmtime(entry.at))
            raise Forgotten(f"The content of {entry.family!r} was forgotten on {when}.")
        salt = hmac.digest(entry.key, b"address", hashlib.sha256)[:16]
        until = time.monotonic() + KEY_SECONDS
        key = self._keys[id] = Key(id, entry.family, AESGCM(entry.key), salt, until)
        while len(self._keys) > KNOWN:
            self._keys.popitem(last=False)
        return key


def _dump_json(value: Any) -> bytes:
    """File names may hold lone surrogates and must survive: only Python's own JSON writes them."""
    try:
        return to_json(value, exclude_none=True)
    except PydanticSerializationError:
        return json.dumps(to_jsonable_python(value, exclude_none=True)).encode()


def _encrypt_content(key: Key, content: bytes, place: bytes) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    text = key.cipher.encrypt(nonce, content, key.id + place)
    return b"".join((ENCRYPTED_MARK, key.id, nonce, text))


def _from_base64(text: str, place: bytes) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise ContentCorrupt(f"{show_place(place)} is not base64: it was changed.") from None


def _parse_json(content: bytes, place: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        why = f"{type(error).__name__}: {error}"
        raise ContentCorrupt(f"{show_place(place)} is not valid JSON: {why}") from None


def _unsigned_error(place: bytes) -> StoreError:
    return ContentUnsigned(
        f"{show_place(place)} does not carry a valid MAC of this project's signing key."
    )


PLAIN = Vault()
"""A vault that stores content as it is."""


def key_in(stored: bytes) -> bytes | None:
    """The id of the key that content is encrypted with; None if it is not encrypted."""
    start = len(ENCRYPTED_MARK)
    return stored[start : start + ID_BYTES] if stored.startswith(ENCRYPTED_MARK) else None


def new_salt() -> str:
    return secrets.token_urlsafe(16)
