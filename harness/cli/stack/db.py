"""`harness db`: the tables in Postgres, and the migrations that they need."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from typing import Any

from harness.cli.context import prepare_project
from harness.cli.out import Out
from harness.stack import open_stack
from harness.store.database import Database
from harness.store.migrate import LineState, bring_up, inspect_schemas
from harness.store.migration_preview import Step, preview_steps
from harness.terminal import exit_codes


async def run_db(args: Namespace, out: Out) -> int:
    """Show the schemas, or bring them up to date."""
    project, settings = prepare_project()
    async with open_stack(settings, project, progress=out.note) as endpoints:
        database = Database(endpoints.database_url, pool_size=1)
        try:
            before = await inspect_schemas(database)
            if args.action == "status":
                return await _print_states(before, args, out)
            await bring_up(database)
            after = await inspect_schemas(database)
        finally:
            await database.close()
    return _print_upgrade(before, after, out)


async def _print_states(states: list[LineState], args: Namespace, out: Out) -> int:
    for state in states:
        steps = await asyncio.to_thread(preview_steps, state)
        if out.json:
            out.line({**_state_facts(state), "pending": [_step_facts(each) for each in steps]})
        else:
            _print_state(state, steps, out, sql=args.sql)
    ready = not any(state.pending or state.problem for state in states)
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
            out.line({**_state_facts(new), "ran": ran, "pending": list(new.pending)})
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


def _state_facts(state: LineState) -> dict[str, Any]:
    owner = state.line.owner
    return {
        "schema": state.line.schema,
        "capability": owner.name if owner else None,
        "at": state.found,
        "needed": state.line.revisions[-1],
        "problem": state.problem,
    }


def _step_facts(step: Step) -> dict[str, Any]:
    return {"revision": step.revision, "summary": step.summary, "sql": step.sql}


def _print_state(state: LineState, steps: list[Step], out: Out, *, sql: bool) -> None:
    at = state.found or "not created"
    out.raw(f"{state.line.schema}: {at}{'' if steps or state.problem else ', up to date'}")
    if state.problem:
        out.raw(f"  {state.problem}")
    for step in steps:
        out.raw(f"  pending {step.revision}: {step.summary}")
        if sql:
            shown = step.sql or "(known only when it runs)"
            out.raw("\n".join(f"    {line}".rstrip() for line in shown.splitlines()))
