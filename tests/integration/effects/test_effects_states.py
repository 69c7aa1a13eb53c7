"""The ledger's states, in any order of two rivals that die and lose their connections: nobody gets
the right to act while another has it or once it is known to be done, and what is done stays."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from harness.contracts.errors import ToolError
from harness.contracts.message import ToolResult
from harness.store import Database, Hold, Ledger, NewEffect
from harness.store.locks import lock_number

NEW = NewEffect(
    key="k", origin="o", run="r", agent="a", turn=1, call="c", tool="t", effect="write",
    arguments={},
)  # fmt: skip
RESULT = ToolResult(call="c", name="t", content="done")
CUT = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
T = TypeVar("T")
Row = tuple[Any, ...]
RIVAL, KEY = st.sampled_from([0, 1]), st.sampled_from(["a", "b"])
ROW = "SELECT state, attempt, who, result ->> 'content', receipt FROM harness.effect WHERE key = %s"
UNDONE_AT = "SELECT 1 FROM harness.effect WHERE key = %s AND undone IS NOT NULL"
LOCK = """
SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1
  AND (classid::bigint << 32) | objid::bigint = %s
"""
UNDO = "undo"


@asynccontextmanager
async def rivals(url: str) -> AsyncGenerator[tuple[Ledger, Ledger]]:
    made = [Ledger(Database(url, pool_size=1)) for _ in range(2)]
    try:
        yield made[0], made[1]
    finally:
        for each in made:
            await each.close()
            await each.database.close()


class States(RuleBasedStateMachine):
    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url
        self.loop = asyncio.new_event_loop()
        self.looker = psycopg.connect(url, autocommit=True)
        self.tag = uuid.uuid4().hex
        self.holds: dict[tuple[int, str], tuple[Hold, str]] = {}
        """What each rival believes it may do: `new` to act, or what `begin` found, or an undo."""
        self.known: dict[str, str | None] = {}
        """Results that the ledger has taken in and not undone."""
        self.count = 0

    @initialize()
    def open(self) -> None:
        self.ledgers = [self.ledger(), self.ledger()]

    def ledger(self) -> Ledger:
        return Ledger(Database(self.url, pool_size=1))

    def await_(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    def key(self, key: str) -> str:
        return f"{self.tag}-{key}"

    def row(self, key: str) -> Row | None:
        return self.looker.execute(ROW, (self.key(key),)).fetchone()

    def holder(self, key: str) -> int | None:
        """Whose connection has the lock; a rival's number."""
        number = lock_number(self.key(key)) & (2**64 - 1)
        signed = number - 2**64 if number >= 2**63 else number
        found = self.looker.execute(LOCK, (signed,)).fetchone()
        pids = [self.pid(rival) for rival in (0, 1)]
        return pids.index(found[0]) if found and found[0] in pids else None

    def pid(self, rival: int) -> int | None:
        connection = self.ledgers[rival]._locks._connection  # pyright: ignore[reportPrivateUsage]
        return None if connection is None or connection.closed else connection.info.backend_pid

    def refused(self, work: Coroutine[Any, Any, Any], key: str) -> bool:
        """Whether the ledger says `busy`; then it has changed nothing."""
        before = self.row(key)
        try:
            self.await_(work)
        except ToolError as error:
            assert error.code == "tool.busy"
            assert self.row(key) == before
            return True
        return False

    # --- the right to act

    @rule(rival=RIVAL, key=KEY)
    def begin(self, rival: int, key: str) -> None:
        before, holder = self.row(key), self.holder(key)
        new = NewEffect(
            key=self.key(key), origin="o", run=self.tag, agent="a", turn=1, call="c", tool="t",
            effect="write", arguments={}, receipt={"by": rival},
        )  # fmt: skip
        try:
            hold = self.await_(self.ledgers[rival].begin(new))
        except ToolError as error:
            assert error.code == "tool.busy"
            assert holder is not None or (rival, key) in self.holds
            assert self.row(key) == before
            return
        assert holder in (None, rival), "the other one has it"
        assert (rival, key) not in self.holds
        assert self.holder(key) == rival
        assert hold.state == ("new" if before is None else before[0])
        if hold.state == "done":
            assert hold.result["content"] == self.known[key]
        self.holds[rival, key] = hold, hold.state

    @precondition(lambda self: self.able("failed", "undone", "begun", "undoing"))
    @rule(data=st.data())
    def again(self, data: st.DataObject) -> None:
        rival, key, hold = self.pick(data, "failed", "undone", "begun", "undoing")
        before = self.row(key)
        assert before
        ledger = self.ledgers[rival]
        try:
            made = self.await_(ledger.begin_again(hold, {"by": rival}))
        except ToolError:
            assert before[:2] != (hold.state, hold.attempt), "nothing has changed since it began"
            self.give_up(rival, key)
            return
        assert before[0] != "done", "it is known to have happened"
        assert before[:2] == (hold.state, hold.attempt)
        row = self.row(key)
        assert row
        assert row[:2] == ("begun", hold.attempt + 1) == ("begun", made.attempt)
        self.holds[rival, key] = made, "new"

    # --- what came of it

    @precondition(lambda self: self.able("new"))
    @rule(data=st.data(), well=st.booleans())
    def end(self, data: st.DataObject, well: bool) -> None:
        rival, key, hold = self.pick(data, "new")
        del self.holds[rival, key]
        before, ledger = self.row(key), self.ledgers[rival]
        assert before
        ours = before[0] == "begun" and before[2] == hold.who
        self.count += 1
        said = f"done {self.count}"
        result = ToolResult(call="c", name="t", content=said)
        work = ledger.mark_done(hold, result, {}) if well else ledger.mark_failed(hold, None, "no")
        if self.refused(work, key):
            assert not ours, "it was ours to say"
            return
        assert ours
        row = self.row(key)
        assert row
        assert (row[0], row[3]) == (("done", said) if well else ("failed", None))
        self.known[key] = said if well else None

    @precondition(lambda self: self.able("failed", "undone", "begun", "undoing"))
    @rule(data=st.data())
    def found_out(self, data: st.DataObject) -> None:
        """A probe or a person says that it has happened."""
        rival, key, hold = self.pick(data, "failed", "undone", "begun", "undoing")
        before, ledger = self.row(key), self.ledgers[rival]
        assert before
        try:
            self.await_(ledger.take_over(hold))
        except ToolError:
            assert before[:2] != (hold.state, hold.attempt)
            assert self.row(key) == before
            self.give_up(rival, key)
            return
        assert before[0] != "done"
        assert not self.looker.execute(UNDONE_AT, (self.key(key),)).fetchall()
        self.holds[rival, key] = hold, "new"

    @precondition(lambda self: bool(self.holds))
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        rival, key = data.draw(st.sampled_from(sorted(self.holds)))
        before = self.row(key)
        self.give_up(rival, key)
        assert self.row(key) == before
        assert self.holder(key) != rival

    # --- undo

    @rule(rival=RIVAL, key=KEY)
    def undoing(self, rival: int, key: str) -> None:
        before, holder = self.row(key), self.holder(key)
        if before is None:
            return
        ledger = self.ledgers[rival]
        if (rival, key) in self.holds:
            assert self.refused(ledger.begin_undo(self.key(key), self.tag), key)
            return
        try:
            hold, row = self.await_(ledger.begin_undo(self.key(key), self.tag))
        except ToolError as error:
            assert error.code == "tool.busy"
            assert holder is not None
            assert self.row(key) == before
            return
        assert holder in (None, rival)
        assert row.state == ("undone" if before[0] == "undone" else "undoing")
        self.holds[rival, key] = hold, UNDO

    @precondition(lambda self: self.able(UNDO))
    @rule(data=st.data(), well=st.booleans())
    def undo_ends(self, data: st.DataObject, well: bool) -> None:
        rival, key, hold = self.pick(data, UNDO)
        before, ledger = self.row(key), self.ledgers[rival]
        assert before
        work = ledger.mark_undone(hold, "taken back") if well else ledger.cancel_undo(hold, "no")
        ours = before[2] == hold.who and before[0] in ("undoing", "undone" if well else "")
        assert self.refused(work, key) != ours
        row = self.row(key)
        assert row
        if ours and well:
            assert row[0] == "undone"
            self.known[key] = None
        elif ours:
            assert row[0] in ("begun", "failed", "done")
            assert row[3] == self.known.get(key)
        self.give_up(rival, key)

    # --- trouble

    @rule(rival=RIVAL)
    def die(self, rival: int) -> None:
        self.await_(self.gone(rival))
        self.ledgers[rival] = self.ledger()
        self.holds = {at: hold for at, hold in self.holds.items() if at[0] != rival}

    @rule(rival=RIVAL)
    def cut(self, rival: int) -> None:
        """Its connection goes, and it lives: what it holds is anybody's until it notices."""
        if (pid := self.pid(rival)) is not None:
            self.looker.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))

    async def gone(self, rival: int) -> None:
        pid = self.pid(rival)
        await self.ledgers[rival].close()
        await self.ledgers[rival].database.close()
        if pid is not None:
            self.looker.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))

    # --- inside

    @invariant()
    def what_is_done_stays(self) -> None:
        for key, said in self.known.items():
            row = self.row(key)
            assert row
            if said is not None:
                assert row[0] in ("done", "undoing"), "it is lost"
                assert row[3] == said

    def able(self, *states: str) -> bool:
        return any(state in states for _, state in self.holds.values())

    def pick(self, data: st.DataObject, *states: str) -> tuple[int, str, Hold]:
        fit = sorted(at for at, (_, state) in self.holds.items() if state in states)
        rival, key = data.draw(st.sampled_from(fit))
        return rival, key, self.holds[rival, key][0]

    def give_up(self, rival: int, key: str) -> None:
        hold, _ = self.holds.pop((rival, key))
        self.await_(self.ledgers[rival].release(hold))

    def teardown(self) -> None:
        for rival in range(len(getattr(self, "ledgers", ()))):
            self.await_(self.gone(rival))
        self.looker.close()
        self.loop.close()


def test_no_order_of_commands_repeats_or_loses_an_effect(database_url: str) -> None:
    class Here(States):
        def __init__(self) -> None:
            super().__init__(database_url)

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=30,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )


async def test_a_slow_attempt_still_records_its_outcome(database_url: str) -> None:
    """It loses its lock with its connection, another one finds the call begun, yet it succeeds."""
    async with rivals(database_url) as (slow, other):
        first = await slow.begin(NEW)
        # It has not noticed yet, and nobody keeps the lock.
        slow._locks._connection = None  # pyright: ignore[reportPrivateUsage]
        with psycopg.connect(database_url, autocommit=True) as looker:
            looker.execute(CUT)
        second = await other.begin(NEW)
        assert second.state == "begun"
        await slow.mark_done(first, RESULT, {})
        with pytest.raises(ToolError):
            await other.begin_again(second)
        with pytest.raises(ToolError):
            await other.take_over(second)
        await other.release(second)
        again = await other.begin(NEW)
        assert (again.state, again.result["content"]) == ("done", "done")


async def test_a_call_whose_undo_died_may_turn_out_to_have_happened(database_url: str) -> None:
    async with rivals(database_url) as (one, other):
        await one.release(await one.begin(NEW))
        undoing, _ = await one.begin_undo(NEW.key, NEW.run)
        await one.release(undoing)
        found = await other.begin(NEW)
        assert found.state == "undoing"
        await other.take_over(found)
        await other.mark_done(found, RESULT, {})
        assert (await one.begin(NEW)).state == "done"
