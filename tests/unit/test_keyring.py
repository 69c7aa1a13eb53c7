"""The keys of families: what several processes do to one key at the same time."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from harness.config.settings import EncryptionSettings
from harness.contracts.errors import RunError, StoreError
from harness.contracts.family import SHARED
from harness.store.keyring import Entry, Keyring, new_key
from harness.store.vault import Vault

OLD, NEW = SecretStr(new_key()), SecretStr(new_key())


class Slow(Keyring):
    """Somebody forgets the family after its key was read."""

    async def find(self, id: bytes) -> Entry | None:
        found = await super().find(id)
        await Keyring(EncryptionSettings(key=OLD), self._folder).destroy("run")
        return found


async def test_a_key_that_is_destroyed_while_it_is_rotated_stays_so(tmp_path: Path) -> None:
    sealed = await Vault(None, Keyring(EncryptionSettings(key=OLD), tmp_path)).seal("run", b"words")
    settings = EncryptionSettings(key=NEW, old_keys=(OLD,))
    await Slow(settings, tmp_path).rotate()
    with pytest.raises(StoreError, match="was forgotten"):
        await Vault(None, Keyring(settings, tmp_path)).open(sealed)
    assert (await Keyring(settings, tmp_path).census()).destroyed == 1


async def test_what_all_share_is_not_forgotten(tmp_path: Path) -> None:
    vault = Vault(None, Keyring(EncryptionSettings(key=OLD), tmp_path))
    sealed = await vault.seal(None, b"words")
    for run in (SHARED, "harness.archive.1"):
        with pytest.raises(RunError, match="all runs share"):
            await vault.forget(await vault.family(run))
    assert await vault.open(sealed) == b"words"


async def test_nothing_begins_with_a_key_that_another_process_has_destroyed(tmp_path: Path) -> None:
    settings = EncryptionSettings(key=OLD)
    here, there = (Vault(None, Keyring(settings, tmp_path)) for _ in range(2))
    await here.seal("session/ada", b"words")
    await there.forget("session/ada")
    assert await here.seal("session/ada", b"more"), "for a minute it is known here"
    with pytest.raises(StoreError, match="was forgotten"):
        await here.renew("session/ada")
