import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from temporalio.api.common.v1 import Payload
from temporalio.converter import DataConverter

from harness.config.settings import ArtifactSettings, EncryptionSettings
from harness.contracts.errors import ConfigError, StoreError
from harness.contracts.model import AgentSpec, Candidate, ModelPlan
from harness.contracts.transcript import digest
from harness.crypto import vault
from harness.crypto.keyring import Keyring, new_key
from harness.crypto.vault import Vault
from harness.engine.large_payloads import external_storage
from harness.forget.store import owned_artifacts
from harness.store.artifacts import Artifacts
from harness.store.database import Database
from harness.store.families import Families
from harness.store.migrate import open_database
from harness.store.specs import Specs

pytest_plugins = ("tests.fakes.postgres",)

SMALL = bytes(range(256)) * 4
LARGE = bytes(range(256)) * 40
SETTINGS = ArtifactSettings(inline_limit=5000)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = await open_database(database_url)
    yield database
    await database.close()


@pytest.fixture
def artifacts(database: Database, tmp_path: Path) -> Artifacts:
    return Artifacts(database, SETTINGS, tmp_path / "artifacts")


def other(database: Database, tmp_path: Path) -> Artifacts:
    """Another process, with nothing in memory."""
    return Artifacts(database, SETTINGS, tmp_path / "artifacts")


@pytest.mark.parametrize("content", [b"", b"x", SMALL, LARGE, LARGE * 100])
async def test_content_comes_back(
    database: Database, artifacts: Artifacts, tmp_path: Path, content: bytes
) -> None:
    id = await artifacts.put(content, media_type="text/plain", run="r")
    assert id == digest(content) == await artifacts.put(content)
    for store in (artifacts, other(database, tmp_path)):
        assert await store.get(id) == content
        assert await store.exists(id)
        assert await store.get(id, 100, 50) == content[100:150]
        assert await store.get(id, 100) == content[100:]
        assert await store.get(id, len(content) + 5) == b""
        stat = await store.stat(id)
        assert stat == (id, len(content), "text/plain", len(content) <= 5000)
    assert await other(database, tmp_path).put(content) == id
    assert await other(database, tmp_path).get(id, 3, 10) == content[3:13]


@pytest.mark.parametrize("content", [SMALL, LARGE])
async def test_what_two_runs_stored_belongs_to_neither(
    database: Database, artifacts: Artifacts, tmp_path: Path, content: bytes
) -> None:
    """Or it would go when one of them is forgotten."""
    id = await artifacts.put(content, run="first")
    assert await owned_artifacts(database, ["first"]) == [id]
    assert await other(database, tmp_path).put(content, run="second") == id
    assert await owned_artifacts(database, ["first", "second"]) == []


async def test_large_ones_are_files(artifacts: Artifacts, tmp_path: Path) -> None:
    await artifacts.put(SMALL)
    id = await artifacts.put(LARGE)
    files = [path for path in (tmp_path / "artifacts").rglob("*") if path.is_file()]
    assert [path.name for path in files] == [id]
    assert files[0].read_bytes() == LARGE


async def test_their_folder_is_closed_to_others(artifacts: Artifacts, tmp_path: Path) -> None:
    folder = tmp_path / "artifacts"
    before = os.umask(0)
    try:
        await artifacts.put(LARGE)
    finally:
        os.umask(before)
    assert folder.stat().st_mode & 0o777 == 0o700


async def test_what_is_missing_is_named(artifacts: Artifacts, tmp_path: Path) -> None:
    assert not await artifacts.exists("nothing")
    for call in (artifacts.get("nothing"), artifacts.stat("nothing")):
        with pytest.raises(StoreError, match="no artifact nothing") as caught:
            await call
        assert caught.value.code == "store.artifact_missing"


async def test_a_lost_file_is_reported_and_can_be_stored_again(
    database: Database, artifacts: Artifacts, tmp_path: Path
) -> None:
    id = await artifacts.put(LARGE)
    file = tmp_path / "artifacts" / id[:2] / id
    file.unlink()
    elsewhere = other(database, tmp_path)
    with pytest.raises(StoreError, match=f"its content is not in {tmp_path}"):
        await elsewhere.get(id)
    file.write_bytes(LARGE[:100])  # torn by a crash
    with pytest.raises(StoreError, match=id):
        await elsewhere.get(id)
    await other(database, tmp_path).put(LARGE)
    assert await elsewhere.get(id) == LARGE


@pytest.mark.parametrize("content", [SMALL, LARGE])
async def test_changed_bytes_are_detected(
    database: Database, artifacts: Artifacts, tmp_path: Path, content: bytes
) -> None:
    id = await artifacts.put(content)
    if content is SMALL:
        await database.fetch(
            "UPDATE harness.artifact SET content = set_byte(content, 5, 99) WHERE id = %s", (id,)
        )
    else:
        (tmp_path / "artifacts" / id[:2] / id).write_bytes(content[:-1] + b"?")
    with pytest.raises(StoreError, match="do not match its address") as caught:
        await other(database, tmp_path).get(id)
    assert caught.value.code == "store.corrupt"


async def test_another_place_by_url(database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "by url"
    settings = ArtifactSettings(inline_limit=10, url=folder.as_uri())
    id = await Artifacts(database, settings).put(LARGE)
    assert (folder / id[:2] / id).read_bytes() == LARGE
    assert await Artifacts(database, settings).get(id) == LARGE


@pytest.mark.parametrize("url", ["nonsense", "gopher://x/y", None])
async def test_a_wrong_place_is_a_configuration_error(database: Database, url: str | None) -> None:
    with pytest.raises(ConfigError, match=r"artifacts\.url"):
        await Artifacts(database, ArtifactSettings(url=url, inline_limit=1)).put(LARGE)


async def test_a_folder_that_cannot_be_written(database: Database, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises((StoreError, ConfigError), match="file"):
        await Artifacts(database, SETTINGS, tmp_path / "file" / "artifacts").put(LARGE)


async def test_specs_are_known_by_their_hash(
    database: Database, artifacts: Artifacts, tmp_path: Path
) -> None:
    plan = ModelPlan(candidates=(Candidate(model="offline/demo"),))
    spec = AgentSpec(name="a", instructions="Be good.", plan=plan)
    specs = Specs(artifacts)
    id = await specs.put(spec)
    assert await specs.put(spec) == id
    assert await specs.get(id) is spec
    assert await Specs(other(database, tmp_path)).get(id) == spec
    with pytest.raises(StoreError, match="no artifact nothing"):
        await specs.get("nothing")
    stranger = await artifacts.put(b'{"from": "the future"}')
    with pytest.raises(StoreError, match="cannot be read as an agent spec") as caught:
        await specs.get(stranger)
    assert caught.value.code == "store.corrupt"


async def test_large_payloads_are_stored_outside_temporal(
    database: Database, artifacts: Artifacts, tmp_path: Path
) -> None:
    storage = external_storage(artifacts, threshold=1000)
    payloads = DataConverter().payload_converter.to_payloads(["x" * 900, "y" * 9_000])
    stored = [await storage._store_payload(payload) for payload in payloads]
    assert [payload.ByteSize() < 1000 for payload in stored] == [True, True]
    assert await database.fetch("SELECT count(*) FROM harness.artifact") == [(1,)]
    elsewhere = external_storage(other(database, tmp_path), threshold=1000)
    back: list[Payload] = [await elsewhere._retrieve_payload(payload) for payload in stored]
    assert DataConverter().payload_converter.from_payloads(back) == ["x" * 900, "y" * 9_000]


@pytest.mark.parametrize("content", [SMALL, LARGE])
async def test_what_another_run_has_stored_too_is_not_forgotten_with_the_first(
    database: Database, artifacts: Artifacts, tmp_path: Path, content: bytes
) -> None:
    """It became the other's after it was looked up."""
    id = await artifacts.put(content, run="first")
    [owned] = await owned_artifacts(database, ["first"])
    await other(database, tmp_path).put(content, run="second")
    assert not await artifacts.delete(owned, ["first"])
    assert await other(database, tmp_path).get(id) == content
    assert await artifacts.delete(id)
    assert not await artifacts.exists(id)
    assert not any((tmp_path / "artifacts").glob("*/*"))


async def test_what_is_put_while_it_is_deleted_is_there_afterwards(
    database: Database, artifacts: Artifacts, tmp_path: Path
) -> None:
    for n in range(10):
        content = LARGE + bytes([n])
        id = await artifacts.put(content, run="first")
        await asyncio.gather(
            artifacts.delete(id, ["first"]), other(database, tmp_path).put(content, run="second")
        )
        assert await other(database, tmp_path).get(id) == content


async def test_what_another_process_made_unreadable_is_not_shown_from_memory(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vault, "KEY_SECONDS", 0.0)
    settings = EncryptionSettings(key=SecretStr(new_key()))
    here, there = (
        Vault(Families(database), Keyring(settings, tmp_path / "keys")) for _ in range(2)
    )
    artifacts = Artifacts(database, SETTINGS, tmp_path / "artifacts", here)
    stored = await artifacts.put(b"said", run="run")
    read = await Artifacts(database, SETTINGS, None, there).put(b"heard", run="run")
    assert await artifacts.get(read) == b"heard"
    await there.forget_family("run")
    for id in (stored, read):
        with pytest.raises(StoreError, match="was forgotten"):
            await artifacts.get(id)
