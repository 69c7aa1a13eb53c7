"""The keys of runs, one file each, apart from the content: no backup of the database has both.

A key belongs to a family of runs. It is stored wrapped by the key from the settings, so the ring
alone decrypts nothing. A destroyed key leaves a record of the time, and is never made again.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import os
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.commons.files import create_atomic, sync_folder, write_atomic
from harness.commons.log import get_logger
from harness.config.settings import EncryptionSettings, Settings
from harness.config.trust import make_state_folder
from harness.contracts.errors import (
    ContentCorrupt,
    EncryptionKeyMissing,
    InvalidValue,
    StoreError,
    StoreUnavailable,
)

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from obstore.store import ObjectStore
    from pydantic import SecretStr

KEY_BYTES = 32
NONCE_BYTES = 12
ID_BYTES = 16
GONE = ".gone"
"""Suffix of the record beside a destroyed key, for a process that rewraps the key meanwhile."""


@dataclass(frozen=True)
class Master:
    """A key from the settings, which wraps the keys of families only."""

    id: str
    cipher: AESGCM


@dataclass(frozen=True)
class Entry:
    """The ring's entry for one family."""

    family: str
    key: bytes | None
    """None if it was destroyed."""
    master: str | None
    at: float
    """When the key was made or destroyed."""


@dataclass(frozen=True)
class Census:
    """Counts of the families' keys, by the master key that wraps them."""

    masters: dict[str, int]
    destroyed: int
    missing: tuple[str, ...]
    """Ids of master keys that the settings lack."""


class Keyring:
    def __init__(self, settings: EncryptionSettings, folder: Path) -> None:
        self._url = settings.keyring
        self._folder = folder
        self._store: ObjectStore | None = None
        current = [(settings.key, "encryption.key")] if settings.key else []
        former = [(each, "One of encryption.old_keys") for each in settings.old_keys]
        self._masters = [_load_master(*each) for each in (*current, *former)]

    @property
    def place(self) -> str:
        return self._url or str(self._folder)

    @property
    def master(self) -> str:
        """The id of the key that wraps new ones."""
        return self._masters[0].id

    async def count_keys(self) -> Census:
        counted: Counter[str] = Counter()
        destroyed = 0
        async for id in self.list_ids():
            data: dict[str, Any] = json.loads(await self._get_file(id) or b"{}")
            if "destroyed" in data:
                destroyed += 1
            else:
                counted[str(data.get("master"))] += 1
        known = {each.id for each in self._masters}
        return Census(dict(counted), destroyed, tuple(sorted(set(counted) - known)))

    async def get_or_make(self, family: str) -> Entry:
        """Get the family's key, or make it. If two processes make it, one wins."""
        id = key_id(family)
        entry = await self.find_key(id)
        if entry is not None:
            return await self._make_durable(id, entry)
        made = Entry(family, secrets.token_bytes(KEY_BYTES), self.master, time.time())
        if await self._put_file(id, self._wrap_key(made), new=True):
            return made
        entry = await self.find_key(id)
        if entry is None:
            raise StoreUnavailable(f"The key of {family!r} disappeared while it was made.")
        return await self._make_durable(id, entry)

    async def find_key(self, id: bytes) -> Entry | None:
        """Find the entry of the key with this id."""
        content = await self._get_file(id)
        if content is None:
            return None
        entry = self._read_entry(content)
        if key_id(entry.family) != id:
            raise ContentCorrupt(
                f"Key file {id.hex()} in {self.place} belongs to run family {entry.family!r}; it "
                "was moved or renamed.",
            )
        return entry

    async def destroy_key(self, family: str) -> bool:
        """Destroy the family's key, so that its content stays unreadable. False if it had none.
        The key may be damaged, or wrapped by a lost one."""
        content = await self._get_file(key_id(family))
        if content is None:
            return False
        with suppress(StoreError):
            if self._read_entry(content).key is None:
                return True
        made = await self.made_at(family)
        gone = json.dumps({"family": family, "made": made, "destroyed": time.time()}).encode()
        await self._put_file(key_id(family), gone, new=False, name=GONE)
        await self._put_file(key_id(family), gone, new=False)
        return True

    async def made_at(self, family: str) -> float | None:
        """When the family's key was made, even if since destroyed; None if unknown."""
        content = await self._get_file(key_id(family))
        try:
            data: dict[str, Any] = json.loads(content or b"{}")
            return float(data["made"])
        except (ValueError, KeyError, TypeError):
            return None

    async def rewrap_keys(self) -> tuple[int, int]:
        """Wrap every key with the current master key: the number of rewrapped keys and of all."""
        done = count = 0
        async for id in self.list_ids():
            entry = await self.find_key(id)
            if entry is None or entry.key is None:
                continue
            count += 1
            if entry.master != self.master:
                await self._put_file(id, self._wrap_key(entry), new=False)
                done += 1
            # Destroyed since it was read: do not restore it.
            if (gone := await self._get_file(id, GONE)) is not None:
                await self._put_file(id, gone, new=False)
        return done, count

    async def list_ids(self) -> AsyncIterator[bytes]:
        import obstore

        async for page in obstore.list(self._open_store()):
            for each in page:
                name = str(each["path"]).rpartition("/")[2]
                if len(name) == 2 * ID_BYTES:
                    yield bytes.fromhex(name)

    # --- inside

    def _wrap_key(self, entry: Entry) -> bytes:
        master = self._masters[0]
        nonce = os.urandom(NONCE_BYTES)
        wrapped = master.cipher.encrypt(nonce, entry.key or b"", entry.family.encode())
        data = {
            "family": entry.family,
            "made": entry.at,
            "master": master.id,
            "key": base64.b64encode(nonce + wrapped).decode(),
        }
        return json.dumps(data).encode()

    def _read_entry(self, content: bytes) -> Entry:
        from cryptography.exceptions import InvalidTag

        try:
            data: dict[str, Any] = json.loads(content)
            family = str(data["family"])
            if "destroyed" in data:
                return Entry(family, None, None, float(data["destroyed"]))
            master = next((each for each in self._masters if each.id == data["master"]), None)
            if master is None:
                raise EncryptionKeyMissing(
                    f"The key of {family!r} is wrapped by key {data['master']}, which the settings "
                    "do not have.",
                )
            wrapped = base64.b64decode(data["key"])
            nonce, rest = wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:]
            key = master.cipher.decrypt(nonce, rest, family.encode())
            return Entry(family, key, master.id, float(data["made"]))
        except (ValueError, KeyError, TypeError, RecursionError, InvalidTag) as error:
            raise ContentCorrupt(
                f"A key in {self.place} is damaged: {type(error).__name__} {error}"
            ) from None

    async def _get_file(self, id: bytes, name: str = "") -> bytes | None:
        import obstore
        from obstore.exceptions import BaseError

        try:
            found = await obstore.get_async(self._open_store(), _path_of(id) + name)
            return bytes(await found.bytes_async())
        except FileNotFoundError:
            return None
        except (BaseError, OSError) as error:
            raise self._unavailable_error("read", error) from error

    async def _put_file(self, id: bytes, content: bytes, *, new: bool, name: str = "") -> bool:
        """Write a file. With `new`, only if it does not exist; False if it does."""
        import obstore
        from obstore.exceptions import AlreadyExistsError, BaseError

        mode = "create" if new else "overwrite"
        try:
            objects = self._open_store()
            if (folder := self._local_folder) is not None:
                file = folder / (_path_of(id) + name)
                return await asyncio.to_thread(_write_file, folder, file, content, new=new)
            await obstore.put_async(objects, _path_of(id) + name, content, mode=mode)
        except AlreadyExistsError:
            return False
        except (BaseError, OSError) as error:
            raise self._unavailable_error("written", error) from error
        return True

    async def _make_durable(self, id: bytes, entry: Entry) -> Entry:
        """Sync the key to disk: the process that made it may not have done so yet, and content
        encrypted with it must not outlive it."""
        if (folder := self._local_folder) is not None:
            try:
                await asyncio.to_thread(_sync_folders, folder, folder / _path_of(id))
            except OSError as error:
                raise self._unavailable_error("kept", error) from error
        return entry

    @property
    def _local_folder(self) -> Path | None:
        """The folder, if the ring is local."""
        if self._url is None:
            return self._folder
        scheme, _, path = self._url.partition("file://")
        return None if scheme else Path(path)

    def _open_store(self) -> ObjectStore:
        if self._store is None:
            from obstore.exceptions import BaseError
            from obstore.store import LocalStore, from_url

            try:
                if self._url is None:
                    make_state_folder(self._folder.parent)
                if (folder := self._local_folder) is not None:
                    _make_private(folder)
                    self._store = LocalStore(folder.absolute(), mkdir=True)
                else:
                    self._store = from_url(self._url or "")
            except (BaseError, ValueError, OSError) as error:
                raise InvalidValue(
                    f"encryption.keyring {self.place} cannot be opened: {error}"
                ) from error
        return self._store

    def _unavailable_error(self, verb: str, error: Exception) -> StoreError:
        why = (str(error).splitlines() or [type(error).__name__])[0]
        return StoreUnavailable(
            f"A key cannot be {verb} in {self.place}: {why}",
            fix="Check that encryption.keyring is reachable.",
        )


def keyring_of(settings: Settings, project: Path) -> Keyring | None:
    """The ring of a project; None without an encryption key."""
    if settings.encryption.key is None:
        return None
    return Keyring(settings.encryption, project / settings.state_dir / "keys")


def new_key() -> str:
    """Generate a value for `encryption.key`."""
    return base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def key_id(family: str) -> bytes:
    """The id of a family's key, which content encrypted with it contains."""
    return hashlib.sha256(b"harness key " + family.encode()).digest()[:ID_BYTES]


def _load_master(secret: SecretStr, name: str) -> Master:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        key = base64.urlsafe_b64decode(secret.get_secret_value())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise InvalidValue(
            f"{name} is not a key: it must be 32 bytes in base64.",
            fix="Create one: `harness keys new`.",
        )
    return Master(hashlib.sha256(b"harness master " + key).hexdigest()[:12], AESGCM(key))


def _path_of(id: bytes) -> str:
    name = id.hex()
    return f"{name[:2]}/{name}"


def _write_file(folder: Path, file: Path, content: bytes, *, new: bool) -> bool:
    """Write and sync before anything is encrypted with the key: a lost key loses a run."""
    file.parent.mkdir(mode=0o700, exist_ok=True)
    written = True
    if new:
        written = create_atomic(file, content, mode=0o600)
    else:
        write_atomic(file, content, mode=0o600)
    _sync_folders(folder, file)
    return written


def _sync_folders(folder: Path, file: Path) -> None:
    for each in (file.parent, folder):
        sync_folder(each)


def _make_private(folder: Path) -> None:
    """Deny other users access, also to an existing folder."""
    if not folder.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        sync_folder(folder.parent)
    elif folder.stat().st_mode & 0o077:
        try:
            folder.chmod(0o700)
        except PermissionError:  # someone else's folder, to which we have access
            get_logger(__name__).warning("other users can read the keyring", folder=str(folder))
