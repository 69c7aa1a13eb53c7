"""The query of a page of conversations: with the conditions that a list has, and no others, so that
Postgres chooses an index for these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, LiteralString, NamedTuple

from harness.conversations.contracts import State

ROW: LiteralString = "c.id, c.card, c.active FROM harness_conversations.conversation AS c"
ORDER: LiteralString = "ORDER BY active DESC, id DESC LIMIT %(limit)s"
STATES: dict[State, LiteralString] = {
    "active": "c.state = 'active'",
    "archived": "c.state = 'archived'",
    "deleted": "c.state = 'deleted'",
}
IN_TITLE: LiteralString = "c.search @@ websearch_to_tsquery('simple', %(text)s)"
IN_MESSAGE: LiteralString = """EXISTS (SELECT FROM harness_conversations.message AS m
  WHERE m.namespace = c.namespace AND m.conversation = c.id
    AND m.search @@ websearch_to_tsquery('simple', %(text)s))"""


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Which conversations to list. None means any."""

    owner: str | None = None
    states: tuple[State, ...] = ("active",)
    agent: str | None = None
    tag: str | None = None
    text: str | None = None
    """Words, as a web search takes them."""


class Position(NamedTuple):
    """Where a page of a list ends."""

    active: float
    id: str


def build_list_query(
    namespace: str, which: Filter, limit: int, after: Position | None
) -> tuple[LiteralString, dict[str, Any]]:
    """Build the query of one page, and its parameters."""
    conditions: list[LiteralString] = ["c.namespace = %(namespace)s"]
    values: dict[str, Any] = {"namespace": namespace, "limit": limit}
    if which.owner is not None:
        conditions.append("c.owner = %(owner)s")
        values["owner"] = which.owner
    if which.agent is not None:
        conditions.append("c.agent = %(agent)s")
        values["agent"] = which.agent
    if which.tag is not None:
        conditions.append("c.tags @> ARRAY[%(tag)s::text]")
        values["tag"] = which.tag
    if after is not None:
        conditions.append("(c.active, c.id) < (%(active)s::float8, %(id)s)")
        values |= after._asdict()
    parts: list[LiteralString] = [""]
    if which.text is not None:
        parts = [f" AND {IN_TITLE}", f" AND {IN_MESSAGE}"]
        values["text"] = which.text
    where: LiteralString = " AND ".join(conditions)
    # Not one query with OR, for which Postgres would read all conversations: each part of the union
    # reads in the order of an index, or the few that have a word.
    found: list[LiteralString] = [
        f"SELECT {ROW} WHERE {where} AND {STATES[state]}{part} {ORDER}"
        for state in dict.fromkeys(which.states)
        for part in parts
    ]
    union: LiteralString = " UNION ".join([f"({each})" for each in found])
    return found[0] if len(found) == 1 else f"{union} {ORDER}", values
