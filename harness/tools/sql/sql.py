"""Tools that read and change tables of the database that harness uses, with undo.

A change is part of the ledger's transaction, so it happens exactly once; the changed rows, before
and after, are known before the commit.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from pydantic import Field
from pydantic_core import from_json

from harness.agent import AnyTool, ToolContext, tool
from harness.agent.tool import Approval
from harness.contracts.errors import (
    InvalidAgent,
    OutsideConfines,
    TargetChanged,
    ToolFailed,
)
from harness.tools.sql.role import prepare_role
from harness.tools.sql.rows import (
    Found,
    RowChange,
    Shape,
    SqlReceipt,
    look_at,
    put_back,
)
from harness.tools.sql.session import (
    MAX_BYTES,
    OWN,
    Access,
    Session,
    bound_rows,
    check_words,
    explain_errors,
    limit_time,
    open_session,
    sql_text,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

MAX_ROWS = 500
MAX_CHANGED = 1_000
SHOWN = 20
NEEDED = 180_000
"""Postgres 18: `RETURNING` also returns the former rows."""
ONE = (
    "sql_execute takes one INSERT, UPDATE or DELETE of one table. Use sql_query for a SELECT; "
    "statements that create, alter or drop tables are not allowed."
)
VERBS = {"Insert": "Inserted", "Update": "Updated", "Delete": "Deleted"}
TABLES = """
SELECT n.nspname || '.' || c.relname,
       (SELECT string_agg(pg_catalog.format('%s %s%s', a.attname,
                 pg_catalog.format_type(a.atttypid, a.atttypmod),
                 CASE WHEN a.attnum = ANY (i.indkey) THEN ' (key)'
                      WHEN a.attnotnull THEN ' (not null)' ELSE '' END), ', ' ORDER BY a.attnum)
        FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_index i ON i.indrelid = c.oid AND i.indisprimary
WHERE c.relkind IN ('r', 'p', 'v', 'm') AND n.nspname = ANY ($1::text[])
ORDER BY 1 LIMIT 500
"""

Value = str | int | float | bool | None
Statement = Annotated[str, Field(min_length=1, max_length=20_000)]
Values = Annotated[tuple[Value, ...], Field(max_length=200)]


def sql_tools(
    *,
    schemas: Sequence[str] = ("public",),
    role: str | None = None,
    beyond: bool = False,
    approval: Approval = "never",
) -> tuple[AnyTool, AnyTool, AnyTool]:
    """Make `sql_tables`, `sql_query` and `sql_execute` for an agent.

    Args:
        schemas: What statements can access; also the search path.
        role: The role they run as. Default: the user that harness connects as or, if that is a
            superuser, a role with rights on the rows of `schemas` only.
        beyond: Allow changes that change more through triggers or cascades. Those calls cannot be
            undone.
        approval: Whether a person must approve a change, as for any tool.

    Returns:
        The three tools.

    Raises:
        InvalidAgent: No schema is named, or one that harness keeps its own tables in.
    """
    if OWN in schemas or not schemas:
        raise InvalidAgent(
            f"sql_tools(schemas={tuple(schemas)!r}): that is "
            f"{'no schema' if not schemas else 'the schema of harness itself'}.",
            fix="Name your own schemas.",
        )
    access = Access(schemas=tuple(schemas), role=role, beyond=beyond)
    return (*_make_readers(access), _make_writer(access, approval))


def _make_readers(access: Access) -> tuple[AnyTool, AnyTool]:
    @tool(effect="read", timeout=45.0)
    async def sql_tables(ctx: ToolContext[Any]) -> str:
        """List the tables of the database with their columns."""
        async with _open_reading(ctx, access) as made:
            rows = await made.fetch_rows(TABLES, [list(access.schemas)])
        return "\n".join(f"{name}: {columns}" for name, columns in rows) or "(no tables)"

    @tool(effect="read", timeout=45.0)
    async def sql_query(
        ctx: ToolContext[Any],
        query: Statement,
        params: Values = (),
        limit: Annotated[int, Field(ge=1, le=MAX_ROWS)] = 100,
    ) -> dict[str, Any]:
        """Read from the PostgreSQL database with one SELECT.

        Args:
            query: The SELECT, with $1, $2 and so on where values belong.
            params: Those values.
            limit: How many rows at most.
        """
        async with _open_reading(ctx, access) as made:
            return await _run_query(made, query, [sql_text(each) for each in params], limit)

    return sql_tables, sql_query


def _make_writer(access: Access, approval: Approval) -> AnyTool:
    @tool(effect="write", timeout=45.0, on_unknown="retry", approval=approval)
    async def sql_execute(
        ctx: ToolContext[Any], statement: Statement, params: Values = ()
    ) -> dict[str, Any]:
        """Change rows of one table in the PostgreSQL database: one INSERT, UPDATE or DELETE.

        Args:
            statement: Without RETURNING: the rows come back anyway. $1, $2 and so on stand where
                values belong.
            params: Those values.
        """
        role = await _choose_role(ctx, access, writes=True)
        async with (
            ctx.transaction() as connection,
            explain_errors(),
            limit_time(access),
            open_session(connection, access, role) as made,
        ):
            receipt, verb = await _change_rows(made, statement, [sql_text(each) for each in params])
        ctx.receipt(receipt)
        return _describe_change(receipt, verb)

    @sql_execute.undo
    async def undo_sql(ctx: ToolContext[Any], receipt: SqlReceipt) -> str:
        async with (
            ctx.transaction() as connection,
            _explain_conflicts(receipt.shape),
            open_session(connection, access) as made,
        ):
            return await put_back(made, receipt)

    @sql_execute.obstacle
    def sql_obstacle(receipt: SqlReceipt) -> str | None:
        names = [*receipt.beyond, *([receipt.shape.name] if receipt.partly else [])]
        return f"It also changed {', '.join(names)}, by triggers or cascades." if names else None

    return sql_execute


@contextlib.asynccontextmanager
async def _open_reading(ctx: ToolContext[Any], access: Access) -> AsyncGenerator[Session]:
    role = await _choose_role(ctx, access, writes=False)
    async with (
        ctx.host.reading() as connection,
        explain_errors(),
        limit_time(access),
        open_session(connection, access, role) as made,
    ):
        yield made


async def _choose_role(ctx: ToolContext[Any], access: Access, *, writes: bool) -> str | None:
    if access.role is not None:
        return access.role
    async with ctx.host.preparing() as connection:
        return await prepare_role(connection, access.schemas, writes=writes)


async def _run_query(
    made: Session, query: str, params: list[str | None], limit: int
) -> dict[str, Any]:
    check_words(query)
    before = await made.fetch_locks()
    # A cursor accepts only a SELECT, and returns no more rows than are fetched.
    await made.fetch_rows(f"DECLARE harness_asked CURSOR FOR {query}", params, single=True)
    # It is a valid query, so brackets around it are safe.
    whole = bound_rows(f"({query.rstrip().rstrip(';')}\n)")
    await made.fetch_rows(
        f"DECLARE harness_query NO SCROLL CURSOR FOR {whole}", params, single=True
    )
    rows = await made.fetch_rows(f"FETCH FORWARD {limit + 1} FROM harness_query")
    result = made.cursor.pgresult
    fields = range(result.nfields - 1 if result else 0)
    columns = [(result.fname(at) or b"").decode() for at in fields] if result else []
    kinds = [result.ftype(at) for at in fields] if result else []
    await made.check_touched(before)
    shown = [[_parse_cell(*each) for each in zip(row[:-1], kinds, strict=True)] for row in rows]
    more = {"more": f"There are more than {limit}."} if len(rows) > limit else {}
    return {"columns": columns, "rows": shown[:limit], **more}


class _Plan(NamedTuple):
    verb: str
    found: Found


async def _change_rows(
    made: Session, statement: str, params: list[str | None]
) -> tuple[SqlReceipt, str]:
    if made.version < NEEDED:
        raise ToolFailed(
            f"sql_execute needs PostgreSQL 18 or newer; this is {made.version // 10_000}. Older "
            "versions do not return the former rows of a statement.",
        )
    if not made.counts:
        raise ToolFailed("sql_execute needs track_counts = on in this PostgreSQL.")
    verb, found = await _plan_statement(made, statement)
    shape = found.shape
    if found.triggers and not made.access.beyond:
        raise ToolFailed(
            f"{shape.name} has triggers ({', '.join(found.triggers)}): their changes could not be "
            "undone. The agent's author can allow them: sql_tools(beyond=True).",
        )
    counted, before = await made.count_changes(), await made.fetch_locks()
    rows = await _run_statement(made, shape, statement, params)
    await made.fetch_rows("SET CONSTRAINTS ALL IMMEDIATE")
    await made.check_touched(before)
    beyond, partly = await _find_other_changes(made, shape, counted, len(rows))
    _check_identity(shape, rows)
    receipt = SqlReceipt(
        shape=shape, rows=tuple(rows), path=made.access.path, beyond=beyond, partly=partly or None
    )
    return receipt, verb


async def _plan_statement(made: Session, statement: str) -> _Plan:
    """Find the table that a statement changes, from its query plan."""
    check_words(statement)
    before = await made.fetch_locks()
    plan = await _explain_statement(made, statement)
    await made.check_touched(before)
    plans: list[dict[str, Any]] = from_json(plan)
    top: dict[str, Any] = plans[0].get("Plan") or {}
    verb = str(top.get("Operation"))
    alone = len(plans) == 1 and _count_modifications(top) == 1
    if top.get("Node Type") != "ModifyTable" or verb not in VERBS or not alone:
        raise ToolFailed(ONE)
    if top.get("Output"):
        raise ToolFailed("Remove RETURNING: the rows are returned anyway.")
    schema, name = str(top.get("Schema")), str(top.get("Relation Name"))
    if schema == OWN or schema not in made.access.schemas:
        raise OutsideConfines(f"{schema}.{name} may not be changed.")
    found = await look_at(made, schema, name)
    if found is None or not found.plain:
        raise ToolFailed(
            f"{schema}.{name} is not a plain table: a view, partitioned, or with rules."
        )
    return _Plan(verb, found)


async def _explain_statement(made: Session, statement: str) -> str:
    """Return the plan as JSON. It contains every computed constant, so Postgres checks its size."""
    from psycopg.errors import SyntaxError as NotOne

    # Only a single statement can be prepared; the block below would run several.
    try:
        await made.fetch_rows(f"PREPARE harness_asked AS {statement}", single=True)
    except NotOne as error:
        said = error.diag.message_primary
        raise ToolFailed(f"Postgres: {said}. {ONE}") from None
    await made.fetch_rows("DEALLOCATE harness_asked")
    outer, inner = (f"$h{secrets.token_hex(8)}$" for _ in range(2))
    explain = f"EXPLAIN (VERBOSE, GENERIC_PLAN, FORMAT JSON) {statement}"
    await made.fetch_rows(
        f"DO {outer} DECLARE plan text; BEGIN EXECUTE {inner}{explain}{inner} INTO plan; "
        f"EXECUTE format('SET LOCAL harness.plan = %L', CASE WHEN octet_length(plan) <= "
        f"{MAX_BYTES} THEN plan ELSE '' END); END {outer}"
    )
    [[plan]] = await made.fetch_rows("SELECT current_setting('harness.plan')")
    if not plan:
        raise ToolFailed("The statement has constants that are too large.")
    return plan


def _count_modifications(plan: dict[str, Any]) -> int:
    own = plan.get("Node Type") == "ModifyTable"
    return own + sum(_count_modifications(each) for each in plan.get("Plans", ()))


async def _run_statement(
    made: Session, shape: Shape, statement: str, params: list[str | None]
) -> list[RowChange]:
    """Run the statement and return each row before and after."""
    width = len(shape.columns)
    names = ", ".join(f"c{place}" for place in range(2 + 2 * width))
    query = (
        f"WITH changed({names}) AS ({statement.rstrip().rstrip(';')}\n"
        "RETURNING WITH (OLD AS harness_old, NEW AS harness_new) "
        f"harness_old.ctid, harness_new.ctid, {shape.column_list('harness_old')}, "
        f"{shape.column_list('harness_new')}) {bound_rows('changed')} LIMIT {MAX_CHANGED + 1}"
    )
    rows: list[RowChange] = []
    for was, became, *cells, _ in await made.fetch_rows(query, params, single=False):
        rows.append(
            RowChange(
                before=None if was is None else tuple(cells[:width]),
                after=None if became is None else tuple(cells[width:]),
            )
        )
    if len(rows) > MAX_CHANGED:
        raise ToolFailed(
            f"It would change more than {MAX_CHANGED:,} rows, so nothing was changed. Split it up.",
        )
    return rows


async def _find_other_changes(
    made: Session, shape: Shape, before: dict[tuple[str, str], int], rows: int
) -> tuple[tuple[str, ...], bool]:
    """Find what else the statement changed; refuse that unless it is allowed."""
    grown = {
        table: count - before.get(table, 0)
        for table, count in (await made.count_changes()).items()
        if count != before.get(table, 0)
    }
    partly = grown.pop(shape.table, 0) != rows
    others = tuple(sorted(".".join(table) for table in grown))
    own = any(schema == OWN for schema, _ in grown)
    if own or ((others or partly) and not made.access.beyond):
        raise ToolFailed(
            f"It would also change {', '.join(others) or f'other rows of {shape.name}'} (by a "
            "cascade, a trigger or a function), which could not be undone. Nothing was changed.",
        )
    return others, partly


def _check_identity(shape: Shape, rows: Sequence[RowChange]) -> None:
    fixed = [place for place, column in enumerate(shape.columns) if column.identity == "a"]
    for row in rows:
        both = row.before and row.after
        if both and any(
            row.before[at] != row.after[at] for at in fixed if row.before and row.after
        ):
            raise ToolFailed(f"{shape.name}: its identity column could not be restored.")


@contextlib.asynccontextmanager
async def _explain_conflicts(shape: Shape) -> AsyncGenerator[None]:
    """Report newer rows that conflict with restored ones."""
    from psycopg import IntegrityError

    async with explain_errors():
        try:
            yield
        except IntegrityError as error:
            words = error.diag.message_primary
            raise TargetChanged(f"{shape.name}: {words}.") from None


def _describe_change(receipt: SqlReceipt, verb: str) -> dict[str, Any]:
    """Describe a change to the model: the number of rows, and the first of them."""
    names = [column.name for column in receipt.shape.columns]
    rows = [dict(zip(names, row.after or row.before or (), strict=True)) for row in receipt.rows]
    told = {"done": f"{VERBS[verb]} {len(rows)} of {receipt.shape.name}", "rows": rows[:SHOWN]}
    return told if len(rows) <= SHOWN else {**told, "more": f"{len(rows) - SHOWN} rows not shown"}


def _parse_cell(cell: str | None, kind: int) -> Any:
    """Convert integers, booleans and JSON; leave other types in Postgres's text form."""
    if cell is None:
        return None
    if kind == 16:
        return cell == "t"
    if kind in (20, 21, 23):
        return int(cell)
    return from_json(cell) if kind in (114, 3802) else cell


sql_tables, sql_query, sql_execute = sql_tools()
