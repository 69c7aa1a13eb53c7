"""`harness abort`, `hint`, `pause` and `resume`: signals, which need no worker to be there."""

from __future__ import annotations

from argparse import Namespace

from harness.cli.out import Out
from harness.cli.parser import UsageError
from harness.cli.targets import reach


async def abort(args: Namespace, out: Out) -> int:
    reason = args.reason or "aborted"
    return await reach(args, out, args.run, "abort sent", lambda run: run.abort(reason))


async def hint(args: Namespace, out: Out) -> int:
    *runs, text = args.words
    if not text.strip():
        raise UsageError("The hint is empty.", 'Like this: harness hint RUN "be brief"')
    if not runs and not args.query:
        raise UsageError("Runs come first, the text last.", 'harness hint RUN "be brief"')
    interrupt = args.interrupt
    return await reach(
        args, out, runs, "hint sent", lambda run: run.hint(text, interrupt=interrupt)
    )


async def pause(args: Namespace, out: Out) -> int:
    return await reach(args, out, args.run, "pause sent", lambda run: run.pause(args.reason))


async def resume(args: Namespace, out: Out) -> int:
    return await reach(args, out, args.run, "resume sent", lambda run: run.resume(args.reason))
