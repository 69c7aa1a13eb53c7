"""`harness worker`: serve agents until a signal stops it."""

from __future__ import annotations

import asyncio
import signal
from argparse import Namespace
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any

from harness.agent import Agent
from harness.cli.context import open_client
from harness.cli.out import Out
from harness.cli.patience import Patience
from harness.cli.runs.agents import load_agent, load_agents
from harness.contracts.errors import InvalidAgent
from harness.runs.start_request import check_workspace
from harness.terminal import exit_codes


async def run_worker(args: Namespace, out: Out) -> int:
    from harness_workers.worker import serve

    agents = load_served_agents(args.agents)
    names = [agent.name for agent in agents]
    stop = watch_stop_signals()
    folders = [Path(folder) for folder in args.workspace or ()]
    for folder in folders:
        check_workspace(folder)
    patience = Patience(out.note, stop)
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(open_client(out, patience=patience))
        serving = partial(serve, client.connection, *agents, workspaces=folders)
        await patience.enter(stack, serving)
        page = client.connection.endpoints.ui_url
        if out.json:
            out.line({"serving": names, "page": page})
        else:
            several = f"{len(names)} agents: " if len(names) > 1 else ""
            out.raw(f"Serving {several}{', '.join(names)}. Ctrl-C stops.")
            out.note(f"Page: {page}" if page else "")
        await stop.wait()
        out.note(
            "\nStopping: calls in progress finish or are handed back. Ctrl-C again stops at once."
        )
    return exit_codes.DONE


def load_served_agents(places: Sequence[str]) -> list[Agent[Any, Any]]:
    """The agents of all files named, each once; the built-in assistant if none is named."""
    found = [each for where in places for each in load_agents(where)]
    agents = list({id(each): each for each in found or [load_agent(None)]}.values())
    names = [agent.name for agent in agents]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise InvalidAgent(
            f"Two agents are called {twice!r}.",
            fix="Rename one: an agent's name is the name of its task queue.",
        )
    return agents


def watch_stop_signals() -> asyncio.Event:
    """An event set by SIGINT, SIGTERM or SIGHUP; a second signal ends the process."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()

    def request_stop() -> None:
        if stop.is_set():
            exit_codes.exit_process(exit_codes.INTERRUPTED)
        stop.set()

    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(each, request_stop)
    return stop
