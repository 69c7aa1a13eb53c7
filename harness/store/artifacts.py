"""Artifacts: content under its own digest, in Postgres while small, in files or S3 when large.

What `put` returned is durable. The row in Postgres is written last, so content without a row is
never found, and a torn file left by a crash is written again.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from harness.config.settings import ArtifactSettings
from harness.contracts.errors import (
    ArtifactMissing,
    ContentCorrupt,
    StoreError,
)
from harness.contracts.transcript import address_of, digest
from harness.crypto.place import place_of
from harness.crypto.vault import PLAIN, Vault, key_in
from harness.store.artifact_objects import ArtifactObjects
from harness.store.database import Database

CACHE_BYTES = 16_000_000
CACHE_ITEM_BYTES = 256_000

# Content stored by two runs is owned by neither: forgetting one must not delete it for the other.
INSERT = """
INSERT INTO harness.artifact AS a (id, size, media_type, content, run, salt, mac)
VALUES (%s, %s, %s, %b, %s, %s, %s)
ON CONFLICT (id) DO UPDATE SET run = NULL WHERE a.run IS DISTINCT FROM excluded.run
"""
SELECT = """
SELECT size, content IS NOT NULL, content, salt, mac FROM harness.artifact WHERE id = %s
"""

UNSEALED = """
SELECT id FROM harness.artifact a WHERE media_type = %s AND at < to_timestamp(%s)
AND NOT EXISTS (SELECT FROM harness.seal WHERE content = a.id)
"""

# The row stays locked until the object is deleted: a concurrent `put` waits, then checks again.
DELETE = """
DELETE FROM harness.artifact WHERE id = %s AND (%s::text[] IS NULL OR run = ANY(%s))
RETURNING content IS NOT NULL
"""


class Cached(NamedTuple):
    content: bytes
    key: bytes | None
    """The key it was encrypted with: the content is readable only while the key exists."""


class ArtifactStat(NamedTuple):
    id: str
    size: int
    media_type: str | None
    inline: bool
    """Whether the content is in Postgres."""


class Artifacts:
    def __init__(
        self,
        database: Database,
        settings: ArtifactSettings,
        folder: Path | None = None,
        vault: Vault = PLAIN,
    ) -> None:
        """`folder` holds large artifacts unless `artifacts.url` is set."""
        self._database = database
        self._vault = vault
        self._inline_limit = settings.inline_limit
        self._objects = ArtifactObjects(settings.url, folder)
        self._cache: OrderedDict[str, Cached] = OrderedDict()
        self._cached_bytes = 0
        self._owners: dict[str, str | None] = {}
        """Owners of the cached artifacts that this process stored."""

    async def put(
        self,
        content: bytes,
        *,
        media_type: str | None = None,
        run: str | None = None,
        salt: bytes | None = None,
    ) -> str:
        """Store `content` and return its address, once it is durable. `run`: the owner; content
        that several runs store has no owner. `salt`: the salt of an export, so that the address
        is the same here."""
        salt = await self._vault.salt_of(run) if salt is None else salt
        id = digest(salt + content)
        if id in self._cache and self._owners.get(id, "") == run:
            return id
        place, mac, stored = _content_place(id, len(salt)), None, salt + content
        if self._vault.encrypts:
            stored = await self._vault.encrypt(run, stored, place)
        else:  # not in an envelope, so that ranges can be read
            mac = self._vault.sign(place)
        small = len(stored) <= self._inline_limit
        # The row is always written: it records the owner.
        size = None if small else len(stored)
        if size and not (await self._fetch_stat(id) and await self._objects.has(id, size)):
            await self._objects.put(id, stored)
        await self._database.fetch(
            INSERT,
            (
                id, len(content), media_type, stored if small else None, run,
                len(salt) if self._vault.encrypts or salt else None, mac,
            ),
        )  # fmt: skip
        if size and not await self._objects.has(id, size):  # deleted meanwhile, with the former row
            await self._objects.put(id, stored)
        self._add_to_cache(id, content, key_in(stored))
        if id in self._cache:
            self._owners[id] = run
        return id

    async def put_file(self, file: Path, *, media_type: str | None = None) -> str:
        """Store the content of a large file as `put` would that of no run, but read it in parts.
        Not with encryption, which needs the whole content."""
        assert not self._vault.encrypts
        id, size = await asyncio.to_thread(_digest_file, file)
        if not (await self._fetch_stat(id) and await self._objects.has(id, size)):
            await self._objects.put(id, file)
        mac = self._vault.sign(_content_place(id, 0))
        await self._database.fetch(INSERT, (id, size, media_type, None, None, None, mac))
        if not await self._objects.has(id, size):  # deleted meanwhile, with the former row
            await self._objects.put(id, file)
        return id

    async def get(self, id: str, offset: int = 0, limit: int | None = None) -> bytes:
        """Return the content, or `limit` bytes from `offset`; a complete read is checked against
        the address."""
        end = None if limit is None else offset + limit
        if (cached := await self._get_cached(id)) is not None:
            return cached[offset:end]
        rows = await self._database.fetch(SELECT, (id,))
        if not rows:
            raise ArtifactMissing(f"There is no artifact {id} in this store.")
        size, inline, content, salt, mac = rows[0]
        if salt is not None:
            return (await self._read_salted(id, content, salt, mac))[offset:end]
        self._vault.check_signed(mac, _content_place(id, 0))
        if inline:  # small; always checked, since the table could have been tampered with
            self._check_digest(id, content)
            self._add_to_cache(id, content)
            return content[offset:end]
        content = await self._objects.get(id, offset, min(size, size if end is None else end))
        if offset == 0 and (end is None or end >= size):
            self._check_digest(id, content)
            self._add_to_cache(id, content)
        return content

    async def get_with_salt(self, id: str) -> tuple[bytes, bytes]:
        """Return the salt of the address and the content."""
        rows = await self._database.fetch(SELECT, (id,))
        if rows and (salt := rows[0][3]):
            whole, _ = await self._decrypt_checked(id, rows[0][2], salt, rows[0][4])
            return whole[:salt], whole[salt:]
        return b"", await self.get(id)

    async def _read_salted(
        self, id: str, stored: bytes | None, salt: int, mac: str | None
    ) -> bytes:
        """Read salted content, which can only be read as a whole."""
        whole, key = await self._decrypt_checked(id, stored, salt, mac)
        content = whole[salt:]
        self._add_to_cache(id, content, key)
        return content

    async def _decrypt_checked(
        self, id: str, stored: bytes | None, salt: int, mac: str | None
    ) -> tuple[bytes, bytes | None]:
        """Return salt and content in one piece, and the key it was encrypted with."""
        stored = await self._objects.get(id) if stored is None else stored
        content = await self._decrypt_stored(id, stored, salt, mac)
        self._check_digest(id, content)
        return content, key_in(stored)

    async def _decrypt_stored(self, id: str, stored: bytes, salt: int, mac: str | None) -> bytes:
        if key_in(stored) is not None:
            return await self._vault.decrypt(stored, _content_place(id, salt))
        self._vault.check_signed(mac, _content_place(id, salt))
        return stored

    def _check_digest(self, id: str, content: bytes) -> None:
        if digest(content) != id:
            raise ContentCorrupt(f"The bytes of artifact {id} do not match its address.")

    async def read_stored(self, id: str) -> bytes:
        """Read the stored content, bypassing the cache and unchecked: for finding damage."""
        rows = await self._database.fetch(SELECT, (id,))
        if not rows:
            raise ArtifactMissing(f"There is no artifact {id} in this store.")
        _, inline, content, salt, mac = rows[0]
        if not inline:
            content = await self._objects.get(id)
        return (
            content if salt is None else (await self._decrypt_stored(id, content, salt, mac))[salt:]
        )

    async def delete(self, id: str, owners: Sequence[str] | None = None) -> bool:
        """Delete an artifact; with `owners`, only if one of them owns it. False if nothing was
        deleted."""
        whose = None if owners is None else list(owners)
        async with self._database.connection() as connection, connection.transaction():
            cursor = await connection.execute(DELETE, (id, whose, whose))
            row = await cursor.fetchone()
            if row is not None and not row[0]:
                await self._objects.delete(id)
        if row is not None:
            self._drop_cached(id)
        return row is not None

    async def stat(self, id: str) -> ArtifactStat:
        rows = await self._fetch_stat(id)
        if not rows:
            raise ArtifactMissing(f"There is no artifact {id} in this store.")
        return rows[0]

    async def find_owner(self, id: str) -> tuple[str | None, str | None]:
        """Return the owner and the media type; None for each if the artifact is unknown."""
        query = "SELECT run, media_type FROM harness.artifact WHERE id = %s"
        rows = await self._database.fetch(query, (id,))
        return (rows[0][0], rows[0][1]) if rows else (None, None)

    async def list_unsealed(self, media_type: str, before: float) -> list[str]:
        """List artifacts of this type stored before then that no seal refers to."""
        rows = await self._database.fetch(UNSEALED, (media_type, before))
        return [id for (id,) in rows]

    async def exists(self, id: str) -> bool:
        return id in self._cache or bool(await self._fetch_stat(id))

    async def _fetch_stat(self, id: str) -> list[ArtifactStat]:
        rows = await self._database.fetch(
            "SELECT id, size, media_type, content IS NOT NULL FROM harness.artifact WHERE id = %s",
            (id,),
        )
        return [ArtifactStat(*row) for row in rows]

    # --- in memory

    async def _get_cached(self, id: str) -> bytes | None:
        found = self._cache.get(id)
        if found is None:
            return None
        try:
            await self._vault.check_key(found.key)
        except StoreError:
            self._drop_cached(id)
            raise
        if id in self._cache:
            self._cache.move_to_end(id)
        return found.content

    def _add_to_cache(self, id: str, content: bytes, key: bytes | None = None) -> None:
        if len(content) > CACHE_ITEM_BYTES or id in self._cache:
            return
        self._cache[id] = Cached(content, key)
        self._cached_bytes += len(content)
        while self._cached_bytes > CACHE_BYTES:
            self._drop_cached(next(iter(self._cache)))

    def _drop_cached(self, id: str) -> None:
        self._owners.pop(id, None)
        if (gone := self._cache.pop(id, None)) is not None:
            self._cached_bytes -= len(gone.content)


def _content_place(id: str, salt: int) -> bytes:
    return place_of("artifact.content", id, salt)


def _digest_file(file: Path) -> tuple[str, int]:
    """The address of a file's content, and its size."""
    with file.open("rb") as opened:
        found = hashlib.file_digest(opened, "sha256")
        return address_of(found.digest()), opened.tell()
