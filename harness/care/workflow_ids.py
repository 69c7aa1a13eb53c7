"""The ids of care's own workflows: stores that share a Temporal have tickets and acts of their
own."""

from __future__ import annotations

from harness.engine.connection import Connection
from harness.store.store_id import get_store_id


async def find_prefix(connection: Connection) -> str:
    """How the ids of this store's workflows of care begin."""
    return f"care.{await get_store_id(connection.database)}."


async def find_workflow_id(connection: Connection, ticket: str) -> str:
    """The id of a ticket's workflow: while it is open, there cannot be a second one."""
    return f"{await find_prefix(connection)}{ticket}"


async def find_act_workflow(connection: Connection, act: str) -> str:
    """The id of the workflow that is the record of an act."""
    return f"{await find_prefix(connection)}act.{act}"
