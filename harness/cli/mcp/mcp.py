"""`harness mcp`: the MCP servers, what they declare, what changed since it was approved, and
whether you are signed in to them."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.agent.mcp_server import McpServer
from harness.cli.context import prepare_project
from harness.cli.mcp.login import log_in, log_out
from harness.cli.mcp.serve import serve_mcp
from harness.cli.out import Out
from harness.cli.parser import UsageError
from harness.contracts.clean_text import clean_line
from harness.contracts.errors import HarnessError, McpServerUnknown
from harness.mcp_tools.approved import Approval, read_approval, write_approval
from harness.mcp_tools.declarations import Declared, choose_tools
from harness.mcp_tools.differences import describe_differences
from harness.mcp_tools.servers import Servers, open_servers
from harness.mcp_tools.sign_in.status import describe_status, read_status
from harness.mcp_tools.tools import UNDECIDED, find_effect
from harness.terminal import exit_codes


@dataclass(frozen=True)
class Checked:
    server: McpServer
    declared: Mapping[str, Declared]
    approved: Approval | None

    @property
    def differences(self) -> list[str]:
        if self.approved is None:
            return []
        return describe_differences(self.approved.by_name(), self.declared)


async def run_mcp(args: Namespace, out: Out) -> int:
    if args.action == "serve":
        if args.agent or args.approve or args.no_browser:
            raise UsageError(
                "serve takes no --agent, --approve and --no-browser.",
                "Name the file of the agents to serve: harness mcp serve agents.py",
            )
        return await serve_mcp(args, out)
    _check_arguments(args)
    project, settings = prepare_project()
    async with open_servers(settings, project) as servers:
        found = _choose_servers(servers, args.agent, args.target)
        if args.action == "list":
            return _print_list(found, project, out)
        if args.action == "login":
            return await log_in(servers, found[0], project, args, out)
        if args.action == "logout":
            return await log_out(found[0], project, out)
        failed = False
        for server in found:
            failed |= not await _check_server(servers, server, project, args.approve, out)
        return exit_codes.FAILED if failed else exit_codes.DONE


def _check_arguments(args: Namespace) -> None:
    if args.action == "list" and (args.target or args.approve):
        raise UsageError("list takes no server and no --approve.", "Use: harness mcp check")
    if args.action in ("login", "logout"):
        if args.target is None:
            raise UsageError("No server is named.", f"Name one: harness mcp {args.action} NAME")
        if args.approve:
            raise UsageError(
                f"{args.action} takes no --approve.", f"Use: harness mcp check {args.target}"
            )
    if args.no_browser and args.action != "login":
        raise UsageError("--no-browser is for login.", "Omit it.")


def _choose_servers(servers: Servers, agent: str | None, name: str | None) -> list[McpServer]:
    from harness.cli.runs.agents import load_agent

    found = servers.find_servers(load_agent(agent) if agent else None)
    if name is None:
        return found
    if chosen := [each for each in found if each.name == name]:
        return chosen
    known = ", ".join(each.name for each in found) or "none"
    raise McpServerUnknown(f"There is no MCP server {clean_line(name)}. Described: {known}.")


def _print_list(found: list[McpServer], project: Path, out: Out) -> int:
    for server in found:
        approved = read_approval(project, server)
        where = server.url or " ".join(server.command)
        count = None if approved is None else len(approved.tools)
        status = read_status(project, server)
        if out.json:
            facts = {"name": server.name, "transport": "http" if server.url else "stdio"}
            out.line({**facts, "where": where, "trusted": server.trusted, "approved": count,
                      "agents": list(server.agents), "sign_in": status})  # fmt: skip
            continue
        state = "nothing approved yet" if count is None else f"{count} tools approved"
        signed = describe_status(server, status)
        marks = ", ".join(
            [state, *(["trusted hints"] if server.trusted else []), *([signed] if signed else [])]
        )
        out.raw(f"{server.name}  {clean_line(where)}  ({marks})")
    if not found:
        out.note(
            "No MCP server is described. Describe one under [mcp.servers.NAME] in harness.toml."
        )
    return exit_codes.DONE


async def _check_server(
    servers: Servers, server: McpServer, project: Path, approve: bool, out: Out
) -> bool:
    """Check one server; returns whether its tools can be used as they are."""
    try:
        async with servers.connect(server).use() as (_, declared):
            pass
        checked = Checked(server, declared, read_approval(project, server))
        if approve:
            write_approval(project, server, tuple(declared.values()))
    except HarnessError as error:
        if out.json:
            out.line({"name": server.name, "error": error.info.model_dump()})
        else:
            out.raw(f"{server.name}: {error.message}\n  {error.fix}")
        return False
    _print_checked(checked, approve, read_status(project, server), out)
    return approve or not checked.differences


def _print_checked(
    checked: Checked, approve: bool, status: dict[str, Any] | None, out: Out
) -> None:
    server, differences = checked.server, checked.differences
    reading = choose_tools(server.name, checked.declared.values(), server.only)
    rows = [_describe_tool(server, each.name, each.declared) for each in reading.offered]
    if out.json:
        out.line({"name": server.name, "tools": rows, "refused": dict(reading.refused),
                  "differences": differences, "approved": checked.approved is not None,
                  "approves": approve, "sign_in": status})  # fmt: skip
        return
    out.raw(f"{server.name}:")
    if words := describe_status(server, status):
        out.raw(f"  {words}")
    for row in rows:
        out.raw(f"  {row['name']}  ({row['effect']}, approval: {row['approval']})")
    for name, why in reading.refused.items():
        out.raw(f"  {name}  not used: {why}")
    for line in differences:
        out.raw(f"  changed: {line}")
    if approve:
        out.raw("  Approved. Restart the workers of its agents.")
    elif checked.approved is None:
        out.raw("  Nothing is approved yet: the first run approves what the server declares then.")
    elif differences:
        out.raw(f"  Not approved. To approve: harness mcp check {server.name} --approve")


def _describe_tool(server: McpServer, name: str, declared: Declared) -> dict[str, Any]:
    effect = find_effect(server, declared)
    decided = server.tools.get(declared.name, UNDECIDED).approval
    approval = decided or ("never" if effect == "read" else server.approval)
    return {"name": name, "effect": effect, "approval": approval, "hints": declared.hints}
