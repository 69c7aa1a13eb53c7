"""The keys of families: what several processes do to one key at the same time."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from pydantic import SecretStr

from harness.config.settings import EncryptionSettings
from harness.contracts.errors import RunError, StoreError
from harness.contracts.family import SHARED
from harness.crypto.keyring import Entry, Keyring, key_id, new_key
from harness.crypto.place import place_of
from harness.crypto.vault import Vault

PLACE = place_of("node.body", "id")
OLD, NEW = SecretStr(new_key()), SecretStr(new_key())


def inside(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*"))


class Slow(Keyring):
    """Somebody forgets the family after its key was read."""

    async def find_key(self, id: bytes) -> Entry | None:
        found = await super().find_key(id)
        await Keyring(EncryptionSettings(key=OLD), self._folder).destroy_key("run")
        return found


async def test_a_key_that_is_destroyed_while_it_is_rotated_stays_so(tmp_path: Path) -> None:
    sealed = await Vault(None, Keyring(EncryptionSettings(key=OLD), tmp_path)).encrypt(
        "run", b"words", PLACE
    )
    settings = EncryptionSettings(key=NEW, old_keys=(OLD,))
    await Slow(settings, tmp_path).rewrap_keys()
    with pytest.raises(StoreError, match="was forgotten"):
        await Vault(None, Keyring(settings, tmp_path)).decrypt(sealed, PLACE)
    assert (await Keyring(settings, tmp_path).count_keys()).destroyed == 1


async def test_what_all_share_is_not_forgotten(tmp_path: Path) -> None:
    vault = Vault(None, Keyring(EncryptionSettings(key=OLD), tmp_path))
    sealed = await vault.encrypt(None, b"words", PLACE)
    for run in (SHARED, "harness.archive.1"):
        with pytest.raises(RunError, match="all runs share"):
            await vault.forget_family(await vault.family_of(run))
    assert await vault.decrypt(sealed, PLACE) == b"words"


async def test_nothing_begins_with_a_key_that_another_process_has_destroyed(tmp_path: Path) -> None:
    settings = EncryptionSettings(key=OLD)
    here, there = (Vault(None, Keyring(settings, tmp_path)) for _ in range(2))
    await here.encrypt("session/ada", b"words", PLACE)
    await there.forget_family("session/ada")
    assert await here.encrypt("session/ada", b"more", PLACE), "for a minute it is known here"
    with pytest.raises(StoreError, match="was forgotten"):
        await here.renew_key("session/ada")


@pytest.mark.parametrize("by_url", [False, True])
async def test_other_users_of_the_host_cannot_read_keys(tmp_path: Path, by_url: bool) -> None:
    folder = tmp_path / "keys"
    folder.mkdir(mode=0o755)
    url = folder.as_uri() if by_url else None
    ring = Keyring(EncryptionSettings(key=OLD, keyring=url), folder)
    await ring.get_or_make("run")
    await ring.destroy_key("run")
    modes = {path.name: path.stat().st_mode & 0o777 for path in (folder, *inside(folder))}
    id = key_id("run").hex()
    assert modes == {"keys": 0o700, id[:2]: 0o700, id: 0o600, f"{id}.gone": 0o600}


async def test_concurrent_makers_of_a_key_agree_on_one(tmp_path: Path) -> None:
    rings = [Keyring(EncryptionSettings(key=OLD), tmp_path) for _ in range(8)]
    keys = {
        entry.key for entry in await asyncio.gather(*(ring.get_or_make("run") for ring in rings))
    }
    assert len(keys) == 1
    assert [path.is_dir() for path in inside(tmp_path)] == [True, False]


async def test_a_key_is_on_the_disk_before_it_can_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its name and the names of its folders before it is used, whoever made it."""
    ring = Keyring(EncryptionSettings(key=OLD), tmp_path)
    file = tmp_path / key_id("run").hex()[:2] / key_id("run").hex()
    synced: list[tuple[str, bool]] = []
    fsync = os.fsync

    def watched(handle: int) -> None:
        synced.append((os.readlink(f"/proc/self/fd/{handle}"), file.exists()))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", watched)
    await ring.get_or_make("run")
    (first, visible), *names = synced
    assert (Path(first).parent, visible) == (file.parent, False)
    assert {(str(file.parent), True), (str(tmp_path), True)} <= set(names)
    synced.clear()
    await Keyring(EncryptionSettings(key=OLD), tmp_path).get_or_make("run")
    assert [Path(path) for path, _ in synced] == [file.parent, tmp_path]


async def test_an_unreadable_key_can_be_destroyed(tmp_path: Path) -> None:
    sealed = await Vault(None, Keyring(EncryptionSettings(key=OLD), tmp_path)).encrypt(
        "run", b"words", PLACE
    )
    ring = Keyring(EncryptionSettings(key=NEW), tmp_path)
    assert await ring.destroy_key("run"), "its master key is lost"
    assert await ring.destroy_key("run"), "it is gone still"
    assert not await ring.destroy_key("other")
    with pytest.raises(StoreError, match="was forgotten"):
        await Vault(None, Keyring(EncryptionSettings(key=OLD), tmp_path)).decrypt(sealed, PLACE)
