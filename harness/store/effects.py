"""The ledger of effects: what a run's tools did to the world, and that they did it once.

A write is recorded as begun before it acts and as done after it, one round trip each. The attempt
holds a lock that ends with its connection, so `begun` without a lock means: the outcome is unknown.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import secrets
import socket
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.contracts.effect import EffectRow
from harness.contracts.errors import RunForged, StoreError, ToolBusy, ToolError
from harness.contracts.tool import Effect, Workspace
from harness.crypto.vault import PLAIN, Vault
from harness.store.database import Database, Row
from harness.store.effect_fields import EffectFields, Identity, identity_of
from harness.store.epoch import Epoch, Watch
from harness.store.locks import LockSession, lock_number, run_shielded

if TYPE_CHECKING:
    from psycopg import AsyncConnection

PATIENCE_S = (0.1, 0.3, 1.0, 3.0, 5.0)
"""Delays between attempts to record an outcome while the database is down."""
PAGE = 200

# The lock is taken before the row is looked at, and `DO UPDATE` sees the newest row whatever the
# statement's snapshot says: a `done` that was written just before the lock came free is not missed.
BEGIN = """
WITH lock AS MATERIALIZED (SELECT pg_try_advisory_lock(%(lock)s) AS got)
INSERT INTO harness.effect AS e (key, origin, run, agent, turn, call, tool, effect, arguments,
                                 workspace, receipt, state, who, branch)
SELECT %(key)s, %(origin)s, %(run)s, %(agent)s, %(turn)s, %(call)s, %(tool)s, %(effect)s,
       %(arguments)s::json, %(workspace)s::json, %(receipt)s::json, 'begun', %(who)s,
       %(branch)s
FROM lock WHERE got
ON CONFLICT (key) DO UPDATE SET call = excluded.call
RETURNING e.state, e.attempt, e.who, e.undos, e.branch, e.seq, e.origin, e.run, e.agent, e.turn,
  e.tool, e.effect, e.workspace::text, e.result::text, e.receipt::text
"""
# Only from the state that was found: an attempt that was slow, not dead, may have recorded its
# outcome since. A statement that is run twice finds its own `who`.
FOUND = "(state = %(state)s AND attempt = %(attempt)s OR who = %(who)s)"
AGAIN = f"""
UPDATE harness.effect SET
  state = 'begun', who = %(who)s, branch = %(branch)s, began = now(), ended = NULL, undone = NULL,
  result = NULL, note = NULL,
  attempt = CASE WHEN who = %(who)s THEN attempt ELSE attempt + 1 END,
  undos = CASE WHEN state = 'undoing' THEN undos + 1 ELSE undos END,
  receipt = CASE WHEN state = 'begun' THEN receipt ELSE %(receipt)s::json END,
  seq = CASE WHEN state = 'begun' THEN seq ELSE nextval('harness.effect_seq') END
WHERE key = %(key)s AND {FOUND} RETURNING attempt, undos, seq
"""
TAKE_OVER = f"""
UPDATE harness.effect SET who = %(who)s, state = 'begun', undone = NULL
WHERE key = %(key)s AND {FOUND} RETURNING 1
"""
END = """
UPDATE harness.effect SET state = %(state)s, result = %(result)s::json, receipt = %(receipt)s::json,
  note = %(note)s, ended = now()
WHERE key = %(key)s AND who = %(who)s AND state IN ('begun', %(state)s)
RETURNING 1
"""
END_UNLOCK = f"WITH ended AS ({END}) SELECT pg_advisory_unlock(%(lock)s) FROM ended"
UNDOING = """
WITH lock AS MATERIALIZED (SELECT pg_try_advisory_lock(%(lock)s) AS got)
UPDATE harness.effect e SET who = %(who)s,
  state = CASE WHEN state = 'undone' THEN state ELSE 'undoing' END
FROM lock WHERE got AND e.key = %(key)s
RETURNING 1
"""
UNDONE = """
UPDATE harness.effect SET state = 'undone', undone = now(), note = %(note)s,
  undos = CASE WHEN state = 'undoing' THEN undos + 1 ELSE undos END
WHERE key = %(key)s AND who = %(who)s AND state IN ('undoing', 'undone') RETURNING 1
"""
STANDS = """
UPDATE harness.effect SET note = %(note)s, state = CASE
  WHEN ended IS NULL THEN 'begun' WHEN result IS NULL THEN 'failed' ELSE 'done' END
WHERE key = %(key)s AND who = %(who)s AND state = 'undoing' RETURNING 1
"""
ROWS = """
SELECT key, seq, origin, run, agent, turn, call, tool, effect, arguments::text, workspace::text,
       state, attempt, undos, result::text, receipt::text, note, who,
       extract(epoch FROM began)::float8, extract(epoch FROM ended)::float8,
       extract(epoch FROM undone)::float8
FROM harness.effect
"""


@dataclass(frozen=True, kw_only=True)
class NewEffect:
    """A write as it is known before it acts."""

    key: str
    origin: str
    run: str
    agent: str
    turn: int
    call: str
    tool: str
    effect: Effect
    arguments: Mapping[str, Any]
    workspace: Workspace | None = None
    receipt: Any = None
    """What the tool prepared: kept even if the tool dies."""


@dataclass(frozen=True)
class Hold:
    """The exclusive right to act on one effect, until the effect is ended or the hold released."""

    key: str
    who: str
    state: str
    """The state that was found; `new` if the effect had not been begun."""
    attempt: int = 1
    result: Any = None
    receipt: Any = None
    undos: int = 0
    row: Identity = ()
    """What identifies the row: its values are bound to it."""
    doubtful: bool = False
    """The write may have happened in a history that a restore has lost, whatever the row says."""


async def have_effects(database: Database, runs: Sequence[str]) -> bool:
    query = "SELECT 1 FROM harness.effect WHERE run = ANY(%s) LIMIT 1"
    return bool(await database.fetch(query, (list(runs),)))


async def find_effect(
    database: Database, runs: Sequence[str], key: str
) -> tuple[str, int, str] | None:
    """Return run, turn and call of an effect; None if none of the runs has it."""
    query = "SELECT run, turn, call FROM harness.effect WHERE key = %s AND run = ANY(%s)"
    rows = await database.fetch(query, (key, list(runs)))
    return (rows[0][0], rows[0][1], rows[0][2]) if rows else None


class Ledger:
    def __init__(
        self, database: Database, vault: Vault = PLAIN, epoch: Epoch | None = None
    ) -> None:
        self.database = database
        self._fields = EffectFields(vault)
        self._locks = LockSession(database)
        self._watch = Watch(epoch, self._locks, database)
        self._claimed: dict[str, str] = {}
        # Postgres would grant this connection the same lock twice, so our claims are kept here.
        self._me = f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(4)}"
        self._count = itertools.count(1)

    async def close(self) -> None:
        await self._locks.close()

    async def find_state(self, key: str) -> tuple[str | None, int]:
        """Return the state of an effect (None if never begun) and how often it was undone."""
        query = "SELECT state, undos FROM harness.effect WHERE key = %s"
        rows = await self.database.fetch(query, (key,))
        return (rows[0][0], rows[0][1]) if rows else (None, 0)

    async def begin(self, new: NewEffect) -> Hold:
        """Acquire the right to act; raises ToolBusy while another attempt has it."""
        fields = await self._fields.encrypt_begun(identity_of(vars(new)), vars(new))
        doubts = await self._watch.find_doubt(new.key, new.run, new.origin, new.turn)
        who = self._claim_key(new.key)
        branch = -1 if doubts else self._watch.branch
        values = {
            **vars(new), **fields, "lock": lock_number(new.key), "who": who, "branch": branch
        }  # fmt: skip
        async with self._locking(new.key, BEGIN, values) as rows:
            state, attempt, found, undos, branch, seq, *rest = rows[0]
            made = new.key if found == who else None
            if await self._watch.has_moved(made):  # to a database that was not checked yet
                raise busy_error()
            self._watch.mark(new.key, seq)
            doubtful = branch < 0 or (doubts == "database" and branch < self._watch.branch)
            row = (new.key, *rest[:-3])
            result, receipt = await self._fields.decrypt_kept(row, *rest[-3:])
        if found == who:
            return Hold(new.key, who, "new", receipt=receipt, row=row, doubtful=doubtful)
        return Hold(new.key, who, state, attempt, result, receipt, undos, row, doubtful)

    async def is_doubtful(self, new: NewEffect) -> bool:
        """Whether a write that the ledger does not know may have happened anyway."""
        return bool(await self._watch.find_doubt(new.key, new.run, new.origin, new.turn))

    async def begin_again(self, hold: Hold, receipt: Any = None) -> Hold:
        """Begin an effect again that failed, was undone, or had no effect."""
        stored = await self._fields.encrypt_field("receipt", hold.row, receipt)
        values = {**_found_values(hold), "receipt": stored, "branch": self._watch.branch}
        rows = await run_shielded(self._locks.fetch(AGAIN, values))
        if not rows:
            raise lost_error()
        [(attempt, undos, seq)] = rows
        self._watch.mark(hold.key, seq)
        kept = hold.receipt if hold.state == "begun" else receipt
        return Hold(hold.key, hold.who, "new", attempt, None, kept, undos, hold.row)

    async def take_over(self, hold: Hold) -> None:
        """Take over an effect that another attempt began, once its outcome is known."""
        if not await run_shielded(self._locks.fetch(TAKE_OVER, _found_values(hold))):
            raise lost_error()

    async def mark_done(
        self,
        hold: Hold,
        result: Any,
        receipt: Any,
        *,
        inside: AsyncConnection[Row] | None = None,
        note: str | None = None,
    ) -> None:
        """Record that the effect happened. With `inside`, as part of that connection's transaction;
        the lock then stays until `release`."""
        await self._end_effect(hold, "done", result, receipt, inside, note)

    async def mark_failed(self, hold: Hold, receipt: Any, note: str) -> None:
        """Record that the tool failed; `receipt` describes what it left behind."""
        await self._end_effect(hold, "failed", None, receipt, None, note)

    async def release(self, hold: Hold) -> None:
        """Give up the right without recording an outcome."""
        if self._claimed.get(hold.key) != hold.who:
            return  # released already; another attempt of this process may hold it
        del self._claimed[hold.key]
        await run_shielded(self._locks.unlock(lock_number(hold.key)))

    def connection(self) -> AbstractAsyncContextManager[AsyncConnection[Row]]:
        """Borrow a pooled connection, for an effect in our own Postgres."""
        return self.database.connection()

    # --- undo

    async def begin_undo(
        self, key: str, run: str, below: Sequence[str] = ()
    ) -> tuple[Hold, EffectRow]:
        """Acquire the right to undo an effect of the run, or of a run below it; raises ToolBusy
        while it is in use."""
        rows = await self._fetch_rows("WHERE key = %s AND run = ANY(%s)", (key, [run, *below]))
        if not rows:
            raise RunForged(f"Run {run!r} has no effect with the key {key!r}.")
        before = rows[0]
        who = self._claim_key(key)
        values = {"lock": lock_number(key), "key": key, "who": who}
        async with self._locking(key, UNDOING, values):
            row = identity_of(vars(before))
            hold = Hold(key, who, before.state, before.attempt, row=row)
            [found] = await self._fetch_rows("WHERE key = %s", (key,))
            return hold, found

    async def mark_undone(
        self, hold: Hold, note: str | None, *, inside: AsyncConnection[Row] | None = None
    ) -> None:
        values = {"key": hold.key, "who": hold.who, "note": await self._encrypt_note(hold, note)}
        await self._write_row(UNDONE, values, inside)

    async def cancel_undo(self, hold: Hold, note: str) -> None:
        """Record that the effect could not be undone, and restore its state."""
        values = {"key": hold.key, "who": hold.who, "note": await self._encrypt_note(hold, note)}
        await self._write_row(STANDS, values, None)

    # --- reading

    async def effects_of_run(self, run: str, below: Sequence[str] = ()) -> list[EffectRow]:
        """List all effects of a run, and of runs below it, in the order in which they began."""
        return await self._fetch_rows("WHERE run = ANY(%s) ORDER BY seq", ([run, *below],))

    async def effects_to_undo(
        self,
        run: str,
        to_turn: int | None = None,
        before: int | None = None,
        limit: int = PAGE,
        *,
        below: Sequence[str] = (),
    ) -> list[EffectRow]:
        """List effects that were not undone, the newest first. `below`: runs below it, all of whose
        effects are included."""
        return await self._fetch_rows(
            "WHERE (run = %s AND turn > %s OR run = ANY(%s)) AND seq < %s "
            "AND (state IN ('begun', 'done', 'undoing') "
            "OR (state = 'failed' AND receipt IS NOT NULL)) ORDER BY seq DESC LIMIT %s",
            (run, -1 if to_turn is None else to_turn, list(below), before or 2**63 - 1, limit),
        )

    async def find_effects(
        self, run: str, keys: Sequence[str], below: Sequence[str] = ()
    ) -> list[EffectRow]:
        """List these effects of the run, and of runs below it, the newest first."""
        query = "WHERE run = ANY(%s) AND key = ANY(%s) ORDER BY seq DESC"
        return await self._fetch_rows(query, ([run, *below], list(keys)))

    # --- inside

    def _claim_key(self, key: str) -> str:
        if key in self._claimed:
            raise busy_error()
        self._claimed[key] = f"{self._me}/{next(self._count)}"
        return self._claimed[key]

    @asynccontextmanager
    async def _locking(
        self, key: str, query: Any, values: dict[str, Any]
    ) -> AsyncGenerator[list[Row]]:
        """Run a statement that takes the lock of `key`; raises ToolBusy if the lock is taken. Any
        error releases the hold, since a failed statement leaves its lock behind."""
        try:
            rows = await run_shielded(self._locks.fetch(query, values))
            if not rows:
                raise busy_error()
            self._locks.hold(values["lock"])
            yield rows
        except BaseException:
            await self._give_up(Hold(key, values["who"], ""))
            raise

    async def _give_up(self, hold: Hold) -> None:
        """Release, ignoring errors: the caller raises a more useful one."""
        with suppress(StoreError):
            await self.release(hold)

    async def _end_effect(
        self,
        hold: Hold,
        state: str,
        result: Any,
        receipt: Any,
        inside: AsyncConnection[Row] | None,
        note: str | None,
    ) -> None:
        number, encrypt = lock_number(hold.key), self._fields.encrypt_field
        try:
            values = {
                "state": state,
                "result": await encrypt("result", hold.row, result),
                "receipt": await encrypt("receipt", hold.row, receipt),
                "note": await self._encrypt_note(hold, note),
                "key": hold.key, "who": hold.who, "lock": number,
            }  # fmt: skip
            await self._write_row(END if inside else END_UNLOCK, values, inside)
        except BaseException:
            if inside is None:
                await self._give_up(hold)
            raise
        if inside is None:
            self._locks.held.discard(number)
            self._claimed.pop(hold.key, None)

    async def _encrypt_note(self, hold: Hold, note: str | None) -> str | None:
        return None if note is None else await self._fields.encrypt_note(hold.row, note)

    async def _write_row(
        self, query: Any, values: dict[str, Any], inside: AsyncConnection[Row] | None
    ) -> None:
        if inside is not None:
            rows = await (await inside.execute(query, values)).fetchall()
        else:
            rows = await run_shielded(self._fetch_with_retries(query, values))
        if not rows:
            raise lost_error()

    async def _fetch_with_retries(self, query: Any, values: dict[str, Any]) -> list[Row]:
        for wait in PATIENCE_S:
            try:
                return await self._locks.fetch(query, values)
            except StoreError:
                await asyncio.sleep(wait)
        return await self._locks.fetch(query, values)

    async def _fetch_rows(self, where: Any, params: tuple[Any, ...]) -> list[EffectRow]:
        rows = await self.database.fetch(ROWS + where, params)
        return [await self._fields.decrypt_row(row) for row in rows]


def _found_values(hold: Hold) -> dict[str, Any]:
    return {"key": hold.key, "who": hold.who, "state": hold.state, "attempt": hold.attempt}


def busy_error() -> ToolError:
    return ToolBusy("Another attempt of this call is still running.", retry_after=1)


def lost_error() -> ToolError:
    return ToolBusy(
        "This attempt lost its connection to the ledger, and another attempt took over the call."
    )
