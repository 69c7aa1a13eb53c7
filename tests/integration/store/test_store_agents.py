"""Published agents: whoever can write to the database cannot weaken one."""

from __future__ import annotations

from pathlib import Path
from typing import Any, LiteralString

import pytest
from pydantic import SecretStr

from harness.config.settings import EncryptionSettings
from harness.contracts.errors import ContentCorrupt, ContentUnsigned, StoreError
from harness.contracts.published import PublishedAgent
from harness.contracts.run import Budget
from harness.contracts.tool import ToolPolicy
from harness.crypto.keyring import Keyring, new_key
from harness.crypto.signing import Signer
from harness.crypto.vault import Vault
from harness.store.agents import Agents
from harness.store.database import Database
from harness.store.families import Families
from harness.store.migrate import open_database

ASKS = ToolPolicy(effect="irreversible", approval=True)
FREE = ToolPolicy(effect="read")


def published(name: str = "payer", policy: ToolPolicy = ASKS) -> PublishedAgent:
    return PublishedAgent(
        name=name, spec="s" * 64, models=("openai/gpt-5",), tools={"pay": policy}, budget=Budget()
    )


@pytest.fixture
async def database(database_url: str) -> Any:
    database = await open_database(database_url, pool_size=2)
    yield database
    await database.close()


@pytest.fixture(params=["encrypted", "signed"])
def vault(request: pytest.FixtureRequest, database: Database, tmp_path: Path) -> Vault:
    ring = None
    if request.param == "encrypted":
        ring = Keyring(EncryptionSettings(key=SecretStr(new_key())), tmp_path / "keys")
    return Vault(Families(database), ring, Signer(b"k" * 32))


async def test_the_newest_publication_of_a_name_counts(database: Database, vault: Vault) -> None:
    agents = Agents(database, vault)
    assert await agents.find("prod", "payer") is None
    await agents.publish("prod", published(policy=FREE), "build-1", "one")
    first = await agents.find("prod", "payer")
    await agents.publish("prod", published(), "build-2", "two")
    await agents.publish("prod", published("asker"), "build-2", "two")
    await agents.publish("test", published("other"), "build-2", "two")
    found = await agents.find("prod", "payer")
    assert first is not None
    assert found is not None
    assert (found.agent, found.build, found.host) == (published(), "build-2", "two")
    assert (found.first, found.last > first.last) == (first.first, True)
    assert [each.name for each in await agents.list_all("prod")] == ["asker", "payer"]


PLANTS: dict[str, LiteralString] = {
    "plain text": "UPDATE harness.agent SET published = %(weak)b WHERE name = 'payer'",
    "of another agent": "UPDATE harness.agent SET published = "
    "(SELECT published FROM harness.agent WHERE name = 'weak') WHERE name = 'payer'",
    "another name": "DELETE FROM harness.agent WHERE name = 'payer'; "
    "UPDATE harness.agent SET name = 'payer' WHERE name = 'weak'",
    "another namespace": "DELETE FROM harness.agent WHERE namespace = 'prod'; "
    "UPDATE harness.agent SET namespace = 'prod' WHERE namespace = 'test'",
    "another build": "UPDATE harness.agent SET build = 'newer' WHERE name = 'payer'",
    "another host": "UPDATE harness.agent SET host = 'evil' WHERE name = 'payer'",
    "cut off": "UPDATE harness.agent SET published = substring(published FOR 60)",
    "one bit": "UPDATE harness.agent SET published = set_byte(published, 70, "
    "get_byte(published, 70) # 1)",
}


@pytest.mark.parametrize("how", PLANTS)
async def test_a_forged_agent_is_refused(database: Database, vault: Vault, how: str) -> None:
    agents = Agents(database, vault)
    await agents.publish("prod", published(), "build", "host")
    if how in ("of another agent", "another name"):
        await agents.publish("prod", published("weak", FREE), "build", "host")
    if how == "another namespace":
        await agents.publish("test", published(policy=FREE), "build", "host")
    weak = published(policy=FREE).wire()
    async with database.connection() as connection:
        await connection.execute(PLANTS[how], {"weak": weak} if "(weak)" in PLANTS[how] else None)
    found = await agents.find("prod", "payer")
    assert found is not None
    assert isinstance(found.agent, ContentUnsigned | ContentCorrupt)
    assert "agent.published 'payer'" in found.agent.message
    listed = {each.name: each.agent for each in await agents.list_all("prod")}
    assert isinstance(listed["payer"], StoreError)


async def test_a_forged_agent_hides_no_other(database: Database, vault: Vault) -> None:
    agents = Agents(database, vault)
    await agents.publish("prod", published(), "build", "host")
    await agents.publish("prod", published("asker"), "build", "host")
    await database.fetch("UPDATE harness.agent SET host = 'evil' WHERE name = 'payer'")
    listed = {each.name: each.agent for each in await agents.list_all("prod")}
    assert listed["asker"] == published("asker")
    assert isinstance(listed["payer"], StoreError)


async def test_another_key_proves_nothing(database: Database, vault: Vault) -> None:
    stranger = Vault(Families(database), None, Signer(b"x" * 32))
    await Agents(database, stranger).publish("prod", published(policy=FREE), "build", "host")
    found = await Agents(database, vault).find("prod", "payer")
    assert found is not None
    assert isinstance(found.agent, ContentUnsigned)


async def test_an_agent_of_a_newer_version(database: Database, vault: Vault) -> None:
    class Newer(PublishedAgent):
        novelty: int = 1

    await Agents(database, vault).publish("prod", Newer(**dict(published())), "harness-99", "host")
    found = await Agents(database, vault).find("prod", "payer")
    assert found is not None
    assert isinstance(found.agent, ContentCorrupt)
    assert "Upgrade harness" in found.agent.fix
