"""The role that a model's statements run as: it has access to the allowed schemas only.

Filtering a statement's text is not enough: an error message, a cast or a function reveals what a
query may not return. So Postgres decides. If harness connects as a superuser, statements run as a
role with rights on the rows of the allowed schemas only, not on tables of harness or the system.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, LiteralString

if TYPE_CHECKING:
    from psycopg import AsyncConnection

LOCAL_CLUSTER = "harness-local"
"""`cluster_name` of the Postgres that harness starts, and may harden."""
LOCK = 0x73716C  # "sql"
# Functions that act outside tables and transactions, or run text as a statement. By default
# everyone may call them.
CLOSED = (
    "set_config", "pg_logical_emit_message", "pg_notify", "ts_stat", "ts_rewrite",
    "pg_advisory_lock", "pg_advisory_lock_shared", "pg_advisory_xact_lock",
    "pg_advisory_xact_lock_shared", "pg_try_advisory_lock", "pg_try_advisory_lock_shared",
    "pg_try_advisory_xact_lock", "pg_try_advisory_xact_lock_shared", "pg_advisory_unlock",
    "pg_advisory_unlock_shared", "pg_advisory_unlock_all", "pg_sleep", "pg_sleep_for",
    "pg_sleep_until", "pg_cancel_backend", "pg_terminate_backend", "pg_export_snapshot",
    "lo_creat", "lo_create", "lo_from_bytea", "lo_put", "lowrite", "lo_open", "lo_truncate",
    "lo_truncate64", "lo_unlink", "lo_import", "lo_export", "query_to_xml", "query_to_xmlschema",
    "query_to_xml_and_xmlschema", "cursor_to_xml", "cursor_to_xmlschema", "table_to_xml",
    "table_to_xmlschema", "table_to_xml_and_xmlschema", "schema_to_xml", "schema_to_xmlschema",
    "schema_to_xml_and_xmlschema", "database_to_xml", "database_to_xmlschema",
    "database_to_xml_and_xmlschema", "setval",
)  # fmt: skip
OPEN_FUNCTIONS = """
SELECT p.oid::regprocedure::text FROM pg_catalog.pg_proc p
WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.proname = ANY (%s)
  AND (p.proacl IS NULL OR EXISTS (
    SELECT 1 FROM pg_catalog.aclexplode(p.proacl) AS a
    WHERE a.grantee = 0 AND a.privilege_type = 'EXECUTE'))
"""
SERVER = """
SELECT pg_catalog.current_setting('is_superuser'), pg_catalog.current_setting('cluster_name')
"""
MISSING = """
SELECT n.nspname, NULL::name, NULL::text FROM pg_catalog.pg_namespace n
WHERE n.nspname = ANY (%(schemas)s)
  AND NOT pg_catalog.has_schema_privilege(%(role)s, n.oid, 'USAGE')
UNION ALL
SELECT n.nspname, c.relname, CASE WHEN c.relkind = 'S' THEN 'SEQUENCE' ELSE 'TABLE' END
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY (%(schemas)s) AND (
  (c.relkind IN ('r', 'p', 'v', 'm', 'f')
   AND EXISTS (SELECT 1 FROM unnest(%(rights)s::text[]) AS wanted
               WHERE NOT pg_catalog.has_table_privilege(%(role)s, c.oid, wanted)))
  OR (c.relkind = 'S' AND %(writes)s
   AND NOT pg_catalog.has_sequence_privilege(%(role)s, c.oid, 'USAGE')))
"""
READS: tuple[LiteralString, ...] = ("SELECT",)
WRITES: tuple[LiteralString, ...] = ("SELECT", "INSERT", "UPDATE", "DELETE")


def role_name(schemas: Sequence[str], *, writes: bool) -> str:
    """Return one name per set of rights: roles belong to the whole server, and should be few."""
    digest = hashlib.sha256("\0".join(sorted(schemas)).encode()).hexdigest()[:16]
    return f"harness_sql_{'w' if writes else 'r'}_{digest}"


async def prepare_role(
    connection: AsyncConnection[Any], schemas: Sequence[str], *, writes: bool
) -> str | None:
    """Create the role with its rights; None if harness is not a superuser, so that statements run
    as the user of harness. `connection` is in autocommit."""
    from psycopg.errors import UndefinedObject

    found = await connection.execute(SERVER)
    superuser, cluster = await found.fetchone() or ("off", "")
    if superuser != "on":
        return None
    role = role_name(schemas, writes=writes)
    try:
        missing = await _find_missing_rights(connection, role, schemas, writes=writes)
    except UndefinedObject:
        missing = None
    if missing == []:
        return role
    # One transaction: if two workers do this at once, the second finds it done.
    async with connection.transaction():
        await connection.execute("SELECT pg_catalog.pg_advisory_xact_lock(%s)", (LOCK,))
        await _make_role(connection, role)
        if cluster == LOCAL_CLUSTER:
            await close_functions(connection)
        for schema, name, kind in await _find_missing_rights(
            connection, role, schemas, writes=writes
        ):
            await _grant_right(connection, role, WRITES if writes else READS, schema, name, kind)
    return role


async def _find_missing_rights(
    connection: AsyncConnection[Any], role: str, schemas: Sequence[str], *, writes: bool
) -> list[tuple[str, str | None, str | None]]:
    """List schemas, tables and sequences that the role lacks rights on."""
    rights = WRITES if writes else READS
    wanted = {"schemas": list(schemas), "role": role, "writes": writes, "rights": list(rights)}
    return await (await connection.execute(MISSING, wanted)).fetchall()


async def _make_role(connection: AsyncConnection[Any], role: str) -> None:
    from psycopg import sql

    query = "SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = %s"
    if await (await connection.execute(query, (role,))).fetchone() is None:
        make = sql.SQL("CREATE ROLE {} NOLOGIN NOINHERIT").format(sql.Identifier(role))
        await connection.execute(make)


async def _grant_right(
    connection: AsyncConnection[Any],
    role: str,
    rights: Sequence[LiteralString],
    schema: str,
    name: str | None,
    kind: str | None,
) -> None:
    from psycopg import sql

    to = sql.Identifier(role)
    if name is None:
        grant = sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(sql.Identifier(schema), to)
    elif kind == "SEQUENCE":
        where = sql.Identifier(schema, name)
        grant = sql.SQL("GRANT USAGE ON SEQUENCE {} TO {}").format(where, to)
    else:
        what = sql.SQL(", ").join(map(sql.SQL, rights))
        where = sql.Identifier(schema, name)
        grant = sql.SQL("GRANT {} ON TABLE {} TO {}").format(what, where, to)
    await connection.execute(grant)


async def close_functions(connection: AsyncConnection[Any]) -> None:
    """Revoke functions that act outside tables from everyone but superusers. Only in our own
    Postgres: another server's defaults are its owner's decision; there statements are checked."""
    from psycopg import sql

    found = await connection.execute(OPEN_FUNCTIONS, (list(CLOSED),))
    for (signature,) in await found.fetchall():
        revoke = sql.SQL("REVOKE EXECUTE ON FUNCTION {} FROM PUBLIC").format(sql.SQL(signature))
        await connection.execute(revoke)
