"""The SQL of evaluations."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import LiteralString, TypeVar

from harness.contracts.base import Word
from harness.contracts.errors import ContentCorrupt, ErrorInfo, Forgotten
from harness.crypto.place import place_of
from harness.crypto.vault import Vault
from harness.engine.connection import Connection
from harness.evals.contracts import Case, EvalPlan, ItemResult, State
from harness.evals.rows import EvalRow
from harness.store.database import Database, Row

WordT = TypeVar("WordT", bound=Word)

BATCH = 200
"""Cases that one statement adds."""
PAGE = 500
"""Rows that one statement reads."""
LIST: LiteralString = """
SELECT e.content, e.id, extract(epoch FROM e.created)::float8,
  extract(epoch FROM e.ended)::float8, e.state, r.done, r.passed, r.tokens, r.cost
FROM harness_evals.eval e CROSS JOIN LATERAL (
  SELECT count(*) AS done, count(*) FILTER (WHERE passed) AS passed,
    coalesce(sum(tokens), 0)::bigint AS tokens, sum(cost_micros)::bigint AS cost
  FROM harness_evals.result WHERE eval = e.id
) r WHERE e.namespace = %(namespace)s
"""
ADD_CASES = """
INSERT INTO harness_evals.eval_case (eval, number, content)
SELECT %s, number, content FROM unnest(%b::int4[], %b::bytea[]) AS t(number, content)
"""
SAVE = """
INSERT INTO harness_evals.result (eval, number, cell, passed, tokens, cost_micros, content)
VALUES (%s, %s, %s, %s, %s, %s, %b) ON CONFLICT (eval, number) DO NOTHING
"""


class Evals:
    """The evaluations of a Temporal namespace."""

    def __init__(self, connection: Connection) -> None:
        self._database: Database = connection.database
        self._vault: Vault = connection.vault
        self._namespace = connection.endpoints.namespace

    # --- evaluations

    async def add(self, id: str, plan: EvalPlan, cases: Sequence[Case]) -> None:
        """Add an evaluation with its cases."""
        content = await self._vault.encrypt(None, plan.wire(), self._place("eval", id))
        await self._database.fetch(
            "INSERT INTO harness_evals.eval (id, namespace, name, owner, items, content) "
            "VALUES (%s, %s, %s, %s, %s, %b)",
            (id, self._namespace, plan.name, plan.owner, plan.items, content),
        )
        for at in range(0, len(cases), BATCH):
            numbers = list(range(at, min(at + BATCH, len(cases))))
            contents = [
                await self._vault.encrypt(None, cases[n].wire(), self._place("case", id, n))
                for n in numbers
            ]
            await self._database.fetch(ADD_CASES, (id, numbers, contents))

    async def find(self, id: str, owner: str | None) -> EvalRow | None:
        """Find an evaluation; None also if it belongs to someone else."""
        values = {"namespace": self._namespace, "id": id}
        rows = await self._database.fetch(f"{LIST} AND e.id = %(id)s", values)
        found = await self._read_row(rows[0]) if rows else None
        return found if found and owner in (None, found.owner) else None

    async def list_rows(
        self, owner: str | None, *, limit: int, name: str | None = None
    ) -> list[EvalRow]:
        """List evaluations, the newest first."""
        chosen: LiteralString = (
            "AND (%(owner)s::text IS NULL OR e.owner = %(owner)s) "
            "AND (%(name)s::text IS NULL OR e.name = %(name)s)"
        )
        values = {"namespace": self._namespace, "owner": owner, "limit": limit, "name": name}
        query: LiteralString = f"{LIST} {chosen} ORDER BY e.created DESC, e.id LIMIT %(limit)s"
        rows = [await self._read_row(row) for row in await self._database.fetch(query, values)]
        return [row for row in rows if owner in (None, row.owner) and name in (None, row.name)]

    async def _read_row(self, row: Row) -> EvalRow:
        """Read a row. Its columns only serve to find it: the name and the owner are those of the
        plan, which who can only write to the database cannot change."""
        names = ("id", "created", "ended", "state", "done", "passed", "tokens", "cost_micros")
        columns = dict(zip(names, row[1:], strict=True))
        plan = await self._open(EvalPlan, row[0], self._place("eval", columns["id"]))
        return EvalRow(name=plan.name, owner=plan.owner, items=plan.items, **columns)

    async def read_plan(self, id: str) -> EvalPlan | None:
        rows = await self._database.fetch(
            "SELECT content FROM harness_evals.eval WHERE namespace = %s AND id = %s",
            (self._namespace, id),
        )
        return await self._open(EvalPlan, rows[0][0], self._place("eval", id)) if rows else None

    async def set_state(self, id: str, state: State) -> None:
        """Note that an evaluation has ended, or that it runs again."""
        await self._database.fetch(
            "UPDATE harness_evals.eval SET state = %s, "
            "ended = CASE WHEN %s = 'running' THEN NULL ELSE now() END "
            "WHERE namespace = %s AND id = %s",
            (state, state, self._namespace, id),
        )

    async def sum_spent(self, id: str) -> tuple[int, int]:
        """The tokens, and the cost in millionths of a US dollar, of all results."""
        rows = await self._database.fetch(
            "SELECT coalesce(sum(tokens), 0)::bigint, coalesce(sum(cost_micros), 0)::bigint "
            "FROM harness_evals.result WHERE eval = %s",
            (id,),
        )
        return rows[0][0], rows[0][1]

    # --- cases and results

    async def read_case(self, id: str, number: int) -> Case:
        rows = await self._database.fetch(
            "SELECT content FROM harness_evals.eval_case WHERE eval = %s AND number = %s",
            (id, number),
        )
        if not rows:
            raise ContentCorrupt(f"Case {number} of evaluation {id} is missing.")
        return await self._open(Case, rows[0][0], self._place("case", id, number))

    async def list_cases(self, id: str) -> AsyncIterator[Case]:
        """All cases of an evaluation, in order."""
        async for number, content in self._list_contents(
            "SELECT number, content FROM harness_evals.eval_case "
            "WHERE eval = %s AND number > %s ORDER BY number LIMIT %s",
            id,
        ):
            yield await self._open(Case, content, self._place("case", id, number))

    async def has_result(self, id: str, number: int) -> bool:
        rows = await self._database.fetch(
            "SELECT 1 FROM harness_evals.result WHERE eval = %s AND number = %s", (id, number)
        )
        return bool(rows)

    async def save_result(self, id: str, number: int, result: ItemResult) -> None:
        """Save a result; one that is there stays."""
        place = self._place("result", id, number)
        content = await self._vault.encrypt(result.run, result.wire(), place)
        await self._database.fetch(
            SAVE,
            (
                id, number, result.cell, result.passed, result.tokens + result.judge_tokens,
                _add_known(result.cost_micros, result.judge_micros), content,
            ),
        )  # fmt: skip

    async def list_results(
        self,
        id: str,
        plan: EvalPlan,
        *,
        failed: bool = False,
        after: int = -1,
        most: int | None = None,
    ) -> AsyncIterator[tuple[int, ItemResult]]:
        """Results by the number of their items. One whose run was forgotten has no content."""
        query: LiteralString = (
            "SELECT number, content FROM harness_evals.result "
            + "WHERE eval = %s AND number > %s "
            + ("AND NOT passed " if failed else "")
            + "ORDER BY number LIMIT %s"
        )
        left = most
        async for number, content in self._list_contents(query, id, after):
            if left is not None and (left := left - 1) < 0:
                return
            place = self._place("result", id, number)
            try:
                yield number, await self._open(ItemResult, content, place)
            except Forgotten as error:
                yield number, _forgotten(plan, number, error.info)

    async def _list_contents(
        self, query: LiteralString, id: str, after: int = -1
    ) -> AsyncIterator[tuple[int, bytes]]:
        while rows := await self._database.fetch(query, (id, after, PAGE)):
            for number, content in rows:
                yield number, bytes(content)
            after = rows[-1][0]

    async def _open(self, kind: type[WordT], content: bytes, place: bytes) -> WordT:
        plain = await self._vault.decrypt(bytes(content), place)
        try:
            return kind.model_validate_json(plain)
        except ValueError as error:
            raise ContentCorrupt(
                f"A {kind.__name__} cannot be read by this version: {error}",
                fix="Upgrade harness here: a newer version saved it.",
            ) from error

    def _place(self, kind: str, id: str, number: int | None = None) -> bytes:
        return place_of(f"evals.{kind}.content", id, self._namespace, number)


def _add_known(*costs: int | None) -> int | None:
    known = [each for each in costs if each is not None]
    return sum(known) if known else None


def _forgotten(plan: EvalPlan, number: int, error: ErrorInfo) -> ItemResult:
    case, cell, repeat = plan.place(number)
    return ItemResult(
        case=f"case {case + 1}", cell=cell, repeat=repeat, state="failed", passed=False, error=error
    )
