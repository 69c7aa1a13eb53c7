"""Run a model's statements in the database: what they may access, and how values stay exact.

What a statement has touched is read from Postgres afterwards (locks, counters), not guessed from
its text: views, functions, triggers and cascades cannot hide anything from that. Only the few
functions that could are refused by name.
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
"""A value in Postgres's text form."""
Cells = tuple[Text, ...]

OWN = "harness"
"""The schema of harness itself: never accessible."""
LOCK_MS = 5_000
# With these settings the text form of each type is exact.
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
"""Limits of a statement: kilobytes of temporary files, and no parallel workers."""
TOUCHED = """
SELECT n.nspname, c.relname, l.mode FROM pg_catalog.pg_locks l
JOIN pg_catalog.pg_class c ON c.oid = l.relation
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation' AND n.nspname <> 'pg_toast'
"""
# Counters of the transaction may start above zero, so only their growth counts.
COUNTS = """
SELECT schemaname, relname, n_tup_ins + n_tup_upd + n_tup_del
FROM pg_catalog.pg_stat_xact_all_tables
WHERE n_tup_ins + n_tup_upd + n_tup_del > 0 AND schemaname <> 'pg_toast'
"""
# What leaves neither locks nor counts, so that it would go unnoticed: settings (a role taken and
# reset), statements passed as text, locks that outlive the transaction, notifications of other
# sessions, resets of sequences. Names are in one piece in SQL, except in U&"..." with escapes.
UNSEEN = re.compile(
    r"\b(?:set_config|ts_stat|ts_rewrite|setval|pg_notify|pg_(?:try_)?advisory_\w+"
    r'|pg_(?:cancel|terminate)_backend|(?:query|cursor|table|schema|database)_to_xml\w*)|\bu&"',
    re.IGNORECASE,
)
MAX_BYTES = 8_000_000
"""Most bytes of the rows that one statement returns."""
MAX_WORDS = 500
"""Most characters of each part of an error: it may quote a large value."""
TOO_LARGE = "more than harness takes"
# Received rows use the worker's memory, so Postgres counts, and stops before the row that exceeds
# the limit by casting a text to int.
BOUNDED = f"""
SELECT kept.*, CASE WHEN sum(octet_length(ROW(kept.*)::text)) OVER upto > {MAX_BYTES}
  THEN (sum(octet_length(ROW(kept.*)::text)) OVER upto || ' bytes: {TOO_LARGE}')::int END
FROM {{}} AS kept WINDOW upto AS (ROWS UNBOUNDED PRECEDING)
"""
WHO = """
SELECT current_setting('is_superuser'), current_setting('server_version_num'),
       current_setting('track_counts')
"""


@dataclass(frozen=True, kw_only=True)
class Access:
    """What the author of an agent allows its statements."""

    schemas: tuple[str, ...] = ("public",)
    role: str | None = None
    """The role they run as."""
    beyond: bool = False
    """Whether they may also change other tables through triggers and cascades."""
    seconds: float = 15.0
    """Time limit for all statements of a call together."""
    grace: float = 5.0
    """How long Postgres may take to stop after that."""

    @property
    def path(self) -> str:
        return ", ".join(quote_name(schema) for schema in self.schemas)


@dataclass
class Session:
    """The transaction of a model's statements."""

    connection: AsyncConnection[Any]
    cursor: AsyncRawCursor[Any]
    access: Access
    version: int
    counts: bool
    """Whether Postgres counts changes."""
    role: str = "none"

    async def fetch_rows(
        self, query: str, params: Sequence[Any] = (), *, single: bool = False
    ) -> list[Cells]:
        """Run a query and return its rows as text, which is exact for every type. `single`: refuse
        a second statement in the text; for text that a model wrote."""
        # Binary results force the protocol that does this. A prepared plan would outlive changes of
        # the table.
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

    async def fetch_locks(self) -> set[Cells]:
        """Return the relations that this transaction has locked, with the lock modes."""
        return set(await self.fetch_rows(TOUCHED))

    async def count_changes(self) -> dict[tuple[str, str], int]:
        """Count the changed rows by table."""
        found = await self.fetch_rows(COUNTS)
        return {(str(schema), str(name)): int(count or 0) for schema, name, count in found}

    async def use_settings(self, settings: dict[str, str]) -> None:
        """Apply settings until the transaction ends. The role cannot call `set_config`."""
        for name, value in settings.items():
            await self.fetch_rows(f"SET LOCAL {name} = {quote_literal(value)}")

    async def use_path(self, path: str) -> None:
        """Set the search path, a list of quoted schemas; it may be empty."""
        await self.fetch_rows(f"SET LOCAL search_path = {path or quote_literal('')}")

    async def check_touched(self, before: set[Cells]) -> None:
        """Refuse relations outside the allowed schemas."""
        allowed = set(self.access.schemas)
        for schema, name, _ in sorted(await self.fetch_locks() - before, key=str):
            if schema == OWN or schema not in allowed:
                raise OutsideConfines(
                    f"{schema}.{name} may not be used. The schemas here are "
                    f"{', '.join(self.access.schemas)}; sql_tables lists their tables.",
                )
        if (await self.fetch_rows("SELECT current_setting('role')"))[0][0] != self.role:
            raise OutsideConfines("A statement may not change its role.")


@contextlib.asynccontextmanager
async def open_session(
    connection: AsyncConnection[Any], access: Access, role: str | None = None
) -> AsyncGenerator[Session]:
    """Open a session with settings for exact values, limits, and the role of the statements; all
    are reset at the end. Without a role, statements run as harness."""
    from psycopg import AsyncRawCursor

    cursor: AsyncRawCursor[Any] = AsyncRawCursor(connection)
    made = Session(connection, cursor, access, 0, counts=True)
    [[superuser, version, counts]] = await made.fetch_rows(WHO)
    made.version, made.counts = int(version or 0), counts == "on"
    settings: dict[str, str] = {
        **EXACT,
        **(LIMITS if superuser == "on" else {}),
        # For a worker that dies; a live one uses `limit_time`.
        "statement_timeout": str(int((access.seconds + access.grace) * 1000)),
    }
    await made.use_settings(settings)
    await made.use_path(access.path)
    if role is not None:
        made.role = role
        await made.fetch_rows(f"SET LOCAL ROLE {quote_name(role)}")
    yield made
    # The ledger continues this transaction, and the connection is reused.
    await made.fetch_rows("RESET ROLE")
    await made.fetch_rows("RESET ALL")
    await made.fetch_rows("SELECT pg_catalog.pg_advisory_unlock_all()")


@contextlib.asynccontextmanager
async def limit_time(access: Access) -> AsyncGenerator[None]:
    """Stop the statements of a call after their time limit. Postgres's own limit is per statement,
    and some functions ignore it for hours (`ltrim` of large texts): a connection whose process
    still runs after the grace period is closed."""
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
    """Refuse functions whose effects could not be seen afterwards."""
    if found := UNSEEN.search(statement):
        raise OutsideConfines(f"{found.group()} may not be used in a statement here.")


def bound_rows(rows: str) -> str:
    """Wrap a table, or a query in brackets, to limit its size; adds a column, which is null."""
    return BOUNDED.format(rows)


def quote_literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def quote_name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def sql_text(value: str | float | bool | None) -> Text:
    """Convert a parameter to Postgres's text form; the statement decides the type."""
    if value is None or isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else repr(value)


@contextlib.asynccontextmanager
async def explain_errors() -> AsyncGenerator[None]:
    """Convert errors of Postgres to tool errors for the model."""
    from psycopg import Error, OperationalError, errors

    try:
        yield
    except errors.QueryCanceled as error:
        raise ToolTimeout(f"Postgres: {_error_text(error)}.") from None
    except (
        errors.LockNotAvailable, errors.DeadlockDetected, errors.SerializationFailure,
    ) as error:  # fmt: skip
        raise ToolUnavailable(f"Postgres: {_error_text(error)}.") from None
    except errors.InsufficientPrivilege as error:
        raise OutsideConfines(f"Postgres: {_error_text(error)}.") from None
    except errors.InvalidTextRepresentation as error:
        if TOO_LARGE not in str(error.diag.message_primary):
            raise ToolFailed(f"Postgres: {_error_text(error)}.") from None
        raise ToolFailed(
            f"The rows exceed {MAX_BYTES:,} bytes. Select fewer rows or columns, or parts of "
            "values (left, substring). Nothing was changed.",
        ) from None
    except Error as error:
        # Memory, temporary files, complexity: caused by the statement, not an outage.
        own = (error.sqlstate or "").startswith(("53200", "53400", "54"))
        if (isinstance(error, OperationalError) and not own) or error.sqlstate is None:
            raise  # the database is down: retried
        raise ToolFailed(f"Postgres: {_error_text(error)}.") from None


def _error_text(error: Error) -> str:
    found = error.diag
    words = [found.message_primary or str(error), found.message_detail, found.message_hint]
    return ". ".join(each[:MAX_WORDS].rstrip(".") for each in words if each)
