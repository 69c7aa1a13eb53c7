"""`harness tools`: the built-in tools, or those of an agent."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Any

from harness.cli.out import Out
from harness.terminal import exit_codes

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from harness.api.installation import ToolView


def print_tools(args: Namespace, out: Out) -> int | Coroutine[object, object, int]:
    if args.server is not None:
        from harness.cli.server_choice import refuse_remote

        refuse_remote(args, "agent")
        return _print_those_of_daemon(args, out)
    found, servers = _load_tools(args.agent)
    _print_tools(found, out)
    for server in servers:
        out.note(f"and those of the MCP server {server}: harness mcp check --agent {args.agent}")
    return exit_codes.DONE


async def _print_those_of_daemon(args: Namespace, out: Out) -> int:
    from harness.cli.context import open_daemon

    async with open_daemon(args.server) as backend:
        _print_tools(await backend.list_tools(), out)
    return exit_codes.DONE


def _print_tools(found: list[ToolView], out: Out) -> None:
    for tool in found:
        if out.json:
            out.line(tool.model_dump(mode="json", exclude_none=True))
            continue
        marks = [tool.effect] + (["inline"] if tool.inline else [])
        marks += [f"approval: {tool.approval}"] if tool.approval != "never" else []
        out.console.print(_format_signature(tool.name, tool.parameters), style="call", end="  ")
        out.console.print(f"({', '.join(marks)})", style="quiet")
        out.console.print(f"  {tool.description.partition(chr(10))[0]}", soft_wrap=True)


def _load_tools(agent: str | None) -> tuple[list[ToolView], list[str]]:
    from harness.api.installation import ToolView, list_tools

    if agent is None:
        return list_tools().tools, []
    from harness.cli.runs.agents import load_agent

    loaded = load_agent(agent)
    return [ToolView.of(each) for each in loaded.tools.values()], [s.name for s in loaded.servers]


def _format_signature(name: str, parameters: dict[str, Any]) -> str:
    required = set(parameters.get("required", ()))
    words = [key if key in required else f"[{key}]" for key in parameters.get("properties", {})]
    return f"{name}({', '.join(words)})"
