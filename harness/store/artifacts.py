"""Artifacts: content under its own digest, in Postgres while small, in files or S3 when large.

What `put` returned is durable. The row in Postgres is written last, so content without a row is
never found, and a torn file left by a crash is written again.
"""

from __future__ import annotations

import asyncio
import os
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from harness.config.settings import ArtifactSettings
from harness.config.trust import make_state_folder
from harness.contracts.errors import (
    ArtifactMissing,
    ContentCorrupt,
    InvalidValue,
    StoreError,
    StoreUnavailable,
)
from harness.contracts.transcript import digest
from harness.crypto.place import place_of
from harness.crypto.vault import PLAIN, Vault, key_in
from harness.store.database import Database

if TYPE_CHECKING:
    from obstore.store import ObjectStore

CACHE_BYTES = 16_000_000
CACHE_ITEM_BYTES = 256_000

# What a second run stores too belongs to neither: who forgets one must not take it from the other.
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

# The row is locked until the object is gone too: who puts the same meanwhile waits and looks again.
DELETE = """
DELETE FROM harness.artifact WHERE id = %s AND (%s::text[] IS NULL OR run = ANY(%s))
RETURNING content IS NOT NULL
"""


class Cached(NamedTuple):
    content: bytes
    key: bytes | None
    """What it was encrypted with: it is shown as long as that is there."""


class ArtifactStat(NamedTuple):
    id: str
    size: int
    media_type: str | None
    inline: bool
    """Whether the content lies in Postgres."""


class Artifacts:
    def __init__(
        self,
        database: Database,
        settings: ArtifactSettings,
        folder: Path | None = None,
        vault: Vault = PLAIN,
    ) -> None:
        """`folder` is where large ones go when the settings name no other place."""
        self._database = database
        self._vault = vault
        self._inline_limit = settings.inline_limit
        self._url = settings.url
        self._folder = folder
        self._objects: ObjectStore | None = None
        self._cache: OrderedDict[str, Cached] = OrderedDict()
        self._cached_bytes = 0
        self._owners: dict[str, str | None] = {}
        """Of what was stored from here and is in the cache."""

    async def put(
        self,
        content: bytes,
        *,
        media_type: str | None = None,
        run: str | None = None,
        salt: bytes | None = None,
    ) -> str:
        """Store `content` and return its address, once it is durable. `run`: whose it is. What
        several runs have in common belongs to none of them. `salt`: of an export, so that the
        address is the same here."""
        salt = await self._vault.salt_of(run) if salt is None else salt
        id = digest(salt + content)
        if id in self._cache and self._owners.get(id, "") == run:
            return id
        place, mac, stored = _place(id, len(salt)), None, salt + content
        if self._vault.on:
            stored = await self._vault.encrypt(run, stored, place)
        else:  # not in an envelope, so that pages can be cut out of it
            mac = self._vault.sign(place)
        small = len(stored) <= self._inline_limit
        # The row is written in any case: it says whose the content is.
        size = None if small else len(stored)
        if size and not (await self._stat(id) and await self._has_object(id, size)):
            await self._put_object(id, stored)
        await self._database.fetch(
            INSERT,
            (
                id, len(content), media_type, stored if small else None, run,
                len(salt) if self._vault.on or salt else None, mac,
            ),
        )  # fmt: skip
        if size and not await self._has_object(id, size):  # deleted since, with the former row
            await self._put_object(id, stored)
        self._remember(id, content, key_in(stored))
        if id in self._cache:
            self._owners[id] = run
        return id

    async def get(self, id: str, offset: int = 0, limit: int | None = None) -> bytes:
        """The content, or `limit` bytes of it from `offset` on; a whole one is checked against its
        address."""
        end = None if limit is None else offset + limit
        if (cached := await self._cached(id)) is not None:
            return cached[offset:end]
        rows = await self._database.fetch(SELECT, (id,))
        if not rows:
            raise ArtifactMissing(f"There is no artifact {id} in this store.")
        size, inline, content, salt, mac = rows[0]
        if salt is not None:
            return (await self._read_salted(id, content, salt, mac))[offset:end]
        self._vault.check_signed(mac, _place(id, 0))
        if inline:  # small, and whoever can write to the table could change one page of it
            self._check(id, content)
            self._remember(id, content)
            return content[offset:end]
        content = await self._get_object(id, offset, min(size, size if end is None else end))
        if offset == 0 and (end is None or end >= size):
            self._check(id, content)
            self._remember(id, content)
        return content

    async def salted(self, id: str) -> tuple[bytes, bytes]:
        """The content, after what goes before it in its address."""
        rows = await self._database.fetch(SELECT, (id,))
        if rows and (salt := rows[0][3]):
            whole, _ = await self._whole(id, rows[0][2], salt, rows[0][4])
            return whole[:salt], whole[salt:]
        return b"", await self.get(id)

    async def _read_salted(
        self, id: str, stored: bytes | None, salt: int, mac: str | None
    ) -> bytes:
        """Encrypted content can only be read as a whole."""
        whole, key = await self._whole(id, stored, salt, mac)
        content = whole[salt:]
        self._remember(id, content, key)
        return content

    async def _whole(
        self, id: str, stored: bytes | None, salt: int, mac: str | None
    ) -> tuple[bytes, bytes | None]:
        """With its salt, and the key that it was encrypted with."""
        stored = await self._get_object(id) if stored is None else stored
        content = await self._decrypted(id, stored, salt, mac)
        self._check(id, content)
        return content, key_in(stored)

    async def _decrypted(self, id: str, stored: bytes, salt: int, mac: str | None) -> bytes:
        if key_in(stored) is not None:
            return await self._vault.decrypt(stored, _place(id, salt))
        self._vault.check_signed(mac, _place(id, salt))
        return stored

    def _check(self, id: str, content: bytes) -> None:
        if digest(content) != id:
            raise ContentCorrupt(f"The bytes of artifact {id} do not match its address.")

    async def stored(self, id: str) -> bytes:
        """The content as it lies there, past the cache and unchecked: for who looks for damage."""
        rows = await self._database.fetch(SELECT, (id,))
        if not rows:
            raise ArtifactMissing(f"There is no artifact {id} in this store.")
        _, inline, content, salt, mac = rows[0]
        if not inline:
            content = await self._get_object(id)
        return content if salt is None else (await self._decrypted(id, content, salt, mac))[salt:]

    async def delete(self, id: str, owners: Sequence[str] | None = None) -> bool:
        """Take it away; with `owners` only as long as it belongs to one of them. False where there
        was nothing to take."""
        whose = None if owners is None else list(owners)
        async with self._database.connection() as connection, connection.transaction():
            cursor = await connection.execute(DELETE, (id, whose, whose))
            row = await cursor.fetchone()
            if row is not None and not row[0]:
                await self._delete_object(id)
        if row is not None:
            self._drop(id)
        return row is not None

    async def stat(self, id: str) -> ArtifactStat:
        rows = await self._stat(id)
        if not rows:
            raise ArtifactMissing(f"There is no artifact {id} in this store.")
        return rows[0]

    async def owner(self, id: str) -> tuple[str | None, str | None]:
        """Whose it is, and its media type; nothing where it is unknown."""
        query = "SELECT run, media_type FROM harness.artifact WHERE id = %s"
        rows = await self._database.fetch(query, (id,))
        return (rows[0][0], rows[0][1]) if rows else (None, None)

    async def unsealed(self, media_type: str, before: float) -> list[str]:
        """Older ones of this type that no seal names."""
        rows = await self._database.fetch(UNSEALED, (media_type, before))
        return [id for (id,) in rows]

    async def exists(self, id: str) -> bool:
        return id in self._cache or bool(await self._stat(id))

    async def _stat(self, id: str) -> list[ArtifactStat]:
        rows = await self._database.fetch(
            "SELECT id, size, media_type, content IS NOT NULL FROM harness.artifact WHERE id = %s",
            (id,),
        )
        return [ArtifactStat(*row) for row in rows]

    # --- in memory

    async def _cached(self, id: str) -> bytes | None:
        found = self._cache.get(id)
        if found is None:
            return None
        try:
            await self._vault.check_key(found.key)
        except StoreError:
            self._drop(id)
            raise
        if id in self._cache:
            self._cache.move_to_end(id)
        return found.content

    def _remember(self, id: str, content: bytes, key: bytes | None = None) -> None:
        if len(content) > CACHE_ITEM_BYTES or id in self._cache:
            return
        self._cache[id] = Cached(content, key)
        self._cached_bytes += len(content)
        while self._cached_bytes > CACHE_BYTES:
            self._drop(next(iter(self._cache)))

    def _drop(self, id: str) -> None:
        self._owners.pop(id, None)
        if (gone := self._cache.pop(id, None)) is not None:
            self._cached_bytes -= len(gone.content)

    # --- files or S3

    async def _put_object(self, id: str, content: bytes) -> None:
        import obstore
        from obstore.exceptions import BaseError

        objects = self._open_objects()
        try:
            await obstore.put_async(objects, _path(id), content)
        except (BaseError, OSError) as error:
            raise self._object_error(id, "written", error) from error
        if (folder := _local_folder(objects)) is not None:
            await asyncio.to_thread(_sync, folder / _path(id), folder)

    async def _has_object(self, id: str, size: int) -> bool:
        import obstore
        from obstore.exceptions import BaseError

        try:
            return (await obstore.head_async(self._open_objects(), _path(id)))["size"] == size
        except FileNotFoundError:
            return False
        except (BaseError, OSError) as error:
            raise self._object_error(id, "looked up", error) from error

    async def _get_object(self, id: str, start: int = 0, end: int | None = None) -> bytes:
        import obstore
        from obstore.exceptions import BaseError

        if end is not None and start >= end:
            return b""
        try:
            objects = self._open_objects()
            if end is None:
                whole = await obstore.get_async(objects, _path(id))
                return bytes(await whole.bytes_async())
            content = await obstore.get_range_async(objects, _path(id), start=start, end=end)
        except FileNotFoundError as error:
            raise ArtifactMissing(
                f"Artifact {id} is known, but its content is not in {self._place}.",
                fix="Let all hosts use one artifacts.url, or restore the folder.",
            ) from error
        except (BaseError, OSError) as error:
            raise self._object_error(id, "read", error) from error
        return bytes(content)

    async def _delete_object(self, id: str) -> None:
        import obstore
        from obstore.exceptions import BaseError

        try:
            await obstore.delete_async(self._open_objects(), _path(id))
        except FileNotFoundError:
            pass
        except (BaseError, OSError) as error:
            raise self._object_error(id, "deleted", error) from error

    def _open_objects(self) -> ObjectStore:
        if self._objects is None:
            from obstore.exceptions import BaseError
            from obstore.store import LocalStore, from_url

            try:
                if self._url is None and self._folder is not None:
                    make_state_folder(self._folder.absolute().parent)
                    # Its files take their mode from the umask: the folder keeps others out.
                    self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                    self._folder.chmod(0o700)
                    self._objects = LocalStore(self._folder.absolute(), mkdir=True)
                elif self._url is not None and self._url.startswith("file://"):
                    self._objects = LocalStore.from_url(self._url, mkdir=True)
                else:
                    self._objects = from_url(self._url or "")
            except (BaseError, ValueError, OSError) as error:
                raise InvalidValue(
                    f"artifacts.url {self._place} cannot be opened: {_first_line(error)}",
                ) from error
        return self._objects

    @property
    def _place(self) -> str:
        return self._url or str(self._folder)

    def _object_error(self, id: str, verb: str, error: Exception) -> StoreError:
        return StoreUnavailable(
            f"Artifact {id} cannot be {verb} in {self._place}: {_first_line(error)}",
            fix="Check that artifacts.url can be reached and has room.",
        )


def _place(id: str, salt: int) -> bytes:
    return place_of("artifact.content", id, salt)


def _path(id: str) -> str:
    return f"{id[:2]}/{id}"


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _local_folder(objects: ObjectStore) -> Path | None:
    from obstore.store import LocalStore

    return Path(str(objects.prefix)) if isinstance(objects, LocalStore) else None


def _sync(file: Path, top: Path) -> None:
    """obstore writes a file and renames it, but leaves it to the system when it reaches the disk;
    the folders hold the file's name."""
    for path in (file, file.parent, top):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
