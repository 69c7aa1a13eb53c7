"""`harness care demo`, `care break` and `care traffic`: services to try care with."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from contextlib import suppress
from functools import partial
from pathlib import Path

from harness.cli.access.shown import print_table
from harness.cli.out import Out
from harness.cli.parser import UsageError
from harness.cli.runs.serve import watch_stop_signals
from harness.terminal import exit_codes

NEXT = """
The demo is a project of its own. In a second terminal:

  cd {folder}
  harness care status                 all invariants hold
  harness care break bad-deploy       requests fail (`harness care break` lists all)
  harness care ticket                 seconds later, an agent is at work
  harness care ticket show ID         what it found, and what it proposes
  harness approve RUN                 it deploys, watches the invariants, and undoes it if need be

Ctrl-C stops everything.
"""


HEADS = ("FAULT", "SUBJECT", "BREAKS", "WHAT HAPPENS", "WHO REPAIRS IT")


async def run_demo(args: Namespace, out: Out) -> int:
    from harness.care.demo import log_store, project, run
    from harness.config import trust

    run.find_prometheus()
    folder = await asyncio.to_thread(Path(args.folder).resolve)
    has_loki = await asyncio.to_thread(log_store.find_loki) is not None
    demo = await asyncio.to_thread(
        partial(project.make_demo, folder, args.model or "care/rules", logs=has_loki)
    )
    file = folder / "harness.toml"
    digest = trust.digest_of(await asyncio.to_thread(file.read_bytes))
    trust.change_trust(lambda known: known.files.update({str(file): digest}))
    out.note(NEXT.format(folder=folder))
    serve = ("--port", str(args.port)) if args.port is not None else ()
    running = asyncio.ensure_future(run.run_demo(demo, out.note, rps=args.rps, serve=serve))
    stopping = asyncio.ensure_future(watch_stop_signals().wait())
    await asyncio.wait([running, stopping], return_when=asyncio.FIRST_COMPLETED)
    if not running.done():
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        return exit_codes.DONE
    stopping.cancel()
    await running  # raises what went wrong
    out.note("A part of the demo has ended; see the .log files in its folder.")
    return exit_codes.FAILED


async def break_subject(args: Namespace, out: Out) -> int:
    from harness.care.demo.faults import FAULTS
    from harness.care.demo.project import open_demo
    from harness.contracts.errors import DemoRefused

    if args.fault is None:
        if args.end:
            raise UsageError("--end needs a FAULT.", "List them: harness care break")
        for each in FAULTS.values() if out.json else ():
            out.line({
                "fault": each.name, "subject": each.subject, "summary": each.summary,
                "breaks": each.breaks, "repair": each.repair, "ends": each.end is not None,
            })  # fmt: skip
        if not out.json:
            rows = [(e.name, e.subject, e.breaks, e.summary, e.repair) for e in FAULTS.values()]
            print_table(out, HEADS, rows)
        return exit_codes.DONE
    fault = FAULTS.get(args.fault)
    if fault is None:
        raise DemoRefused(
            f"There is no fault {args.fault[:40]!r}.", fix="List them: harness care break"
        )
    demo = await asyncio.to_thread(open_demo, Path.cwd())
    step = fault.end if args.end else fault.make
    if step is None:
        ends = ", ".join(sorted(each.name for each in FAULTS.values() if each.end is not None))
        raise DemoRefused(
            f"{fault.name} does not end with --end: {fault.repair}.", fix=f"Those that do: {ends}."
        )
    try:
        await asyncio.to_thread(step, demo.find_subject(fault.subject))
    except (OSError, ValueError) as error:
        raise DemoRefused(f"{fault.name}: {error}") from None
    what = f"Ended: {fault.name}" if args.end else f"Done: {fault.summary}; {fault.breaks} breaks"
    out.note(f"{what}. To see what comes of it: harness care status")
    return exit_codes.DONE


async def send_traffic(args: Namespace, out: Out) -> int:
    from harness.care.demo.project import open_demo
    from harness.care.demo.traffic import send_traffic as send

    if args.rps <= 0 or args.burst <= 0 or (args.duration is not None and args.duration < 0):
        raise UsageError("--rps, --burst and --duration must be positive.", "Give larger numbers.")
    url = args.url or (await asyncio.to_thread(open_demo, Path.cwd())).url
    sending = asyncio.ensure_future(
        send(url, rps=args.rps, duration=args.duration, burst=args.burst)
    )
    stopping = asyncio.ensure_future(watch_stop_signals().wait())
    await asyncio.wait([sending, stopping], return_when=asyncio.FIRST_COMPLETED)
    if not sending.done():
        sending.cancel()
        return exit_codes.INTERRUPTED
    stopping.cancel()
    counts = sending.result()
    if out.json:
        out.line({"sent": counts.total(), "answers": dict(sorted(counts.items()))})
    else:
        shown = ", ".join(f"{status}: {count}" for status, count in sorted(counts.items()))
        out.raw(f"{counts.total()} requests to {url}. {shown}".rstrip())
    return exit_codes.DONE
