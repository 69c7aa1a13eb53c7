"""The tools that MCP clients see: a table, with the functions that the HTTP API calls too."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from inspect import getdoc
from typing import Any, TypeVar

from pydantic import BaseModel

from harness.api.body import Body
from harness.api.caller import Role
from harness.api.context import owner_filter
from harness.contracts.effect import UndoReport
from harness.contracts.errors import CursorUnknown
from harness.contracts.verdicts import Decision
from harness.history import reader
from harness.journal.card import Card
from harness.mcp_server import arguments as args
from harness.mcp_server.call import McpCall
from harness.mcp_server.waiting import wait_for_run
from harness.runs import reads, requests
from harness.runs.card import read_observed_card
from harness.runs.filter import RunFilter
from harness.runs.pages import RunPage, read_runs
from harness.runs.socket import read_cursor
from harness.runs.views import AgentList, Approvals, RunList, Started, StartRun
from harness.undo.client import undo_run

BodyT = TypeVar("BodyT", bound=Body)


async def list_agents(call: McpCall, body: args.NoArguments) -> AgentList:  # noqa: ARG001
    """List the agents that can be started."""
    return await reads.read_agents(call.context)


async def start_run(call: McpCall, body: StartRun) -> Started:
    """Start a run of an agent. The run continues without the client: wait_for_run follows it. The
    same request with the same id is the same run."""
    return Started(id=await requests.begin_run(call.context, call.caller, body))


async def list_runs(call: McpCall, body: args.ListRuns) -> RunList:
    """List runs, newest first."""
    chosen = RunFilter(
        state=body.state,
        agent=body.agent,
        session=body.session,
        owner=owner_filter(call.caller),
    )
    return await read_runs(call.context, RunPage(chosen.query(), body.limit, body.cursor))


async def list_approvals(call: McpCall, body: args.ListApprovals) -> Approvals:
    """List what waits for a person to decide, across runs."""
    return await reads.read_approvals(call.context, call.caller, body.limit, body.cursor)


async def get_run(call: McpCall, body: args.RunArgument) -> Card:
    """Read what a run has done so far, what it is doing now, and what it waits for."""
    context = call.context
    return await read_observed_card(context.connection, context.reads, body.run, None)


async def read_events(call: McpCall, body: args.ReadEvents) -> args.EventPage:
    """Read the trace of a run: its events, oldest first. With `after`, only those after that
    cursor."""
    connection = call.context.connection
    await read_cursor(call.context, body.run, body.after)
    found = [event async for event in reader.read_events(connection, body.run, wait=False)]
    first = 0
    if body.after is not None:
        places = [place for place, event in enumerate(found) if str(event.cursor) == body.after]
        if not places:
            raise CursorUnknown(f"The cursor {body.after!r} is not one of an event of this run.")
        first = places[-1] + 1
    events = found[first : first + body.limit]
    return args.EventPage(
        events=events,
        cursor=str(events[-1].cursor) if events else body.after,
        more=first + body.limit < len(found),
    )


async def hint_run(call: McpCall, body: args.HintRun) -> args.Steered:
    """Send a hint: the model of the run reads it with its next call."""
    await requests.hint_run(call.context, call.caller, body.run, body)
    return args.Steered(run=body.run)


async def pause_run(call: McpCall, body: args.PauseRun) -> args.Steered:
    """Hold a run before its next step."""
    await requests.pause_run(call.context, call.caller, body.run, body)
    return args.Steered(run=body.run)


async def resume_run(call: McpCall, body: args.ResumeRun) -> args.Steered:
    """Let a paused run continue."""
    await requests.resume_run(call.context, call.caller, body.run, body)
    return args.Steered(run=body.run)


async def abort_run(call: McpCall, body: args.AbortRun) -> args.Steered:
    """End a run; what it has so far is kept. With `undo`, its effects are undone first."""
    await requests.abort_run(call.context, call.caller, body.run, body)
    return args.Steered(run=body.run)


async def decide_run(call: McpCall, body: args.DecideRun) -> Decision:
    """Decide what a run waits for. For a person: call it only with what a person has said."""
    return await requests.decide_run(call.context, call.caller, body.run, body)


async def preview_undo(call: McpCall, body: args.PreviewUndo) -> UndoReport:
    """Report what an undo of a run's effects would do, without undoing anything."""
    return await undo_run(
        call.context.connection, body.run, to_turn=body.to_turn, dry_run=True, by=call.caller.user
    )


@dataclass(frozen=True)
class McpTool:
    """One tool."""

    body: type[Body]
    """Its arguments."""
    function: Callable[[McpCall, Any], Awaitable[Any]]
    """What it does; its docstring is the description that clients see."""
    role: Role
    """What the caller needs to be. Callers of a lower role do not see the tool."""
    destructive: bool = False
    """Clients should ask a person before they call it."""

    @property
    def name(self) -> str:
        """Its name."""
        return self.function.__name__

    @property
    def description(self) -> str:
        """What it does."""
        return " ".join((getdoc(self.function) or "").split())


def _tool(
    function: Callable[[McpCall, BodyT], Awaitable[BaseModel]],
    body: type[BodyT],
    role: Role,
    *,
    destructive: bool = False,
) -> McpTool:
    return McpTool(body, function, role, destructive)


VIEWER, OPERATOR = Role.VIEWER, Role.OPERATOR
TOOLS: dict[str, McpTool] = {
    tool.name: tool
    for tool in (
        _tool(list_agents, args.NoArguments, VIEWER),
        _tool(list_runs, args.ListRuns, VIEWER),
        _tool(list_approvals, args.ListApprovals, VIEWER),
        _tool(get_run, args.RunArgument, VIEWER),
        _tool(wait_for_run, args.WaitForRun, VIEWER),
        _tool(read_events, args.ReadEvents, VIEWER),
        _tool(start_run, StartRun, OPERATOR),
        _tool(hint_run, args.HintRun, OPERATOR),
        _tool(pause_run, args.PauseRun, OPERATOR),
        _tool(resume_run, args.ResumeRun, OPERATOR),
        _tool(abort_run, args.AbortRun, OPERATOR, destructive=True),
        _tool(decide_run, args.DecideRun, OPERATOR, destructive=True),
        _tool(preview_undo, args.PreviewUndo, OPERATOR),
    )
}
