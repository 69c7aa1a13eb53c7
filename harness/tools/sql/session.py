"""Statements of a model in the database: what they may reach, and how values leave it exactly.

What a statement has touched is asked of Postgres after it ran (its locks, its counters), and not
guessed from its text: a view, a function, a trigger or a cascade hides nothing from that. Only the
few functions that could hide something are refused by name.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.contracts.errors import (
    OutsideConfines,
    ToolFailed,
    ToolTimeout,
    ToolUnavailable,
)

if TYPE_CHECKING:
    from psycopg import AsyncConnection, AsyncRawCursor, Error

Text = str | None
"""A value as Postgres writes it."""
Cells = tuple[Text, ...]

OWN = "harness"
"""The schema of harness itself: closed, whatever is allowed."""
LOCK_MS = 5_000
# Under these each type reads back what it writes, bit for bit.
EXACT = {
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "TimeZone": "UTC",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "lc_monetary": "C",
    "lock_timeout": str(LOCK_MS),
}
LIMITS = {"temp_file_limit": "262144", "max_parallel_workers_per_gather": "0"}
"""Of a statement: kilobytes of temporary files, and no help by other processes."""
TOUCHED = """
SELECT n.nspname, c.relname, l.mode FROM pg_catalog.pg_locks l
JOIN pg_catalog.pg_class c ON c.oid = l.relation
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation' AND n.nspname <> 'pg_toast'
"""
# Counters of the transaction may begin above zero, so only how they grow says something.
COUNTS = """
SELECT schemaname, relname, n_tup_ins + n_tup_upd + n_tup_del
FROM pg_catalog.pg_stat_xact_all_tables
WHERE n_tup_ins + n_tup_upd + n_tup_del > 0 AND schemaname <> 'pg_toast'
"""
# What leaves no lock and no count behind, so that nobody could tell afterwards: settings (the role
# that a statement took, and gave back), statements that are text to Postgres, locks that outlive
# the transaction, words to other sessions, sequences set back. A name stands in one piece in SQL,
# but for U&"..." with its escapes.
UNSEEN = re.compile(
    r"\b(?:set_config|ts_stat|ts_rewrite|setval|pg_notify|pg_(?:try_)?advisory_\w+"
    r'|pg_(?:cancel|terminate)_backend|(?:query|cursor|table|schema|database)_to_xml\w*)|\bu&"',
    re.IGNORECASE,
)
MAX_BYTES = 8_000_000
"""Of the rows that one statement gives."""
MAX_WORDS = 500
"""Of each part of an error: a value that it quotes may be large."""
TOO_LARGE = "more than harness takes"
# What has come is in the worker's memory, so Postgres counts, and stops before the row that is too
# much: a text that is no number.
BOUNDED = f"""
SELECT kept.*, CASE WHEN sum(octet_length(ROW(kept.*)::text)) OVER upto > {MAX_BYTES}
  THEN (sum(octet_length(ROW(kept.*)::text)) OVER upto || ' bytes: {TOO_LARGE}')::int END
FROM {{}} AS kept WINDOW upto AS (ROWS UNBOUNDED PRECEDING)
"""  # nosec B608
WHO = """
SELECT current_setting('is_superuser'), current_setting('server_version_num'),
       current_setting('track_counts')
"""


@dataclass(frozen=True, kw_only=True)
class Access:
    """What the author of an agent lets its statements do."""

    schemas: tuple[str, ...] = ("public",)
    role: str | None = None
    """Whom they run as."""
    beyond: bool = False
    """They may also change other tables, by triggers and cascades."""
    seconds: float = 15.0
    """For all statements of a call together."""
    grace: float = 5.0
    """How long Postgres may then take to stop."""

    @property
    def path(self) -> str:
        return ", ".join(quoted(schema) for schema in self.schemas)


@dataclass
class Session:
    """A transaction in which a model's statement runs."""

    connection: AsyncConnection[Any]
    cursor: AsyncRawCursor[Any]
    access: Access
    version: int
    counts: bool
    """Postgres counts changes."""
    role: str = "none"

    async def rows(
        self, query: str, params: Sequence[Any] = (), *, single: bool = False
    ) -> list[Cells]:
        """As text, which is how Postgres keeps its word about every type. `single`: the protocol
        refuses a second statement; for what a model wrote."""
        # Binary results force that protocol. Prepared, a plan would outlive a change of the table.
        await self.cursor.execute(query, params, prepare=False, binary=single)  # pyright: ignore[reportArgumentType, reportCallIssue]
        result = self.cursor.pgresult
        if result is None or not result.nfields:
            return []
        coding = self.connection.info.encoding
        return [
            tuple(
                None if (cell := result.get_value(row, column)) is None else cell.decode(coding)
                for column in range(result.nfields)
            )
            for row in range(result.ntuples)
        ]

    async def touched(self) -> set[Cells]:
        """What this transaction holds locks of, and of which kind."""
        return set(await self.rows(TOUCHED))

    async def changed(self) -> dict[tuple[str, str], int]:
        """Rows that were changed, by table."""
        found = await self.rows(COUNTS)
        return {(str(schema), str(name)): int(count or 0) for schema, name, count in found}

    async def use(self, settings: dict[str, str]) -> None:
        """Until the transaction ends. The role may call no function that does this."""
        for name, value in settings.items():
            await self.rows(f"SET LOCAL {name} = {literal(value)}")

    async def use_path(self, path: str) -> None:
        """`path` is a list of quoted schemas; an empty one names none."""
        await self.rows(f"SET LOCAL search_path = {path or literal('')}")

    async def check_touched(self, before: set[Cells]) -> None:
        """Refuse what lies outside the allowed schemas."""
        allowed = set(self.access.schemas)
        for schema, name, _ in sorted(await self.touched() - before, key=str):
            if schema == OWN or schema not in allowed:
                raise OutsideConfines(
                    f"{schema}.{name} may not be used. The schemas here are "
                    f"{', '.join(self.access.schemas)}; sql_tables lists their tables.",
                )
        if (await self.rows("SELECT current_setting('role')"))[0][0] != self.role:
            raise OutsideConfines("A statement may not change its role.")


@contextlib.asynccontextmanager
async def session(
    connection: AsyncConnection[Any], access: Access, role: str | None = None
) -> AsyncGenerator[Session]:
    """Settings that are right for exact values, and limits, and the role that statements run as;
    gone at the end. Without a role the statements are ours."""
    from psycopg import AsyncRawCursor

    cursor: AsyncRawCursor[Any] = AsyncRawCursor(connection)
    made = Session(connection, cursor, access, 0, counts=True)
    [[superuser, version, counts]] = await made.rows(WHO)
    made.version, made.counts = int(version or 0), counts == "on"
    settings: dict[str, str] = {
        **EXACT,
        **(LIMITS if superuser == "on" else {}),
        # For a worker that dies; one that lives is `within` its time.
        "statement_timeout": str(int((access.seconds + access.grace) * 1000)),
    }
    await made.use(settings)
    await made.use_path(access.path)
    if role is not None:
        made.role = role
        await made.rows(f"SET LOCAL ROLE {quoted(role)}")
    yield made
    # What comes next in this transaction is the ledger's own, and the connection goes on after it.
    await made.rows("RESET ROLE")
    await made.rows("RESET ALL")
    await made.rows("SELECT pg_catalog.pg_advisory_unlock_all()")


@contextlib.asynccontextmanager
async def within(access: Access) -> AsyncGenerator[None]:
    """Stop the statements of a call when their time is up. Postgres's own limit is for one
    statement, and some functions look at no limit for hours (`ltrim` of large texts): a connection
    whose process goes on after the grace is closed."""
    try:
        # The first cancels, and waits for the server; the second stops waiting.
        async with asyncio.timeout(access.seconds + access.grace), asyncio.timeout(access.seconds):
            yield
    except TimeoutError:
        raise ToolTimeout(
            f"It took longer than {access.seconds:g} seconds and was stopped. Nothing was changed. "
            "Ask for less: fewer rows, an indexed column, shorter texts.",
        ) from None


def check_words(statement: str) -> None:
    """Refuse what could not be seen afterwards."""
    if found := UNSEEN.search(statement):
        raise OutsideConfines(f"{found.group()} may not be used in a statement here.")


def bounded(rows: str) -> str:
    """All of a table, or of a query in brackets, up to a size; one column more, which is null."""
    return BOUNDED.format(rows)


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def sql_text(value: str | float | bool | None) -> Text:
    """A parameter as Postgres reads it; the type is the one that the statement wants."""
    if value is None or isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else repr(value)


@contextlib.asynccontextmanager
async def refusals() -> AsyncGenerator[None]:
    """What Postgres says about a statement, in words for the model."""
    from psycopg import Error, OperationalError, errors

    try:
        yield
    except errors.QueryCanceled as error:
        raise ToolTimeout(f"Postgres: {_words(error)}.") from None
    except (
        errors.LockNotAvailable, errors.DeadlockDetected, errors.SerializationFailure,
    ) as error:  # fmt: skip
        raise ToolUnavailable(f"Postgres: {_words(error)}.") from None
    except errors.InsufficientPrivilege as error:
        raise OutsideConfines(f"Postgres: {_words(error)}.") from None
    except errors.InvalidTextRepresentation as error:
        if TOO_LARGE not in str(error.diag.message_primary):
            raise ToolFailed(f"Postgres: {_words(error)}.") from None
        raise ToolFailed(
            f"Its rows are over {MAX_BYTES:,} bytes. Take fewer rows or columns, or parts of "
            "values (left, substring). Nothing was done.",
        ) from None
    except Error as error:
        # Memory, temporary files, complexity: the statement's own doing, and no outage.
        own = (error.sqlstate or "").startswith(("53200", "53400", "54"))
        if (isinstance(error, OperationalError) and not own) or error.sqlstate is None:
            raise  # the database is away: it is tried again
        raise ToolFailed(f"Postgres: {_words(error)}.") from None


def _words(error: Error) -> str:
    found = error.diag
    words = [found.message_primary or str(error), found.message_detail, found.message_hint]
    return ". ".join(each[:MAX_WORDS].rstrip(".") for each in words if each)
