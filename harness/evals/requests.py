"""Start an evaluation for a caller of the API, who sends its file and its cases."""

from __future__ import annotations

import asyncio

from harness.api.caller import Caller
from harness.contracts.errors import EvalInvalid
from harness.engine.connection import Connection
from harness.evals import client
from harness.evals.checks import Function, Judge, Recorded
from harness.evals.contracts import Case, Cell, EvalPlan
from harness.evals.dataset import read_case_lines
from harness.evals.eval_file import EvalFile, read_eval_text
from harness.evals.rows import EvalRow
from harness.evals.views import StartEval
from harness.runs.published import find_published

PUBLISHED = "@"
NEEDS_COMMAND = (Function, Judge, Recorded)
"""Checks whose code, agent or recordings only the command has."""


async def begin_eval(connection: Connection, caller: Caller, body: StartEval) -> EvalRow:
    """Start an evaluation that belongs to the caller, as its runs do."""
    file, cases = await asyncio.to_thread(_read, body)
    agents = [
        await find_published(connection, each.removeprefix(PUBLISHED)) for each in file.agents
    ]
    plan = EvalPlan(
        name=file.name, checks=file.checks, cases=len(cases),
        cells=tuple(Cell(agent=agent, model=model) for agent in agents
                    for model in file.models or (None,)),
        repeats=file.repeats, concurrency=file.concurrency, threshold=file.threshold,
        budget=file.limits.budget(), most_tokens=file.max_tokens, most_micros=file.most_micros,
        owner=caller.user, by=caller.user,
    )  # fmt: skip
    id = await client.add_eval(connection, plan, cases)
    await client.start_eval(connection, id, by=caller)
    return await client.find_eval(connection, id, by=caller)


def _read(body: StartEval) -> tuple[EvalFile, list[Case]]:
    file = read_eval_text(body.file, "file")
    if not file.name.isprintable():
        raise EvalInvalid("file: name has characters that are not printable.")
    if any(not each.startswith(PUBLISHED) for each in file.agents):
        raise EvalInvalid("file: agents must be published.", fix="Name each as @NAME.")
    if not file.checks:
        raise EvalInvalid("file has no [[checks]].")
    if found := [each.title for each in file.checks if isinstance(each, NEEDS_COMMAND)]:
        raise EvalInvalid(
            f"file: the check {found[0]!r} is not possible here.", fix="Use: harness eval."
        )
    if file.workspace is not None or file.dataset is not None:
        raise EvalInvalid(
            "file has a workspace or a dataset.", fix="Send the cases; or use: harness eval."
        )
    return file, read_case_lines(body.cases, "cases")
