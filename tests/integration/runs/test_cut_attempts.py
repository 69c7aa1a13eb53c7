"""What attempts at a model call had sent when they were cut off, from what stays of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from harness.config.settings import EncryptionSettings, LiveSettings
from harness.contracts.attempt import Attempt
from harness.crypto.keyring import Keyring, new_key
from harness.crypto.vault import PLAIN, Vault
from harness.store import AttemptWriter, Database, LiveWriter
from harness.store.cut_attempts import CallPlace, CutAttempts
from harness.store.families import Families
from harness.store.migrate import open_database
from tests.fakes.runs import eventually

PLACE = CallPlace(run="r", run_id="x", activity="1", scheduled=1_000_000, turn=2, call=0)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = await open_database(database_url)
    yield database
    await database.close()


@pytest.fixture(params=["plain", "encrypted"])
def vault(request: pytest.FixtureRequest, database: Database, tmp_path: Path) -> Vault:
    if request.param == "plain":
        return PLAIN
    return Vault(Families(database), Keyring(EncryptionSettings(key=new_key()), tmp_path / "keys"))


async def test_what_each_attempt_had_sent(database: Database, vault: Vault) -> None:
    live = LiveWriter(database, LiveSettings(flush_ms=5), vault)
    for number, text in ((101, "größe " * 3), (102, "a"), (201, "ab"), (501, "the newest")):
        live.open_text("r", 2, 0, number, scheduled=1.0).write(text)
    live.open_text("r", 1, 0, 101, scheduled=0.5).write("of another call")
    query = "SELECT count(*) FROM harness.live_output WHERE pos >= 0"

    async def written() -> int:
        return (await database.fetch(query))[0][0]

    await eventually(written, lambda count: count == 5)
    log = AttemptWriter(database, vault)
    for number in (1, 3):  # the third failed in the middle of its text
        log.add(
            Attempt(
                run="r",
                run_id="x",
                activity="1",
                attempt=number,
                started=1.0,
                ended=2.0,
                who="here/1",
                kind="call_model",
                type="ProviderError",
                message="no",
                retryable=True,
            )
        )
    await log.close()
    cut = CutAttempts(database, vault)
    assert sorted(await cut.measure_texts(PLACE, 5, 100)) == [0, 1, 2, 18], (
        "the fourth said nothing"
    )
    assert await cut.measure_texts(PLACE, 2, 100) == []
    await live.close()
