"""Stored content is accepted only if this project wrote it, and only in its own place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import SecretStr
from temporalio.api.common.v1 import Payload
from temporalio.converter import ActivitySerializationContext, WorkflowSerializationContext

from harness.config.settings import EncryptionSettings
from harness.contracts.errors import StoreError
from harness.contracts.queues import archive_queue
from harness.crypto.keyring import Keyring, key_id, new_key
from harness.crypto.place import place_of
from harness.crypto.signing import Signer
from harness.crypto.vault import Vault
from harness.engine.codec import Codec

HERE = place_of("effect.receipt", "key-1", "run")
ELSEWHERE = (
    place_of("effect.receipt", "key-2", "run"),
    place_of("effect.workspace", "key-1", "run"),
    place_of("effect.receipt", "key-1r", "un"),
)
KEY, SIGNING = SecretStr(new_key()), b"k" * 32
HOSTILE: tuple[str | None, ...] = (
    '{"path": "/etc/passwd"}', "null", "[]", "17", '"text"', "", "\x00", "\ufffd", "[" * 100_000,
    '{"harness.sealed":"', '{"harness.sealed":"AAAA"}', '{"harness.sealed":"~~~"}',
    '{"harness.sealed":"AGhhcm5lc3MD"}', '{"harness.signed":"', '{"harness.signed":"é","value":1}',
    '{"harness.signed":"AAAAAAAAAAAAAAAAAAAAAA","value":{"path": "/etc"}}', "x" * 5_000_000,
    '{"harness.signed":"AAAAAAAAAAAAAAAAAAAAAA","value":' + "[" * 100_000,
)  # fmt: skip


@pytest.fixture(params=["encrypted", "signed"])
def vault(request: pytest.FixtureRequest, tmp_path: Path) -> Vault:
    ring = Keyring(EncryptionSettings(key=KEY), tmp_path) if request.param == "encrypted" else None
    return Vault(None, ring, Signer(SIGNING))


async def test_what_was_stored_comes_back_from_its_place_and_from_no_other(vault: Vault) -> None:
    data = await vault.encrypt("run", b"words", HERE)
    text = await vault.encrypt_text("run", "words", HERE)
    value = await vault.encrypt_json("run", {"a": 1}, HERE)
    assert await vault.decrypt(data, HERE) == b"words"
    assert await vault.decrypt_text(text, HERE) == "words"
    assert await vault.decrypt_json(value, HERE) == {"a": 1}
    for place in ELSEWHERE:
        for read in (
            vault.decrypt(data, place),
            vault.decrypt_text(text, place),
            vault.decrypt_json(value, place),
        ):
            with pytest.raises(StoreError):
                await read


async def test_whatever_is_planted_is_refused(vault: Vault) -> None:
    for planted in HOSTILE:
        with pytest.raises(StoreError):
            await vault.decrypt_json(planted or "", HERE)
        with pytest.raises(StoreError):
            await vault.decrypt((planted or "").encode("utf-8", "surrogatepass"), HERE)
        with pytest.raises(StoreError):
            await vault.decrypt_text(planted or "", HERE)


async def test_every_byte_counts(vault: Vault) -> None:
    stored = await vault.encrypt("run", b"words", HERE)
    for at in range(len(stored)):
        changed = bytearray(stored)
        changed[at] ^= 1
        with pytest.raises(StoreError):
            await vault.decrypt(bytes(changed), HERE)
        with pytest.raises(StoreError):
            await vault.decrypt(stored[:at], HERE)


async def test_content_from_before_the_key_is_distinguished_from_planted_content(
    tmp_path: Path,
) -> None:
    before = Vault(None, None, Signer(SIGNING))
    after = Vault(None, Keyring(EncryptionSettings(key=KEY), tmp_path), Signer(SIGNING))
    foreign = Vault(None, None, Signer(b"f" * 32))
    assert await after.decrypt(await before.encrypt("run", b"words", HERE), HERE) == b"words"
    stored = await before.encrypt_json("run", {"a": 1}, HERE)
    assert json.loads(stored or "")["value"] == {"a": 1}, "readable with SQL"
    for planted in (b"words", await foreign.encrypt("run", b"words", HERE)):
        with pytest.raises(StoreError) as error:
            await after.decrypt(planted, HERE)
        assert error.value.code == "store.unsigned"


async def test_a_key_that_was_moved_to_another_family_is_refused(tmp_path: Path) -> None:
    ring = Keyring(EncryptionSettings(key=KEY), tmp_path)
    await ring.get_or_make("a")
    await ring.get_or_make("b")
    names = {each: key_id(each).hex() for each in "ab"}
    mine, other = (tmp_path / name[:2] / name for name in names.values())
    other.write_bytes(mine.read_bytes())
    with pytest.raises(StoreError, match="moved"):
        await ring.find_key(key_id("b"))


async def test_a_sweep_reads_the_result_of_the_one_before(tmp_path: Path) -> None:
    vault = Vault(None, Keyring(EncryptionSettings(key=KEY), tmp_path), Signer(SIGNING))
    first, second, run = (
        Codec(vault).with_context(WorkflowSerializationContext(namespace="n", workflow_id=id))
        for id in (f"{archive_queue('s')}-1", f"{archive_queue('s')}-2", "run")
    )
    result = Payload(metadata={"encoding": b"json/plain"}, data=b"{}")
    assert await second.decode(await first.encode([result])) == [result]
    for writer, reader in ((first, run), (run, first)):
        with pytest.raises(StoreError, match="copied"):
            await reader.decode(await writer.encode([result]))


async def test_payloads_stay_with_their_run(tmp_path: Path) -> None:
    vault = Vault(None, Keyring(EncryptionSettings(key=KEY), tmp_path), Signer(SIGNING))
    mine, other = (
        Codec(vault).with_context(WorkflowSerializationContext(namespace="n", workflow_id=run))
        for run in ("mine", "other")
    )
    activity = Codec(vault).with_context(
        ActivitySerializationContext(
            namespace="n", workflow_id="mine", workflow_type="w", activity_id="1",
            activity_type="a", activity_task_queue="q", is_local=False,
        )
    )  # fmt: skip
    typed = Payload(metadata={"encoding": b"json/plain"}, data=b'"abort"')
    [stored] = await mine.encode([typed])
    for reader in (mine, activity, Codec(vault)):
        assert await reader.decode([stored]) == [typed]
    with pytest.raises(StoreError, match="copied"):
        await other.decode([stored])
    relabelled = Payload(metadata={**stored.metadata, "run": b"other"}, data=stored.data)
    stripped = Payload(metadata={"encoding": stored.metadata["encoding"]}, data=stored.data)
    for moved in (relabelled, stripped):
        with pytest.raises(StoreError, match="cannot be decrypted"):
            await other.decode([moved])
    assert await mine.decode([typed]) == [typed], "typed by hand into the engine's page"
    with pytest.raises(StoreError, match="not encrypted"):
        await activity.decode([typed])
