"""What runs say, encrypted: each family of runs with its own key, so that it can be forgotten.

Without `encryption.key` everything passes through as it is. What is read need not say whose it is:
the id of its key stands in it.
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
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from pydantic_core import PydanticSerializationError, to_json, to_jsonable_python

from harness.contracts.effect import undone_run
from harness.contracts.errors import RunError, StoreError
from harness.contracts.family import SHARED
from harness.contracts.queues import ARCHIVE
from harness.store.keyring import ID_BYTES, NONCE_BYTES, Entry, Keyring, key_id

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    from harness.store.database import Database

MAGIC = b"\x00harness"
PLAIN_MARK = MAGIC + b"\x00"
SEALED_MARK = MAGIC + b"\x01"
TEXT_MARK = "harness.sealed:"
JSON_MARK = "harness.sealed"
KNOWN = 10_000
KEY_SECONDS = 60.0
"""How long a process may still read what another one has made unreadable."""


@dataclass(frozen=True)
class Key:
    id: bytes
    family: str
    cipher: AESGCM
    salt: bytes
    """Goes before what is stored by its address, so that the address tells nothing."""
    until: float


class Vault:
    def __init__(self, database: Database | None = None, keyring: Keyring | None = None) -> None:
        self._database = database
        self._keyring = keyring
        self._keys: OrderedDict[bytes, Key] = OrderedDict()
        self._families: OrderedDict[str, str] = OrderedDict()

    @property
    def on(self) -> bool:
        return self._keyring is not None

    @property
    def keyring(self) -> Keyring:
        if self._keyring is None:
            raise StoreError("key_missing", "No encryption.key is set.")
        return self._keyring

    async def seal(self, run: str | None, content: bytes) -> bytes:
        """What to store in place of `content`."""
        if self._keyring is None:
            return PLAIN_MARK + content if content.startswith(MAGIC) else content
        return self._sealed(await self.key_of(run), content)

    async def open(self, stored: bytes) -> bytes:
        """What was sealed; bytes that never were are returned as they are."""
        if not stored.startswith(MAGIC):
            return stored
        if stored.startswith(PLAIN_MARK):
            return stored[len(PLAIN_MARK) :]
        from cryptography.exceptions import InvalidTag

        start = len(SEALED_MARK)
        id = stored[start : start + ID_BYTES]
        rest = stored[start + ID_BYTES :]
        key = await self._key(id)
        try:
            return key.cipher.decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], id)
        except (InvalidTag, ValueError):
            raise StoreError(
                "corrupt", f"What {key.family!r} has stored was changed: it cannot be decrypted."
            ) from None

    async def check(self, key: bytes | None) -> None:
        """StoreError where the key that something was read with (see `key_in`) is there no more:
        for who keeps in memory what was read."""
        if key is not None:
            await self._key(key)

    async def seal_text(self, run: str | None, text: str) -> str:
        if self._keyring is None:
            return text
        sealed = await self.seal(run, text.encode())
        return TEXT_MARK + base64.b64encode(sealed).decode()

    async def open_text(self, stored: str) -> str:
        if not stored.startswith(TEXT_MARK):
            return stored
        sealed = base64.b64decode(stored.removeprefix(TEXT_MARK))
        return (await self.open(sealed)).decode()

    async def seal_json(self, run: str | None, value: Any) -> str | None:
        """JSON to store in place of `value`; None for nothing."""
        if value is None:
            return None
        plain = _json(value)
        if self._keyring is None:
            return plain.decode()
        sealed = await self.seal(run, plain)
        return to_json({JSON_MARK: base64.b64encode(sealed).decode()}).decode()

    async def open_json(self, stored: Any) -> Any:
        """`stored` is JSON that has been read already."""
        if not isinstance(stored, dict) or JSON_MARK not in stored:
            return cast("Any", stored)
        sealed = base64.b64decode(cast("dict[str, str]", stored)[JSON_MARK])
        return json.loads(await self.open(sealed))

    async def key_of(self, run: str | None) -> Key:
        """The key of a run's family; made where it has none yet."""
        family = await self.family(run)
        id = key_id(family)
        key = self._fresh(id)
        return key or self._keep(id, await self._entry(family))

    async def renew(self, family: str) -> None:
        """Look again for its key, which another process may have destroyed a moment ago: what is
        begun with it now could be read by nobody."""
        if self._keyring is not None:
            id = key_id(family)
            self._keys.pop(id, None)
            self._keep(id, await self._entry(family))

    async def salt(self, run: str | None) -> bytes:
        """See `Key.salt`; nothing where nothing is encrypted, or where content is anybody's."""
        if self._keyring is None or run is None:
            return b""
        return (await self.key_of(run)).salt

    async def family(self, run: str | None) -> str:
        """Who is forgotten together with a run."""
        if run is None or run.startswith(ARCHIVE):
            return SHARED
        run = undone_run(run)
        if (family := self._families.get(run)) is not None:
            return family
        if self._database is None:
            return run
        query = "SELECT lineage FROM harness.lineage WHERE run = %s"
        try:
            rows = await self._database.fetch(query, (run,))
        except StoreError:
            # An abort must go out while the database is away. A key of its own says who it is.
            if self._keyring is None or await self._keyring.find(key_id(run)) is None:
                raise
            return run
        return self.note_family(run, rows[0][0] if rows else run)

    def note_family(self, run: str, family: str) -> str:
        self._families[run] = family
        while len(self._families) > KNOWN:
            self._families.popitem(last=False)
        return family

    def drop_family(self, run: str) -> None:
        self._families.pop(run, None)

    async def forget(self, family: str) -> bool:
        """Destroy its key. Nothing of it can be read again, wherever a copy may be."""
        if family == SHARED:
            raise RunError("failed", "What all runs share cannot be forgotten with one of them.")
        destroyed = await self.keyring.destroy(family)
        self._keys.pop(key_id(family), None)
        return destroyed

    # --- inside

    async def _entry(self, family: str) -> Entry:
        """Its key in the ring; made for a family that has never had one."""
        ring = self.keyring
        if (entry := await ring.find(key_id(family))) is not None:
            return entry
        if (database := self._database) is None:
            return await ring.of(family)
        rows = await database.fetch(
            "SELECT family FROM harness.key WHERE family = ANY(%s)", ([family, SHARED],)
        )
        for (known,) in rows:  # of the shared one, so that another ring is not taken for this one
            if known == family or await ring.find(key_id(known)) is None:
                raise StoreError(
                    "key_missing",
                    f"The key of {known!r} is not in {ring.place}, and was there before.",
                    fix="Bring the keyring back, or set encryption.keyring to where it is.",
                )
        entry = await ring.of(family)
        await database.fetch(
            "INSERT INTO harness.key (family) VALUES (%s) ON CONFLICT DO NOTHING", (family,)
        )
        return entry

    def _sealed(self, key: Key, content: bytes) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return SEALED_MARK + key.id + nonce + key.cipher.encrypt(nonce, content, key.id)

    async def _key(self, id: bytes) -> Key:
        if (key := self._fresh(id)) is not None:
            return key
        if self._keyring is None:
            raise StoreError(
                "key_missing", "This is encrypted, and no encryption.key is set to read it."
            )
        entry = await self._keyring.find(id)
        if entry is None:
            raise StoreError(
                "key_missing",
                f"The key of this content is not in {self._keyring.place}.",
                fix="Set encryption.keyring to where its keys are.",
            )
        return self._keep(id, entry)

    def _fresh(self, id: bytes) -> Key | None:
        key = self._keys.get(id)
        return key if key is not None and key.until > time.monotonic() else None

    def _keep(self, id: bytes, entry: Entry) -> Key:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        if entry.key is None:
            when = time.strftime("%Y-%m-%d", time.gmtime(entry.at))
            raise StoreError("forgotten", f"What {entry.family!r} said was forgotten on {when}.")
        salt = hmac.digest(entry.key, b"address", hashlib.sha256)[:16]
        until = time.monotonic() + KEY_SECONDS
        key = self._keys[id] = Key(id, entry.family, AESGCM(entry.key), salt, until)
        while len(self._keys) > KNOWN:
            self._keys.popitem(last=False)
        return key


def _json(value: Any) -> bytes:
    """A name of a file may hold half of a character, and has to come back as it was: JSON can say
    it, if in Python's own way alone."""
    try:
        return to_json(value, exclude_none=True)
    except PydanticSerializationError:
        return json.dumps(to_jsonable_python(value, exclude_none=True)).encode()


PLAIN = Vault()
"""Leaves everything as it is."""


def key_in(stored: bytes) -> bytes | None:
    """Which key opens it; None where it is not encrypted."""
    start = len(SEALED_MARK)
    return stored[start : start + ID_BYTES] if stored.startswith(SEALED_MARK) else None


def new_salt() -> str:
    return secrets.token_urlsafe(16)
