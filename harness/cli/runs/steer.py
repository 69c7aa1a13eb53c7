"""`harness abort`, `hint`, `pause` and `resume`: signals, which need no worker."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from harness.cli.out import Out
from harness.cli.parser import UsageError
from harness.cli.runs.targets import steer_runs
from harness.contracts.errors import ErrorInfo, RunFailed, from_info
from harness.terminal.backend import BackendRun
from harness.terminal.view.text import describe_undone


async def abort_runs(args: Namespace, out: Out) -> int:
    reason = args.reason or "aborted"
    if not args.undo:
        return await steer_runs(args, out, args.run, "abort sent", lambda run: run.abort(reason))

    async def act(run: BackendRun) -> dict[str, Any] | None:
        await run.abort(reason, undo=True)
        return await _wait_for_undo(run, out)

    return await steer_runs(args, out, args.run, "abort with undo sent", act)


async def _wait_for_undo(run: BackendRun, out: Out) -> dict[str, Any] | None:
    """The result of the undo; None without a worker."""
    if not await run.is_served():
        return None
    undone = (await run.outcome()).undone
    if undone is None:  # it had failed before the abort reached it
        raise RunFailed(
            "The run ended before its undo began.", fix=f"Undo it: harness undo {run.id}"
        )
    if undone.whole:
        if not out.json:
            out.raw(f"{run.id}: {describe_undone(undone)}")
        return {"undone": undone.model_dump(mode="json", exclude_none=True)}
    why = undone.stopped.obstacle if undone.stopped else undone.error
    code = why.code if why else RunFailed.code
    fix = f"Then continue: harness undo {run.id}"
    if undone.stopped:
        fix = f"{why.fix if why else ''} {fix} [--past {undone.stopped.call}]".strip()
    raise from_info(
        ErrorInfo(
            code=code, message=f"Aborted. It {describe_undone(undone)}", fix=fix, retryable=False
        )
    )


async def hint_runs(args: Namespace, out: Out) -> int:
    *runs, text = args.words
    if not text.strip():
        raise UsageError("The hint is empty.", 'For example: harness hint RUN "be brief"')
    if not runs and not args.query:
        raise UsageError(
            "No run is named: runs come first, the text last.",
            'For example: harness hint RUN "be brief"',
        )
    interrupt = args.interrupt
    return await steer_runs(
        args, out, runs, "hint sent", lambda run: run.hint(text, interrupt=interrupt)
    )


async def pause_runs(args: Namespace, out: Out) -> int:
    return await steer_runs(args, out, args.run, "pause sent", lambda run: run.pause(args.reason))


async def resume_runs(args: Namespace, out: Out) -> int:
    return await steer_runs(args, out, args.run, "resume sent", lambda run: run.resume(args.reason))
