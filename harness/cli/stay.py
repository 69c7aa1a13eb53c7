"""Stay with a run until it ends or is left, and say how to go on."""

from __future__ import annotations

from typing import Any

from harness.cli.out import Out
from harness.client.client import HarnessClient
from harness.client.handle import RunHandle
from harness.contracts.event import DecisionRequested, Event, OutputDelta, RunEnded
from harness.contracts.run import RunState
from harness.terminal import door
from harness.terminal.attend import Attendance, Attended, Why
from harness.terminal.decide import asking
from harness.terminal.interrupts import Interrupts
from harness.terminal.keyboard import at_terminal
from harness.terminal.text import call
from harness.terminal.view import RunView

CODES = {
    RunState.COMPLETED: door.DONE,
    RunState.FAILED: door.FAILED,
    RunState.ABORTED: door.ABORTED,
}


class JsonView:
    """Each event as a line."""

    def __init__(self, out: Out) -> None:
        self._out = out
        self.text = ""

    def show(self, event: Event) -> None:
        if isinstance(event, OutputDelta):
            self.text += event.text
        self._out.raw(event.wire().decode())

    def note(self, text: str) -> None:
        """People's words have no place here."""


async def stay(
    handle: RunHandle[Any],
    out: Out,
    interrupts: Interrupts,
    serve: str | None,
    *,
    leave: bool,
) -> int:
    """`serve`: the command that serves the agent once this process, which does, has left."""
    if out.json:
        view, ask = JsonView(out), None
    else:
        view = RunView(out.console, handle.url)
        ask = asking(view) if at_terminal() else None
    attended = await Attendance(handle, view, interrupts, ask=ask, leave=leave).stay()
    if out.json:
        out.line(_last(handle, attended))
    if attended.ended:
        return CODES[attended.ended.state]
    out.note(_how_to_go_on(handle, attended, serve))
    if attended.waiting:
        return door.WAITING
    return door.ABORTED if attended.why is Why.ABORTING else door.INTERRUPTED


def _last(handle: RunHandle[Any], attended: Attended) -> dict[str, Any]:
    """The last line of `run --json`."""
    known: dict[str, Any] = {"run": handle.id, "state": "running", "output": ""}
    if attended.waiting:
        known["state"] = "waiting"
        known["pending"] = [
            each.model_dump(mode="json", exclude_none=True, exclude={"cursor", "trace", "type"})
            for each in attended.waiting
        ]
    if attended.ended:
        known |= _ending(attended.ended)
    return {**known, "url": handle.url}


def _ending(ended: RunEnded) -> dict[str, Any]:
    kept = {"state", "output", "data", "reason", "error", "totals"}
    return ended.model_dump(mode="json", exclude_none=True, include=kept)


def _how_to_go_on(handle: RunHandle[Any], attended: Attended, serve: str | None) -> str:
    run = handle.id
    lines: list[str] = []
    for each in attended.waiting:
        lines += ["", f"Run {run} waits for a decision: {_what(each)}", *_ways(run, each)]
    if attended.why is Why.ABORTING:
        lines.append(f"The abort of {run} is recorded; it ends when a worker serves its agent.")
    elif not attended.waiting:
        lines.append(f"Detached. Run {run} is safe.")
    if serve:
        lines.append(f"Nothing here serves it any more. To let it go on:  {serve}")
    lines.append(f"To watch it:  harness watch {run}")
    return "\n".join(lines)


def _what(waiting: DecisionRequested) -> str:
    what = f"{call(waiting.tool, waiting.arguments)}: " if waiting.tool else ""
    return f"{what}{waiting.question}"


def _ways(run: str, waiting: DecisionRequested) -> list[str]:
    which = f"{run} {waiting.id}"
    if waiting.need == "answer":
        return [f'  harness answer {run} "..." --call {waiting.id}']
    ways = [f"  harness approve {which}", f"  harness reject {which} --note WHY"]
    if waiting.need == "approval":
        ways.append(f"  harness approve {which} --edit JSON")
    return ways


async def serving(client: HarnessClient, agent: str) -> bool:
    """Whether a worker serves the agent."""
    return await client.has_worker(agent)
