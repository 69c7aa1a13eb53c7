"""`harness fork`: continue from a turn of another run."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

from harness.agent import Agent
from harness.cli.context import open_backend, open_client
from harness.cli.history.run_sources import is_file
from harness.cli.out import Out
from harness.cli.parser import UsageError
from harness.cli.runs.agents import load_agent
from harness.cli.runs.attach import attend_run, leave_run, print_how_to_continue
from harness.cli.server_choice import refuse_remote
from harness.cli.values import check_model, check_text, check_turn
from harness.contracts.errors import InvalidValue, NotRemote
from harness.contracts.event import RunStarted
from harness.forks.fork import Change
from harness.history.export import read_file
from harness.sdk.client import HarnessClient
from harness.sdk.handle import RunHandle
from harness.terminal import exit_codes
from harness.terminal.backend import BackendRun
from harness.terminal.input.interrupts import count_interrupts


async def fork_run(args: Namespace, out: Out) -> int:
    change = parse_change(args)
    refuse_remote(args, "agent")
    if args.server is not None:
        return await _fork_at_daemon(args, change, out)
    agent = load_agent(args.agent) if args.agent and not args.detach else None
    async with open_client(out, index=True) as client:
        if agent is None:
            handle = await _start_fork(client, args, change, None)
            return await _report_detached(handle, out, await _worker_command(handle))
        from harness.sdk.local import host_agents

        async with host_agents(client.connection) as harness:
            with count_interrupts() as counted:
                handle = await _start_fork(harness, args, change, agent)
                attended = await attend_run(handle, out, counted, leave=True)
        serve = f"harness worker {args.agent}"
        return await leave_run(client.get_run(handle.id), attended, out, serve)


async def _fork_at_daemon(args: Namespace, change: Change, out: Out) -> int:
    if is_file(args.run):
        raise NotRemote(
            f"{args.run} is a file: files can be forked only on the project's own stack."
        )
    async with open_backend(args, out) as backend:
        handle = await backend.fork_run(args.run, args.at, change, args.id)
        return await _report_detached(handle, out, await _worker_command(handle))


def parse_change(args: Namespace) -> Change:
    """The change that the command line asks for."""
    check_turn("--at", args.at)
    check_model(args.model)
    check_text("--hint", args.hint, '--hint "be brief"')
    return Change(
        hint=args.hint,
        model=args.model,
        instructions=_read_prompt(args.prompt) if args.prompt else None,
        results=dict(_parse_edit(each) for each in args.edit_tool_result),
    )


async def _start_fork(
    client: HarnessClient, args: Namespace, change: Change, agent: Agent[Any, Any] | None
) -> RunHandle[Any]:
    source = read_file(Path(args.run)) if is_file(args.run) else args.run
    return await client.fork(source, args.at, change, agent=agent, id=args.id)


async def _report_detached(handle: BackendRun, out: Out, serve: str) -> int:
    if out.json:
        out.line({"run": handle.id, "state": "running", "output": "", "url": handle.url})
        return exit_codes.DONE
    out.raw(handle.id)
    await print_how_to_continue(handle, out, serve)
    return exit_codes.DONE


async def _worker_command(handle: BackendRun) -> str:
    """The command that serves the run; only its author knows the file of the agent."""
    started = next((e for e in await handle.trace() if isinstance(e, RunStarted)), None)
    agent = started.agent if started else ""
    return "harness worker" if agent == "assistant" else f"harness worker FILE:NAME  (of {agent})"


def _parse_edit(text: str) -> tuple[str, str]:
    call, equals, content = text.partition("=")
    if not equals or not call:
        raise UsageError(
            f"--edit-tool-result {text} names no call.",
            "Write CALL=TEXT: --edit-tool-result call_1='rain'",
        )
    return call, content


def _read_prompt(name: str) -> str:
    try:
        return Path(name).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidValue(
            f"--prompt {name} cannot be read: {error}", fix="Name a text file."
        ) from None
