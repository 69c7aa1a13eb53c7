"""Follow a run until it ends or the person leaves, and print how to continue."""

from __future__ import annotations

from typing import Any

from harness.cli.out import Out
from harness.cli.runs.idle import why_idle
from harness.contracts.event import DecisionRequested, Event, OutputDelta, RunEnded
from harness.contracts.run import RunState
from harness.terminal import exit_codes
from harness.terminal.backend import BackendRun
from harness.terminal.input.attend import Attendance, Attended, Why
from harness.terminal.input.decide import LinePerson, make_ask
from harness.terminal.input.interrupts import Interrupts
from harness.terminal.input.keyboard import at_terminal
from harness.terminal.view.live import RunView
from harness.terminal.view.show import decision_commands
from harness.terminal.view.text import format_call

CODES = {
    RunState.COMPLETED: exit_codes.DONE,
    RunState.FAILED: exit_codes.FAILED,
    RunState.ABORTED: exit_codes.ABORTED,
}


class JsonView:
    """Prints each event as a line of JSON."""

    def __init__(self, out: Out) -> None:
        self._out = out
        self.text = ""

    def show(self, event: Event) -> None:
        if isinstance(event, OutputDelta):
            self.text += event.text
        self._out.raw(event.wire().decode())

    def note(self, text: str) -> None:
        """Print nothing: notes are for people."""


async def attend_run(
    handle: BackendRun,
    out: Out,
    interrupts: Interrupts,
    *,
    leave: bool,
    chat: bool = False,
) -> Attended:
    """Follow the run until it ends or is left. In a chat, Ctrl-C ends only the answer."""
    if out.json:
        view, ask = JsonView(out), None
    else:
        view = RunView(out.console, handle.url, brief=chat)
        ask = make_ask(LinePerson(view)) if at_terminal() else None
    here = Attendance(handle, view, interrupts, ask=ask, leave=leave, stops=chat)
    attended = await here.attend_run()
    if out.json:
        out.line(_last_facts(handle, attended))
    return attended


async def leave_run(handle: BackendRun, attended: Attended, out: Out, serve: str) -> int:
    """Print how to continue a run that has not ended (`serve` serves it); return the exit code."""
    if attended.ended:
        return CODES[attended.ended.state]
    for each in attended.waiting:
        out.note(f"\nRun {handle.id} is waiting for a decision{_describe_waiting(each)}")
        for line in decision_commands(handle.id, each):
            out.note(f"  {line}")
    if attended.why is Why.ABORTING:
        out.note(f"The abort of {handle.id} is recorded; the run ends when a worker processes it.")
    elif not attended.waiting:
        out.note(f"Detached. Run {handle.id} is safe.")
    await print_how_to_continue(handle, out, serve)
    if attended.waiting:
        return exit_codes.WAITING
    return exit_codes.INTERRUPTED


async def print_how_to_continue(handle: BackendRun, out: Out, serve: str) -> None:
    """Print whether a worker serves the run, and how to continue it."""
    if out.json:
        return
    unserved = f"No worker is serving this run. To continue it:  {serve}"
    out.note(await why_idle(handle, unserved) or "A worker is serving it.")
    out.note(f"To watch it:  harness watch {handle.id}")


def _last_facts(handle: BackendRun, attended: Attended) -> dict[str, Any]:
    """The last line of `run --json`."""
    known: dict[str, Any] = {"run": handle.id, "state": "running", "output": ""}
    if attended.waiting:
        known["state"] = "waiting"
        known["pending"] = [
            each.model_dump(mode="json", exclude_none=True, exclude={"cursor", "trace", "type"})
            for each in attended.waiting
        ]
    if attended.ended:
        known |= _ending_facts(attended.ended)
    return {**known, "url": handle.url}


def _ending_facts(ended: RunEnded) -> dict[str, Any]:
    kept = {"state", "output", "data", "reason", "error", "undone", "totals"}
    return ended.model_dump(mode="json", exclude_none=True, include=kept)


def _describe_waiting(waiting: DecisionRequested) -> str:
    if waiting.need == "budget":
        return " about its budget:"  # its question has several sentences, and was just shown
    what = f"{format_call(waiting.tool, waiting.arguments)}: " if waiting.tool else ""
    return f": {what}{waiting.question}"
