"""Rows before and after a statement, and restoring them exactly or not at all."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pydantic_core import from_json

from harness.contracts.base import Flag, Word
from harness.contracts.errors import TargetChanged
from harness.tools.sql.session import Cells, Session, bound_rows, quote_name

SHOWN = 3

SHAPE = """
SELECT json_build_object(
  'table', json_build_array(n.nspname, c.relname),
  'kind', c.relkind, 'split', c.relhassubclass, 'rules', c.relhasrules,
  'triggers', (SELECT coalesce(json_agg(t.tgname ORDER BY t.tgname), '[]')
               FROM pg_catalog.pg_trigger t
               WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgenabled <> 'D'),
  'columns', (SELECT json_agg(json_build_object(
                'name', a.attname, 'type', pg_catalog.format_type(a.atttypid, a.atttypmod),
                'made', nullif(a.attgenerated, ''), 'identity', nullif(a.attidentity, ''))
                ORDER BY a.attnum)
              FROM pg_catalog.pg_attribute a
              WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
  'key', (SELECT coalesce(json_agg(a.attname ORDER BY a.attnum), '[]')
          FROM pg_catalog.pg_index i
          JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
          WHERE i.indrelid = c.oid AND i.indisprimary))
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relname = $2
"""


class Column(Word):
    name: str
    type: str
    made: str | None = None
    """Set if Postgres computes the column from others."""
    identity: str | None = None
    """`a`: only Postgres assigns its values."""


class Shape(Word):
    """The columns and the key of a table."""

    table: tuple[str, str]
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return ".".join(self.table)

    @property
    def sql(self) -> str:
        return ".".join(quote_name(part) for part in self.table)

    def column_list(self, of: str) -> str:
        """List all columns, qualified by an alias."""
        return ", ".join(f"{of}.{quote_name(column.name)}" for column in self.columns)

    def places_of(self, names: Iterable[str]) -> list[int]:
        known = [column.name for column in self.columns]
        return [known.index(name) for name in names]

    @property
    def set_by_hand(self) -> list[int]:
        return [place for place, column in enumerate(self.columns) if column.made is None]

    def describe_row(self, cells: Cells) -> str:
        """Describe a row by its key, or by its first values."""
        places = self.places_of(self.key) or range(min(SHOWN, len(cells)))
        return ", ".join(f"{self.columns[place].name}={cells[place]}" for place in places)


class Found(NamedTuple):
    shape: Shape
    triggers: tuple[str, ...]
    plain: bool
    """An ordinary table: no view, no partitions, no rules."""


class RowChange(Word):
    before: Cells | None = None
    after: Cells | None = None


class SqlReceipt(Word):
    """Rows that a statement changed, with all values before and after."""

    shape: Shape
    rows: tuple[RowChange, ...]
    path: str
    """The search path under which the values were read."""
    beyond: tuple[str, ...] = ()
    """Other tables that it changed through triggers or cascades."""
    partly: Flag = None
    """Some rows of the table itself were not changed by the statement directly."""


async def look_at(made: Session, schema: str, name: str) -> Found | None:
    # With an empty path the names of types include their schema.
    await made.use_path("")
    rows = await made.fetch_rows(SHAPE, [schema, name])
    await made.use_path(made.access.path)
    if not rows:
        return None
    found = from_json(rows[0][0] or "")
    columns = tuple(Column.model_validate(each) for each in found["columns"] or ())
    shape = Shape(table=tuple(found["table"]), columns=columns, key=tuple(found["key"]))
    plain = found["kind"] == "r" and not found["split"] and not found["rules"]
    return Found(shape, tuple(found["triggers"]), plain)


async def put_back(made: Session, receipt: SqlReceipt) -> str:
    """Restore the rows; raises TargetChanged without touching anything if they have changed since
    the statement."""
    shape = receipt.shape
    found = await look_at(made, *shape.table)
    if found is None:
        raise TargetChanged(f"The table {shape.name} does not exist any more.")
    if found.shape.columns != shape.columns or not found.plain:
        raise TargetChanged(f"The columns of the table {shape.name} have changed.")
    await made.use_path(receipt.path)
    await made.fetch_rows("SET CONSTRAINTS ALL DEFERRED")
    before = await made.count_changes()
    places = await _claim_rows(made, receipt)
    pairs = list(zip(receipt.rows, places, strict=True))
    gone = [place for row, place in pairs if row.before is None and place is not None]
    back = [row.before for row, _ in pairs if row.before is not None and row.after is None]
    again = [
        (row.before, place)
        for row, place in pairs
        if row.before is not None and place is not None and row.before != row.after
    ]
    if gone:
        await made.fetch_rows(f"DELETE FROM {shape.sql} WHERE ctid = ANY ($1::tid[])", [gone])
    restored = await _update_rows(made, shape, again, before) if again else []
    restored += await _insert_rows(made, shape, back) if back else []
    await made.fetch_rows("SET CONSTRAINTS ALL IMMEDIATE")
    _check_restored(receipt, restored, [cells for cells, _ in again] + back)
    await _check_alone(made, shape, before, len(gone) + len(again) + len(back))
    return f"put back {len(pairs)} {'row' if len(pairs) == 1 else 'rows'} of {shape.name}"


async def _claim_rows(made: Session, receipt: SqlReceipt) -> list[str | None]:
    """Lock the changed rows and return their positions; None for deleted ones."""
    shape = receipt.shape
    wanted = [row.after for row in receipt.rows if row.after is not None]
    if not wanted:
        return [None] * len(receipt.rows)
    places = shape.places_of(shape.key)
    if places:
        # By the key's own type, so that its index is used.
        names = ", ".join(f"t.{quote_name(shape.columns[place].name)}" for place in places)
        values = ", ".join(f"u.c{place}::{shape.columns[place].type}" for place in places)
    else:
        places = list(range(len(shape.columns)))
        names = _as_text(f"t.{quote_name(column.name)}" for column in shape.columns)
        values = _as_text(f"u.c{place}" for place in places)
    query = (
        f"SELECT t.ctid, {shape.column_list('t')} FROM {shape.sql} AS t "
        f"WHERE ({names}) IN (SELECT {values} FROM {_rows_from_arrays(places)}) FOR UPDATE OF t"
    )
    there: dict[Cells, list[str]] = defaultdict(list)
    # They may have become large since.
    for place, *cells, _ in await made.fetch_rows(
        bound_rows(f"({query})"), _transpose_cells(wanted, places)
    ):
        there[tuple(cells)].append(str(place))
    claimed: list[str | None] = []
    missing: list[str] = []
    for row in receipt.rows:
        if row.after is not None and not there[row.after]:
            missing.append(shape.describe_row(row.after))
        claimed.append(there[row.after].pop() if row.after and there[row.after] else None)
    if missing:
        more = f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
        raise TargetChanged(
            f"{shape.name} was changed after the run had written it: "
            f"{'; '.join(missing[:SHOWN])}{more}.",
        )
    return claimed


async def _update_rows(
    made: Session,
    shape: Shape,
    rows: Sequence[tuple[Cells, str]],
    before: dict[tuple[str, str], int],
) -> list[Cells]:
    from psycopg import IntegrityError

    tried = await made.count_changes()
    try:
        async with made.connection.transaction():
            return await _update_all(made, shape, rows)
    except IntegrityError:
        for table, count in (await made.count_changes()).items():  # rolled-back changes count too
            before[table] = before.get(table, 0) + count - tried.get(table, 0)
        # Rows that exchange unique values: backwards, since each such state has existed before.
        each = [await _update_all(made, shape, [row]) for row in reversed(rows)]
        return [cells for found in each for cells in found]


async def _update_all(
    made: Session, shape: Shape, rows: Sequence[tuple[Cells, str]]
) -> list[Cells]:
    places = [place for place in shape.set_by_hand if shape.columns[place].identity != "a"]
    changes = ", ".join(
        f"{quote_name(shape.columns[place].name)} = u.c{place}::{shape.columns[place].type}"
        for place in places
    )
    if not changes:
        return []
    lists = _rows_from_arrays(places, "unnest($1::tid[], ", "at, ", first=2)
    query = (
        f"UPDATE {shape.sql} AS t SET {changes} FROM {lists} "
        f"WHERE t.ctid = u.at RETURNING {shape.column_list('t')}"
    )
    cells = [before for before, _ in rows]
    return await made.fetch_rows(
        query, [[place for _, place in rows], *_transpose_cells(cells, places)]
    )


async def _insert_rows(made: Session, shape: Shape, rows: Sequence[Cells]) -> list[Cells]:
    places = shape.set_by_hand
    names = ", ".join(quote_name(shape.columns[place].name) for place in places)
    values = ", ".join(f"u.c{place}::{shape.columns[place].type}" for place in places)
    query = (
        f"INSERT INTO {shape.sql} AS t ({names}) OVERRIDING SYSTEM VALUE "
        f"SELECT {values} FROM {_rows_from_arrays(places)} RETURNING {shape.column_list('t')}"
    )
    return await made.fetch_rows(query, _transpose_cells(rows, places))


def _check_restored(
    receipt: SqlReceipt, restored: Sequence[Cells], wanted: Sequence[Cells]
) -> None:
    """Check that the rows are what they were before."""
    left = Counter(wanted) - Counter(restored)
    if left:
        shape = receipt.shape
        raise TargetChanged(
            f"{shape.name} cannot restore the row {shape.describe_row(next(iter(left)))}: "
            "a trigger or a default changed it.",
        )


async def _check_alone(
    made: Session, shape: Shape, before: dict[tuple[str, str], int], wanted: int
) -> None:
    after = await made.count_changes()
    for table, count in after.items():
        expected = wanted if table == shape.table else 0
        if count - before.get(table, 0) != expected:
            name = ".".join(table)
            raise TargetChanged(f"Restoring the rows would also change other rows of {name}.")


def _as_text(values: Iterable[str]) -> str:
    """Compare whole rows as text: a first filter, if there is no key."""
    texts = [f"pg_catalog.format('%s', {value})" for value in values]
    return f"ROW({', '.join(texts)})::text"


def _rows_from_arrays(
    places: Sequence[int], begin: str = "unnest(", names: str = "", *, first: int = 1
) -> str:
    """Turn arrays of text into rows u(c0, c1, ...)."""
    arrays = ", ".join(f"${number}::text[]" for number, _ in enumerate(places, first))
    return f"{begin}{arrays}) AS u({names}{', '.join(f'c{place}' for place in places)})"


def _transpose_cells(rows: Sequence[Cells], places: Sequence[int]) -> list[list[str | None]]:
    return [[row[place] for row in rows] for place in places]
