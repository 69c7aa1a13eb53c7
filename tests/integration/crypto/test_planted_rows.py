"""Write access to the database is not enough to make a worker act."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any, LiteralString

import pytest
from pydantic import SecretStr

from harness.config.settings import ArtifactSettings, EncryptionSettings, LiveSettings
from harness.contracts.attempt import Attempt
from harness.contracts.errors import StoreError
from harness.contracts.event import OutputDelta
from harness.contracts.family import SHARED
from harness.contracts.message import user_message
from harness.contracts.seal import START, SealedExecution, SealEntry
from harness.contracts.tool import Workspace
from harness.contracts.transcript import Node
from harness.crypto.keyring import Keyring, new_key
from harness.crypto.signing import Signer
from harness.crypto.vault import Vault
from harness.store.artifacts import Artifacts
from harness.store.attempts import AttemptWriter, attempts_of
from harness.store.database import Database
from harness.store.effects import Ledger, NewEffect
from harness.store.families import Families
from harness.store.live.reader import LiveReader
from harness.store.live.writer import LiveWriter
from harness.store.migrate import open_database
from harness.store.seals import NewSeal, Seals
from harness.store.sessions import Sessions
from harness.store.specs import Specs
from harness.store.transcripts.chain import Transcripts
from tests.fakes.runs import eventually

RUN = "planted"
NESTED = "[" * 3_000 + "]" * 3_000
"""Postgres itself refuses JSON that is much deeper."""
DEEP = "[" * 100_000 + "]" * 100_000
JSON_VALUES = (
    '{"path": "/etc/passwd"}', "null", "17", '"text"', "[]", '"\\ud800\\u0000"', NESTED,
    '{"host": "h", "root": "/"}', '{"harness.sealed": 1}', '{"harness.sealed":"AAAA"}',
    '{"harness.signed":"AAAAAAAAAAAAAAAAAAAAAA","value":{"host":"h","root":"/"}}',
)  # fmt: skip
BYTE_VALUES = (
    b"", b"\0", b"\xff\xfe", b'{"parent": null}', b"\x00harness", b"\x00harness\x00{}",
    b"\x00harness\x01" + b"x" * 60, b"\x00harness\x02" + b"x" * 60, b"\x00harness\x03" + b"x" * 60,
    DEEP.encode(), b"x" * 3_000_000,
)  # fmt: skip
NODES = [Node(parent=None, messages=(user_message(text),)) for text in ("mine", "other")]


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


def effect(key: str) -> NewEffect:
    return NewEffect(
        key=key, origin="o", run=RUN, agent="a", turn=1, call="c", tool="write_file",
        effect="write", arguments={"path": key}, workspace=Workspace(host="h", root="/srv"),
        receipt={"path": key},
    )  # fmt: skip


async def refused(read: Callable[[], Awaitable[object]]) -> None:
    with pytest.raises(StoreError) as error:
        await read()
    assert not error.value.retryable


async def test_a_planted_effect_is_not_undone(database: Database, vault: Vault) -> None:
    ledger = Ledger(database, vault)
    for key in ("mine", "other"):
        hold = await ledger.begin(effect(key))
        await ledger.mark_done(hold, {"content": f"wrote {key}"}, {"path": key}, note="a note")
    [mine, _] = await ledger.effects_of_run(RUN)
    assert (mine.receipt, mine.result, mine.note) == ({"path": "mine"}, "wrote mine", "a note")

    async def reads() -> None:
        await refused(lambda: ledger.effects_of_run(RUN))
        await refused(lambda: ledger.effects_to_undo(RUN))
        await refused(lambda: ledger.begin_undo("mine", RUN))

    async def tamper(change: LiteralString, *params: object) -> None:
        await database.fetch("CREATE TABLE kept AS SELECT * FROM harness.effect WHERE key = 'mine'")
        await database.fetch(f"UPDATE harness.effect SET {change} WHERE key = 'mine'", params)
        await reads()
        await database.fetch("DELETE FROM harness.effect WHERE key = 'mine'")
        await database.fetch("INSERT INTO harness.effect SELECT * FROM kept")
        await database.fetch("DROP TABLE kept")

    columns: tuple[LiteralString, ...] = ("arguments", "workspace", "receipt", "result")
    for column in columns:
        for value in JSON_VALUES:
            await tamper(f"{column} = %s::json", value)
        others: tuple[LiteralString, ...] = (*(each for each in columns if each != column), "mine")
        for other in others:
            of = "other" if other == "mine" else "mine"
            source = column if other == "mine" else other
            await tamper(f"{column} = (SELECT {source} FROM harness.effect WHERE key = %s)", of)
    await tamper("workspace = NULL")
    for text in ("planted", "harness.sealed:AAAA", "harness.signed:" + "A" * 22 + ":planted"):
        await tamper("note = %s", text)
    identity: tuple[LiteralString, ...] = ("origin", "run", "agent", "tool", "effect")
    for column in identity:
        if column != "run":
            await tamper(f"{column} = 'irreversible'")
    await tamper("turn = turn + 1")
    assert (await ledger.effects_of_run(RUN))[0] == mine
    await ledger.close()


async def test_a_planted_receipt_does_not_reach_the_resumed_call(
    database: Database, vault: Vault
) -> None:
    ledger = Ledger(database, vault)
    hold = await ledger.begin(effect("mine"))
    await ledger.release(hold)
    await database.fetch("""UPDATE harness.effect SET receipt = '{"path": "/etc"}'::json""")
    await refused(lambda: ledger.begin(effect("mine")))
    await ledger.close()


async def test_a_planted_answer_is_refused(database: Database, vault: Vault) -> None:
    writer = Transcripts(database, vault=vault)
    heads = [
        writer.add(node, run="x", turn=turn, reply=b"{}", owner=RUN)
        for turn, node in enumerate(NODES, 1)
    ]
    await writer.close()

    def find() -> Awaitable[object]:
        return Transcripts(database, vault=vault).find("x", 1)

    found = await Transcripts(database, vault=vault).find("x", 1)
    assert found is not None and (found.head, found.reply) == (heads[0], b"{}")
    await database.fetch("UPDATE harness.answer SET head = %s WHERE turn = 1", (heads[1],))
    await refused(find)
    await database.fetch("UPDATE harness.answer SET head = %s WHERE turn = 1", (heads[0],))
    for value in (*BYTE_VALUES, None):
        await database.fetch("UPDATE harness.answer SET reply = %b WHERE turn = 1", (value,))
        await refused(find)
    for value in BYTE_VALUES:
        await database.fetch("UPDATE harness.node SET body = %b WHERE id = %s", (value, heads[0]))
        await refused(lambda: Transcripts(database, vault=vault).load(heads[0]))
        await refused(lambda: Transcripts(database, vault=vault).load_node(heads[0]))
    await database.fetch(
        "UPDATE harness.node SET body = (SELECT body FROM harness.node WHERE id = %s) "
        "WHERE id = %s",
        (heads[1], heads[0]),
    )
    await refused(lambda: Transcripts(database, vault=vault).load(heads[0]))


async def test_a_conversation_is_not_continued_from_another_history(
    database: Database, vault: Vault
) -> None:
    writer = Transcripts(database, vault=vault)
    first, other = (writer.add(node, run="x", turn=n) for n, node in enumerate(NODES))
    last = writer.add(Node(parent=first, messages=(user_message("and"),)), run="x", turn=3)
    await writer.close()
    await database.fetch("UPDATE harness.node SET parent = %s WHERE id = %s", (other, last))
    await refused(lambda: Transcripts(database, vault=vault).load(last))


async def test_planted_artifacts_and_attempts_are_refused(
    database: Database, vault: Vault, tmp_path: Path
) -> None:
    def fresh() -> Artifacts:
        return Artifacts(database, ArtifactSettings(), tmp_path / "artifacts", vault)

    id = await fresh().put(b"mine" * 10, run=RUN)
    assert await fresh().get(id, 4, 4) == b"mine"
    for value in BYTE_VALUES:
        await database.fetch("UPDATE harness.artifact SET content = %b", (value,))
        await refused(lambda: fresh().get(id))
        await refused(lambda: fresh().get(id, 0, 1))
        await refused(lambda: Specs(fresh()).get(id))
    await database.fetch(
        "UPDATE harness.artifact SET content = %b, salt = NULL, mac = NULL", (b"mine" * 10,)
    )
    await refused(lambda: fresh().get(id))

    writer = AttemptWriter(database, vault)
    for number in (1, 2):
        writer.add(
            Attempt(
                run=RUN, run_id="x", activity="1", attempt=number, started=1, ended=2, who="w",
                kind="call_model", type="ProviderError", message="away", retryable=True,
            )
        )  # fmt: skip
    await writer.close()
    assert len(await attempts_of(database, RUN, vault)) == 2
    await database.fetch("""UPDATE harness.attempt a SET body = b.body FROM harness.attempt b
        WHERE b.attempt <> a.attempt""")
    await refused(lambda: attempts_of(database, RUN, vault))
    for value in BYTE_VALUES:
        await database.fetch("UPDATE harness.attempt SET body = %b", (value,))
        await refused(lambda: attempts_of(database, RUN, vault))


async def test_a_planted_seal_is_not_read(database: Database, vault: Vault) -> None:
    store = Seals(database, vault)
    entry = SealEntry(
        seq=1, prev=START, kind="sealed", run=RUN, namespace="n", at=1.0, by="ann", harness="1",
        projector=1, executions=(SealedExecution(run_id="e", events=1, last="x"),),
    )  # fmt: skip
    await store.append([NewSeal(entry, content="mine", key=b"k" * 32)])
    [row] = await store.seals_of_run(RUN, "n")
    assert await store.load_key(row) == b"k" * 32

    async def key() -> object:
        [row] = await store.seals_of_run(RUN, "n")
        return await store.load_key(row)

    async def read() -> object:
        [row] = await store.seals_of_run(RUN, "n")
        return row.read

    for value in BYTE_VALUES:
        await database.fetch("UPDATE harness.seal SET key = %b", (value,))
        await refused(key)
        await database.fetch("UPDATE harness.seal SET entry = %b", (value,))
        await refused(read)
    await database.fetch("UPDATE harness.seal SET key = %b, content = 'other'", (row.key,))
    await refused(key)


async def test_planted_live_text_of_an_encrypted_run_is_not_shown(
    database: Database, vault: Vault
) -> None:
    """Without a key live text is not signed: it is only shown, and history has the answer."""
    if not vault.encrypts:
        return
    writer = LiveWriter(database, LiveSettings(flush_ms=5), vault)
    reader = LiveReader(database, vault)
    writer.open_text(RUN, 1, 1, 1).write("mine ")

    async def count() -> int:
        return (await database.fetch("SELECT count(*) FROM harness.live_output"))[0][0]

    await eventually(count)
    planted = ("planted", "harness.sealed:AAAA", "harness.signed:" + "A" * 22 + ":planted")
    for at, value in enumerate(planted, 1):
        await database.fetch(
            "INSERT INTO harness.live_output (run, scheduled, turn, call, attempt, pos, text) "
            "SELECT run, scheduled, turn, call, attempt, %s, %s FROM harness.live_output "
            "WHERE pos = 0",
            (5 * at, value),
        )
    assert await count() == 1 + len(planted)
    writer.open_text(RUN, 2, 1, 1).write("end")
    text = ""
    async with aclosing(reader.follow(RUN)) as events:
        async for event in events:
            text += event.text if isinstance(event, OutputDelta) else ""
            if text.endswith("end"):
                break
    assert text.removeprefix("mine ") == "end"
    await reader.close()
    await writer.close()


async def test_no_run_can_be_planted_into_a_family(database: Database, vault: Vault) -> None:
    """A family is forgotten as a whole, so a planted row would take another one's runs along."""
    assert await Families(database).add_member(vault, "mine.2", "session/mine")
    assert await Families(database).add_member(vault, "other.2", "session/other")
    assert not await Families(database).add_member(vault, "mine.2", "session/mine")

    def family(run: str) -> Awaitable[object]:
        return Vault(Families(database), vault._keyring, vault.signer).family_of(run)

    assert (await family("mine.2"), await family("mine.1")) == ("session/mine", "mine.1")
    assert await Families(database).find_members(vault, "session/mine") == ["mine.2"]
    [[mac]] = await database.fetch("SELECT mac FROM harness.lineage WHERE run = 'other.2'")
    families = ("session/mine", SHARED, "", "../../keys", "mine.1\n", "x" * 2_000, "\U0010ffff")
    for planted in families:
        for proof in (None, "", mac, "A" * 22, "\ud7ff"):
            await database.fetch(
                "INSERT INTO harness.lineage VALUES ('other.2', %s, %s)", (planted, proof)
            )
            await refused(lambda: family("other.2"))
            await refused(lambda of=planted: Families(database).find_members(vault, of))
            await database.fetch(
                "DELETE FROM harness.lineage WHERE run = 'other.2' AND lineage = %s", (planted,)
            )
    assert await family("other.2") == "session/other"


@pytest.mark.parametrize("last", [-(2**31), -1, 1_000_001, 2**31 - 1])
async def test_a_planted_session_number_is_refused(database: Database, last: int) -> None:
    sessions = Sessions(database)
    await sessions.advance_last("mine", 1)
    await database.fetch("UPDATE harness.session SET last = %s", (last,))
    await refused(lambda: sessions.find_last("mine"))
    if last > 0:
        await refused(lambda: sessions.advance_last("mine", 2))
    await database.fetch("DELETE FROM harness.session")
    assert await sessions.find_last("mine") == 0
