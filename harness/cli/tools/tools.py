"""`harness tools`: the built-in tools, or those of an agent."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from harness.cli.out import Out
from harness.terminal import exit_codes


def print_tools(args: Namespace, out: Out) -> int:
    found, servers = _load_tools(args.agent)
    for tool in found:
        policy = tool.policy
        approval = tool.approval if isinstance(tool.approval, str) else "by its arguments"
        if out.json:
            facts = policy.model_dump(exclude_none=True)
            out.line({**tool.spec.model_dump(), **facts, "approval": approval})
            continue
        marks = [policy.effect] + (["inline"] if policy.inline else [])
        marks += [f"approval: {approval}"] if approval != "never" else []
        out.console.print(
            _format_signature(tool.spec.name, tool.spec.parameters), style="call", end="  "
        )
        out.console.print(f"({', '.join(marks)})", style="quiet")
        out.console.print(f"  {tool.spec.description.partition(chr(10))[0]}", soft_wrap=True)
    for server in servers:
        out.note(f"and those of the MCP server {server}: harness mcp check --agent {args.agent}")
    return exit_codes.DONE


def _load_tools(agent: str | None) -> tuple[list[Any], list[str]]:
    if agent is not None:
        from harness.cli.runs.agents import load_agent

        loaded = load_agent(agent)
        return list(loaded.tools.values()), [each.name for each in loaded.servers]
    from harness import tools as built_in
    from harness.agent import Tool

    named = [getattr(built_in, name) for name in built_in.__all__]
    return [each for each in named if isinstance(each, Tool)], []  # the rest are factories


def _format_signature(name: str, parameters: dict[str, Any]) -> str:
    required = set(parameters.get("required", ()))
    words = [key if key in required else f"[{key}]" for key in parameters.get("properties", {})]
    return f"{name}({', '.join(words)})"
