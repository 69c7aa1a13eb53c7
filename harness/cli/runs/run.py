"""`harness run`: start a run, serve it and follow it."""

from __future__ import annotations

import asyncio
import sys
from argparse import Namespace
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.agent import Agent
from harness.agent.checks import check_budget
from harness.cli.context import open_client, open_daemon
from harness.cli.out import Out
from harness.cli.parser import UsageError
from harness.cli.runs.agents import PUBLISHED, choose_agent
from harness.cli.runs.at_daemon import choose_published, note_unserved, start_turn
from harness.cli.runs.attach import attend_run, leave_run, print_how_to_continue
from harness.cli.values import check_model
from harness.contracts.run import Budget
from harness.prompts.client import Prompts
from harness.prompts.prompt import Prompt, read_ref
from harness.runs.published import find_pollers
from harness.runs.start_request import check_workspace
from harness.sdk.client import HarnessClient
from harness.sdk.handle import RunHandle
from harness.sdk.session import Session
from harness.terminal import exit_codes
from harness.terminal.backend import BackendRun
from harness.terminal.input.interrupts import count_interrupts
from harness.terminal.input.keyboard import at_terminal

MAX_BUDGET = 10**12
"""More than any run will use; Temporal's numbers have 64 bits."""


@dataclass
class Begun:
    """How far starting the run came, reported when the command is interrupted."""

    id: str | None
    """The id that was requested."""
    sent: bool = False
    run: str | None = None

    def __str__(self) -> str:
        named = f"run {self.id}" if self.id else "a run"
        if self.run:
            return f"Interrupted. Run {self.run} is safe. To watch it:  harness watch {self.run}"
        if not self.sent:
            return f"Interrupted before {named} was started."
        look = f"harness show {self.id}" if self.id else "harness list"
        return f"Interrupted while {named} was being started. To check:  {look}"


async def run_agent(args: Namespace, out: Out) -> int:
    begun = Begun(args.id)
    try:
        return await _start_and_attend(args, out, begun)
    except asyncio.CancelledError:
        out.note(str(begun))
        raise


async def _start_and_attend(args: Namespace, out: Out, begun: Begun) -> int:
    if args.id and args.session:
        raise UsageError(
            "--id and --session exclude each other.", "A session assigns the ids of its runs."
        )
    _check_template(args)
    words = None if args.template else _read_prompt(args.prompt)
    check_request(args)
    if args.server is not None:
        return await _start_at_daemon(args, out, begun, words)
    agent = choose_agent(args.agent)
    if args.detach:
        async with open_client(out, index=True, page=at_terminal()) as client:
            asked = words or await _read_template(client, args)
            begun.sent = True
            handle = await start_run(client, agent, args, asked)
            begun.run = handle.id
            return await _report_detached(handle, args, out)
    async with open_client(out, index=isinstance(agent, str), page=at_terminal()) as client:
        asked = words or await _read_template(client, args)
        async with hosting_agent(client, agent) as harness:
            with count_interrupts() as counted:
                begun.sent = True
                handle = await start_run(harness, agent, args, asked)
                begun.run = handle.id
                if isinstance(agent, str) and not await find_pollers(client.connection, agent):
                    out.note(f"No worker serves {agent} now. The run waits for one.")
                attended = await attend_run(handle, out, counted, leave=True)
        # Our own worker has left: only now does a served run mean that another worker serves it.
        return await leave_run(client.get_run(handle.id), attended, out, worker_command(args.agent))


async def _start_at_daemon(args: Namespace, out: Out, begun: Begun, words: str | None) -> int:
    agent = choose_published(args)
    if args.session and args.priority is not None:
        raise UsageError(
            "A message to a conversation at a daemon has no --priority.",
            "Omit --priority, or --session.",
        )
    async with open_daemon(args.server) as backend:
        asked = words or await backend.read_prompt(args.template, args.var or ())
        with count_interrupts() as counted:
            begun.sent = True
            if args.session:
                handle = await start_turn(backend, agent, args, asked, parse_budget(args))
            else:
                handle = await backend.start_run(
                    agent, asked, id=args.id, model=args.model, budget=parse_budget(args),
                    priority=args.priority,
                )  # fmt: skip
            begun.run = handle.id
            if args.detach:
                return await _report_detached(handle, args, out)
            await note_unserved(backend, agent, out)
            attended = await attend_run(handle, out, counted, leave=True)
        return await leave_run(handle, attended, out, worker_command(args.agent))


@asynccontextmanager
async def hosting_agent(
    client: HarnessClient, agent: Agent[Any, Any] | str
) -> AsyncGenerator[HarnessClient]:
    """A client that serves the agent, unless it is a published one, which other workers serve."""
    if isinstance(agent, str):
        yield client
        return
    from harness.sdk.local import host_agents

    async with host_agents(client.connection) as harness:
        yield harness


async def _report_detached(handle: BackendRun, args: Namespace, out: Out) -> int:
    if out.json:
        out.line({"run": handle.id, "state": "running", "output": "", "url": handle.url})
    else:
        out.raw(handle.id)
    if not out.json:
        await print_how_to_continue(handle, out, worker_command(args.agent))
    return exit_codes.DONE


async def start_run(
    client: HarnessClient, agent: Agent[Any, Any] | str, args: Namespace, asked: str | Prompt
) -> RunHandle[Any]:
    budget = parse_budget(args)
    workspace = Path(args.workspace) if args.workspace else None
    if args.session:
        session = Session(client, args.session)
        return await session.start(
            agent, asked, model=args.model, budget=budget, workspace=workspace,
            priority=args.priority,
        )  # fmt: skip
    return await client.start(
        agent, asked, id=args.id, model=args.model, budget=budget, workspace=workspace,
        priority=args.priority,
    )  # fmt: skip


def check_request(args: Namespace) -> None:
    """Refuse invalid options before anything starts."""
    parse_budget(args)
    if args.workspace:
        check_workspace(Path(args.workspace))
    check_model(args.model)


def _check_template(args: Namespace) -> None:
    if args.template:
        if args.prompt is not None:
            raise UsageError("--template takes the place of PROMPT.", "Give one of them.")
        read_ref(args.template)
    elif args.var:
        raise UsageError("--var belongs to --template.", "See `harness run --help`.")


async def _read_template(client: HarnessClient, args: Namespace) -> Prompt:
    return await Prompts(client.connection).read_words(args.template, args.var or ())


def parse_budget(args: Namespace) -> Budget | None:
    given: dict[str, int | float | None] = {
        "turns": args.budget_turns,
        "tokens": args.budget_tokens,
        "cost": args.budget_cost,
        "seconds": args.budget_seconds,
    }
    limits = {name: value for name, value in given.items() if value is not None}
    for name, value in limits.items():
        if not 0 < value <= MAX_BUDGET:  # nan is neither
            raise UsageError(
                f"--budget-{name} must be above 0 and up to {MAX_BUDGET:,}, not {value}.",
                "Omit it for no limit.",
            )
    if "cost" in limits:
        limits["cost_micros"] = max(1, round(limits.pop("cost") * 1e6))
    if args.budget_shared is None:
        return Budget.model_validate(limits) if limits else None
    budget = Budget.model_validate({**limits, "shared": args.budget_shared})
    check_budget(budget)
    return budget


def _read_prompt(words: str | None) -> str:
    try:
        piped = words == "-" or (words is None and not sys.stdin.isatty())
        asked = sys.stdin.read() if piped else words
    except UnicodeDecodeError as error:
        raise UsageError(
            f"The prompt on stdin is not valid UTF-8 at byte {error.start}.", "Convert it first."
        ) from None
    except OSError as error:
        raise UsageError(
            f"stdin cannot be read: {error.strerror}.", "Pass the prompt as an argument."
        ) from None
    if not asked or not asked.strip():
        raise UsageError("The prompt is empty.", 'For example: harness run "What is 2 + 2?"')
    return asked


def worker_command(agent: str | None) -> str:
    """The command that serves the agent. Nobody here knows the file of a published one."""
    if agent is None:
        return "harness worker"
    return f"harness worker {'FILE.py' if agent.startswith(PUBLISHED) else agent}"
