"""Wait for the answer to a message."""

from __future__ import annotations

import asyncio

from harness.cli.out import Out
from harness.contracts.errors import HarnessError, NoWorker, from_info
from harness.contracts.run import RunState
from harness.conversations.contracts import Receipt, Turn
from harness.terminal import exit_codes
from harness.terminal.backend import Backend, BackendConversations

LOOK_S = 0.2


async def print_answer(backend: Backend, id: str, receipt: Receipt, out: Out) -> int:
    """Wait for the run that answers the message, and print what it says."""
    turn = await find_turn(backend.conversations, id, receipt)
    if turn.run is None:
        raise from_info(turn.error) if turn.error else _no_run(id, receipt)
    run = backend.get_run(turn.run)
    ending = asyncio.create_task(run.outcome())
    while not ending.done():
        await asyncio.wait([ending], timeout=1.0)
        if not ending.done() and await run.pending():
            ending.cancel()
            return _print_waiting(out, turn.run)
    end = await ending
    if out.json:
        out.line({
            "message": receipt.message, "run": turn.run, "state": end.state.value,
            "output": end.output, "error": end.error and end.error.model_dump(),
        })  # fmt: skip
    elif end.error is None:
        out.raw(end.output)
    if end.error is not None and not out.json:
        raise from_info(end.error)
    codes = {RunState.COMPLETED: exit_codes.DONE, RunState.ABORTED: exit_codes.ABORTED}
    return codes.get(end.state, exit_codes.FAILED)


async def find_turn(conversations: BackendConversations, id: str, receipt: Receipt) -> Turn:
    """The turn of a message, once its run has started or will not."""
    if receipt.run is not None:
        return Turn(message=receipt.message, run=receipt.run, state="running")
    if receipt.outcome == "not_answered":
        return Turn(message=receipt.message, state="failed", error=receipt.error)
    while True:
        view = (await conversations.read(id)).session
        if view is None:
            raise NoWorker(
                f"No worker answers for conversation {id!r}. The message waits.",
                fix="Serve it: harness worker FILE.py",
            )
        known = [*view.turns, *([view.open] if view.open and view.open.run else [])]
        found = next((each for each in known if each.message == receipt.message), None)
        if found is not None:
            return found
        waits = any(each.id == receipt.message for each in view.queue)
        if not waits and (view.open is None or view.open.message != receipt.message):
            raise _no_run(id, receipt)
        await asyncio.sleep(LOOK_S)


def _print_waiting(out: Out, run: str) -> int:
    if out.json:
        out.line({"run": run, "state": "waiting"})
    else:
        out.note(f"Run {run} waits for a decision: harness show {run}")
    return exit_codes.WAITING


def _no_run(id: str, receipt: Receipt) -> HarnessError:
    from harness.contracts.errors import RunFailed

    return RunFailed(
        f"Message {receipt.message!r} has no run of its own.",
        fix=f"See the conversation: harness conversation show {id}",
    )
