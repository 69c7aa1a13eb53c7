"""The keys of runs, a file each, apart from what they open: no backup of the database has both.

A key belongs to a family of runs. It lies here wrapped by the key that the settings name, so this
place alone opens nothing either. A destroyed key leaves a word of when, and is never made again.
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
"""Of a destroyed key, beside it: whoever wraps the key anew at the same time finds it there."""


@dataclass(frozen=True)
class Master:
    """A key of the settings: it wraps the keys of families and nothing else."""

    id: str
    cipher: AESGCM


@dataclass(frozen=True)
class Entry:
    """What the ring holds of one family."""

    family: str
    key: bytes | None
    """None where it was destroyed."""
    master: str | None
    at: float
    """When it was made or destroyed."""


@dataclass(frozen=True)
class Census:
    """The keys of families, counted by the master key that wraps them."""

    masters: dict[str, int]
    destroyed: int
    missing: tuple[str, ...]
    """Master keys that the settings do not have."""


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
        """The family's key; made where there is none yet. Of two who make it, one wins."""
        id = key_id(family)
        entry = await self.find_key(id)
        if entry is not None:
            return await self._make_durable(id, entry)
        made = Entry(family, secrets.token_bytes(KEY_BYTES), self.master, time.time())
        if await self._put_file(id, self._wrap_key(made), new=True):
            return made
        entry = await self.find_key(id)
        if entry is None:
            raise StoreUnavailable(f"The key of {family!r} went while it was made.")
        return await self._make_durable(id, entry)

    async def find_key(self, id: bytes) -> Entry | None:
        """What is known of the key with this id."""
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
        """Nobody reads anything of this family again. False where it had no key. It need not be
        read for that: one may be damaged, or wrapped by a key that is lost."""
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
        """When it got its key, also where that is destroyed; None where nothing says so."""
        content = await self._get_file(key_id(family))
        try:
            data: dict[str, Any] = json.loads(content or b"{}")
            return float(data["made"])
        except (ValueError, KeyError, TypeError):
            return None

    async def rewrap_keys(self) -> tuple[int, int]:
        """Wrap every key anew with the current one; how many were, and how many are there."""
        done = count = 0
        async for id in self.list_ids():
            entry = await self.find_key(id)
            if entry is None or entry.key is None:
                continue
            count += 1
            if entry.master != self.master:
                await self._put_file(id, self._wrap_key(entry), new=False)
                done += 1
            # Destroyed since it was read: it must not come back.
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
        """Whether it was written: with `new` only where nothing was."""
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
        """Whoever made the key a moment ago may not have come so far: what is encrypted with it
        here must not outlive it."""
        if (folder := self._local_folder) is not None:
            try:
                await asyncio.to_thread(_sync_folders, folder, folder / _path_of(id))
            except OSError as error:
                raise self._unavailable_error("kept", error) from error
        return entry

    @property
    def _local_folder(self) -> Path | None:
        """The folder, where it is one."""
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
            fix="Check that encryption.keyring can be reached.",
        )


def keyring_of(settings: Settings, project: Path) -> Keyring | None:
    """The ring of a project; None where nothing is encrypted."""
    if settings.encryption.key is None:
        return None
    return Keyring(settings.encryption, project / settings.state_dir / "keys")


def new_key() -> str:
    """What `encryption.key` takes."""
    return base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def key_id(family: str) -> bytes:
    """The name of a family's key, as it stands in what was encrypted with it."""
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
            fix="Make one with `harness keys new`.",
        )
    return Master(hashlib.sha256(b"harness master " + key).hexdigest()[:12], AESGCM(key))


def _path_of(id: bytes) -> str:
    name = id.hex()
    return f"{name[:2]}/{name}"


def _write_file(folder: Path, file: Path, content: bytes, *, new: bool) -> bool:
    """On the disk before anything is encrypted with it: a key that is lost loses a run."""
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
    """Nobody else on this host looks in, also where the folder was made otherwise."""
    if not folder.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        sync_folder(folder.parent)
    elif folder.stat().st_mode & 0o077:
        try:
            folder.chmod(0o700)
        except PermissionError:  # it is somebody else's, who gave us access
            get_logger(__name__).warning("others can look into the keyring", folder=str(folder))
