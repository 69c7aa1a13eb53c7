"""`harness agents`: the agents that workers have published."""

from __future__ import annotations

import time
from argparse import Namespace
from typing import Any

from rich.text import Text

from harness.cli.context import open_backend
from harness.cli.out import Out
from harness.contracts.clean_text import clean_line
from harness.contracts.errors import StoreError
from harness.contracts.provenance import describe_tool
from harness.contracts.published import PublishedAgent
from harness.runs.published import ListedAgent
from harness.terminal import exit_codes
from harness.terminal.view.console import print_indented
from harness.terminal.view.text import format_age


async def list_agents(args: Namespace, out: Out) -> int:
    async with open_backend(args, out) as backend:
        listed = await backend.list_agents()
    for each in listed:
        if out.json:
            out.line(_facts_of(each))
        else:
            _print_agent(out, each, time.time())
    if not listed:
        out.note("No agent is published yet: a worker publishes its agents when it starts.")
    return exit_codes.DONE


def _facts_of(listed: ListedAgent) -> dict[str, Any]:
    row = listed.publication
    facts: dict[str, Any] = {
        "name": row.name,
        "served": bool(listed.workers),
        "workers": list(listed.workers),
        "hosts": _hosts_of(listed),
        "build": row.build,
        "first_published": row.first,
        "published": row.last,
    }
    if isinstance(row.agent, StoreError):
        return {**facts, "error": row.agent.info.model_dump(exclude_none=True)}
    about = row.agent.model_dump(mode="json", exclude_none=True, exclude={"name"})
    return {**facts, **about}


def _print_agent(out: Out, listed: ListedAgent, now: float) -> None:
    row = listed.publication
    out.console.print(clean_line(row.name), style="bold", end="  ", soft_wrap=True)
    if listed.workers:
        out.console.print(f"served on {clean_line(', '.join(_hosts_of(listed)))}", soft_wrap=True)
    else:
        out.console.print("no worker", style="quiet")
    if isinstance(row.agent, StoreError):
        out.error(row.agent.info.model_dump(exclude_none=True))
        return
    published = f"published {format_age(now - row.last)} ago from {row.host}"
    for line in (*_about_lines(row.agent), f"{row.build}, {published}"):
        print_indented(out.console, Text(clean_line(line), style="quiet"), 2)


def _about_lines(agent: PublishedAgent) -> list[str]:
    tools = [describe_tool(name, policy) for name, policy in agent.tools.items()]
    lines = [f"models: {', then '.join(agent.models)}"]
    return [*lines, f"tools: {', '.join(tools)}"] if tools else lines


def _hosts_of(listed: ListedAgent) -> list[str]:
    """The hosts of the workers that poll now, from user@host/pid."""
    return sorted({each.rpartition("/")[0].rpartition("@")[2] or each for each in listed.workers})
