"""`harness db`: the tables in Postgres, and the migrations that they need."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from harness.api.installation import SchemaView, describe_schema, list_schemas
from harness.cli.context import open_daemon, prepare_project
from harness.cli.out import Out
from harness.contracts.errors import NotRemote
from harness.stack import open_stack
from harness.store.database import Database
from harness.store.migrate import LineState, bring_up, inspect_schemas
from harness.terminal import exit_codes


async def run_db(args: Namespace, out: Out) -> int:
    """Show the schemas, or bring them up to date."""
    if args.server is not None:
        if args.action != "status":
            raise NotRemote(
                f"`harness db {args.action}` works on a stack alone, not through a daemon."
            )
        async with open_daemon(args.server) as backend:
            return _print_schemas(await backend.list_schemas(), args, out)
    project, settings = prepare_project()
    async with open_stack(settings, project, progress=out.note) as endpoints:
        database = Database(endpoints.database_url, pool_size=1)
        try:
            if args.action == "status":
                return _print_schemas((await list_schemas(database)).schemas, args, out)
            before = await inspect_schemas(database)
            await bring_up(database)
            after = await inspect_schemas(database)
        finally:
            await database.close()
    return _print_upgrade(before, after, out)


def _print_schemas(schemas: list[SchemaView], args: Namespace, out: Out) -> int:
    for schema in schemas:
        if out.json:
            pending = [each.model_dump() for each in schema.pending]
            out.line({**_facts(schema), "pending": pending})
        else:
            _print_schema(schema, out, sql=args.sql)
    ready = not any(each.pending or each.problem for each in schemas)
    if not out.json and not ready:
        out.note(
            "To run what is pending: harness db upgrade. Workers and daemons run it too, "
            "when they start."
        )
    return exit_codes.DONE if ready else exit_codes.FAILED


def _print_upgrade(before: list[LineState], after: list[LineState], out: Out) -> int:
    for old, new in zip(before, after, strict=True):
        ran = [each for each in old.pending if each not in new.pending]
        if out.json:
            out.line({**_facts(describe_schema(new)), "ran": ran, "pending": list(new.pending)})
        elif ran:
            out.raw(f"{new.line.schema}: ran {', '.join(ran)}; now at {new.found}.")
        elif new.problem or new.pending:
            why = new.problem or "its migration failed; the log says why"
            out.raw(f"{new.line.schema}: not migrated: {why}")
    if any(state.pending or state.problem for state in after):
        return exit_codes.FAILED
    if not out.json and not any(state.pending for state in before):
        out.raw("All tables are up to date.")
    return exit_codes.DONE


def _facts(schema: SchemaView) -> dict[str, Any]:
    return {
        "schema": schema.schema_name,
        "capability": schema.capability,
        "at": schema.at,
        "needed": schema.needed,
        "problem": schema.problem,
    }


def _print_schema(schema: SchemaView, out: Out, *, sql: bool) -> None:
    at = schema.at or "not created"
    out.raw(
        f"{schema.schema_name}: {at}{'' if schema.pending or schema.problem else ', up to date'}"
    )
    if schema.problem:
        out.raw(f"  {schema.problem}")
    for step in schema.pending:
        out.raw(f"  pending {step.revision}: {step.summary}")
        if sql:
            shown = step.sql or "(known only when it runs)"
            out.raw("\n".join(f"    {line}".rstrip() for line in shown.splitlines()))
