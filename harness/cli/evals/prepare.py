"""Load what an evaluation names: its agents, functions and cases."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from harness.agent import Agent
from harness.cli.parser import UsageError
from harness.cli.runs.agents import PUBLISHED, load_agent
from harness.cli.values import check_model
from harness.contracts.errors import EvalInvalid, InvalidAgent
from harness.contracts.published import PublishedAgent
from harness.contracts.transcript import digest
from harness.engine.connection import Connection, get_identity
from harness.evals import client, sources
from harness.evals.checks import Function, Judge, Recorded
from harness.evals.contracts import Case, Cell, EvalPlan
from harness.evals.dataset import find_beside, read_cases
from harness.evals.eval_file import EvalFile, read_eval_file
from harness.evals.judge import make_judge
from harness.evals.workspaces import Copies, find_copies
from harness.runs.published import find_published, store_agent


@dataclass(frozen=True)
class Prepared:
    """An evaluation with the code that it names, before anything is started."""

    file: EvalFile
    folder: Path
    agents: tuple[Agent[Any, Any] | str, ...]
    """An agent, or the name of a published one."""
    judges: dict[str, Agent[Any, Any]]
    functions: dict[str, Callable[..., Any]]
    cases: list[Case] | None
    """Of a file; others are read from the stack."""
    copies: Copies | None = None
    """Of the workspace, if the file names one."""

    @property
    def own_agents(self) -> list[Agent[Any, Any]]:
        """What this process serves."""
        own = [each for each in self.agents if not isinstance(each, str)]
        return [*own, *self.judges.values()]


def prepare(args: Namespace) -> Prepared:
    """Read the file and load its code; refuses what is wrong before a stack starts."""
    path = Path(args.file)
    file = _change(read_eval_file(path), args)
    folder = path.resolve().parent
    checks = file.checks or ((Recorded(kind="recorded", name="recorded"),) if args.on_runs else ())
    if not checks:
        raise EvalInvalid(f"{path} has no [[checks]].")
    if any(isinstance(check, Recorded) for check in checks) and not args.on_runs:
        raise EvalInvalid(
            "A check of the kind `recorded` needs recorded runs.", fix="Add --on-runs."
        )
    if file.workspace and args.on_runs is not None:
        raise EvalInvalid(f"{path} has a workspace, but no tool runs with --on-runs.")
    data = file.data
    if args.on_runs is None and not (data.file or data.runs or data.conversations):
        raise EvalInvalid(f"{path} names no data set.", fix='Write dataset = "cases.jsonl".')
    reads = data.file if args.on_runs is None and not args.resume else None
    cases = read_cases(find_beside(folder, reads, "data set")) if reads else None
    judges = {
        check.title: make_judge(check, f"judge-{digest(check.wire())[:12]}")
        for check in checks
        if isinstance(check, Judge)
    }
    functions = {
        check.title: load_function(folder, check.function)
        for check in checks
        if isinstance(check, Function)
    }
    return Prepared(
        file=file.model_copy(update={"checks": checks}),
        folder=folder,
        agents=tuple(_load_agent(folder, name) for name in file.agents),
        judges=judges,
        functions=functions,
        cases=cases[: data.limit] if cases else None,
        copies=find_copies(folder, file.workspace) if file.workspace else None,
    )


async def make_plan(connection: Connection, prepared: Prepared, args: Namespace) -> str:
    """Pin the evaluation, store it and return its id."""
    file = prepared.file
    agents = [await _publish(connection, each) for each in prepared.agents]
    judges = {name: await store_agent(connection, each) for name, each in prepared.judges.items()}
    models = file.models or (None,)
    cases = await _find_cases(connection, prepared, args)
    plan = EvalPlan(
        name=file.name, checks=file.checks, judges=judges, cases=len(cases),
        cells=tuple(Cell(agent=agent, model=model) for agent in agents for model in models),
        repeats=file.repeats, concurrency=file.concurrency, threshold=file.threshold,
        budget=file.limits.budget(), most_tokens=file.max_tokens, most_micros=file.most_micros,
        copies=True if prepared.copies else None,
        replay=True if args.on_runs is not None else None, by=get_identity(),
    )  # fmt: skip
    return await client.add_eval(connection, plan, cases)


async def _publish(connection: Connection, agent: Agent[Any, Any] | str) -> PublishedAgent:
    if isinstance(agent, str):
        return await find_published(connection, agent)
    return await store_agent(connection, agent)


async def _find_cases(connection: Connection, prepared: Prepared, args: Namespace) -> list[Case]:
    data = prepared.file.data
    if args.on_runs is not None:
        return await sources.replay_cases(connection, args.on_runs, data.limit)
    if prepared.cases is not None:
        return prepared.cases
    if data.runs is not None:
        return await sources.run_cases(connection, data.runs, data.limit)
    return await sources.conversation_cases(connection, data.conversations or (), data.limit)


def load_function(folder: Path, where: str) -> Callable[..., Any]:
    """The function at FILE:NAME, beside the file of the evaluation."""
    place, _, name = where.partition(":")
    path = find_beside(folder, place, "file of a check")
    unique = f"eval_checks_{digest(str(path).encode())[:12]}"
    module = sys.modules.get(unique)
    if module is None:
        spec = spec_from_file_location(unique, path)
        if spec is None or spec.loader is None:
            raise EvalInvalid(f"{path.name} is not a Python file.")
        module = module_from_spec(spec)
        sys.modules[unique] = module
        try:
            spec.loader.exec_module(module)
        except (Exception, SystemExit) as error:
            del sys.modules[unique]
            raise EvalInvalid(f"{path.name} cannot be imported: {error!r}") from error
    found: object = getattr(module, name, None)
    if not callable(found):
        raise EvalInvalid(f"{path.name} has no function {name!r}.", fix="Write it as FILE:NAME.")
    return found


def _load_agent(folder: Path, where: str) -> Agent[Any, Any] | str:
    if where.startswith(PUBLISHED):
        return where.removeprefix(PUBLISHED)
    place, colon, name = where.partition(":")
    path = find_beside(folder, place, "file of an agent")
    try:
        return load_agent(f"{path}{colon}{name}")
    except InvalidAgent as error:
        raise EvalInvalid(error.message, fix=error.fix) from error


def _change(file: EvalFile, args: Namespace) -> EvalFile:
    """The file with what options change."""
    for model in args.model:
        check_model(model)
    for option, value, most in (("--repeats", args.repeats, 100), ("--limit", args.limit, None)):
        if value is not None and (value < 1 or (most is not None and value > most)):
            raise UsageError(f"{option} {value} is out of range.", "Use a whole number from 1 on.")
    if args.threshold is not None and not 0 <= args.threshold <= 1:
        raise UsageError(f"--threshold {args.threshold} is not a rate.", "Use 0 to 1, such as 0.9.")
    updates: dict[str, Any] = {}
    if args.model:
        updates["models"] = tuple(args.model)
    if args.repeats is not None:
        updates["repeats"] = args.repeats
    if args.threshold is not None:
        updates["threshold"] = args.threshold
    if args.limit is not None:
        updates["dataset"] = file.data.model_copy(update={"limit": args.limit})
    return file.model_copy(update=updates)
