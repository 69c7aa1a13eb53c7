"""`harness archive`: keep ended runs beyond Temporal's retention period."""

from __future__ import annotations

import asyncio
import time
from argparse import Namespace
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

from harness.archive import sweep as sealing
from harness.archive.bundle import Moved, export_archive, import_files
from harness.archive.settings import ArchiveSettings
from harness.archive.views import ArchiveView
from harness.cli.context import open_backend, open_client
from harness.cli.history.time_filter import parse_since
from harness.cli.named_file import check_new
from harness.cli.out import Out, name_subject
from harness.cli.parser import UsageError
from harness.contracts.errors import HarnessError, NotRemote
from harness.engine.connection import Connection
from harness.terminal import exit_codes
from harness.terminal.backend import BackendArchive
from harness.terminal.view.text import count_of, format_age, format_duration

UP_SECONDS = 5.0
"""How long `harness up` seals before it leaves the rest to workers."""


async def run_archive(args: Namespace, out: Out) -> int:
    action = args.action
    takes = {"seal", "export", "import"}
    if args.names and action not in takes:
        raise UsageError(f"harness archive {action} takes no names.", "Omit them.")
    if action in ("export", "import") and not args.names:
        what = "DIR or FILE.zip"
        raise UsageError(
            f"harness archive {action} needs a {what}.",
            f"For example: harness archive {action} runs.zip",
        )
    if action == "export" and len(args.names) > 1:
        raise UsageError("harness archive export takes one DIR or FILE.zip.", "Omit the others.")
    if args.since and action != "export":
        raise UsageError(
            f"harness archive {action} has no --since.", "Only `harness archive export` has it."
        )
    if args.force and action != "export":
        raise UsageError(
            f"harness archive {action} has no --force.", "Only `harness archive export` has it."
        )
    if action == "export":
        check_new(Path(args.names[0]), force=args.force)
    start = parse_since(args.since).timestamp() if args.since else None
    if action in ("export", "import"):
        return await _move_files(args, start, out)
    async with open_backend(args, out, index=True) as backend:
        archive = backend.archive
        if action == "status":
            _print_status(await archive.show(), out)
        elif action == "seal":
            return await _seal_runs(archive, args.names, out)
        else:
            done = (await archive.rebuild(_count_progress(out))).rebuilt
            words = f"Rebuilt the index of {count_of(done, 'seal')}."
            _print_result(out, {"rebuilt": done}, words)
    return exit_codes.DONE


async def _move_files(args: Namespace, start: float | None, out: Out) -> int:
    if args.server is not None:
        raise NotRemote(
            f"`harness archive {args.action}` works on a stack alone, not through a daemon.",
            fix=f"For one run: harness export RUN. {NotRemote.fix}",
        )
    async with open_client(out, index=True) as client:
        if args.action == "export":
            moved = export_archive(client.connection, Path(args.names[0]), start)
            return await _report_moved(moved, "exported", out)
        moved = import_files(client.connection, [Path(name) for name in args.names])
        return await _report_moved(moved, "imported", out)


async def seal_a_while(connection: Connection) -> None:
    """Seal runs that ended while no worker was running, for `harness up`."""
    if connection.settings.section(ArchiveSettings).enabled:
        try:
            async with asyncio.timeout(UP_SECONDS):
                await sealing.seal_ended(connection)
        except (TimeoutError, HarnessError):
            return  # a worker will seal the rest


async def _seal_runs(archive: BackendArchive, names: list[str], out: Out) -> int:
    failed = False
    for name in names:
        try:
            seal = await archive.seal_run(name)
        except HarnessError as error:
            out.error(error.info.model_dump(exclude_none=True))
            failed = True
            continue
        _print_result(out, seal.model_dump(), f"{name}  {seal.token}")
    if names:
        return exit_codes.FAILED if failed else exit_codes.DONE
    done = await archive.seal_all(_count_progress(out))
    words = (
        f"{count_of(done.sealed, 'run')} sealed." if done.sealed else "All ended runs are sealed."
    )
    _print_result(out, done.model_dump(), words)
    return exit_codes.FAILED if done.failed else exit_codes.DONE


async def _report_moved(moved: AsyncIterator[Moved], verb: str, out: Out) -> int:
    done = failed = already = 0
    async for each in moved:
        if each.error is not None:
            failed += 1
            info = each.error.info.model_dump(exclude_none=True)
            if out.json:
                out.line({"file": each.file, "run": each.run or None, "error": info})
            else:
                out.error({**info, "message": name_subject(each.file, each.error.message)})
            continue
        done += not each.already
        already += each.already
        token = each.seal.hash if each.seal else None
        data = {"file": each.file, "run": each.run, "token": token, "already": each.already}
        _print_result(out, data, f"{each.run}  {token or 'already here'}")
    if not out.json:
        what = f"{count_of(done, 'run')} {verb}"
        what += f", {already} already here" if already else ""
        out.note(what + (f", {failed} failed." if failed else "."))
    return exit_codes.FAILED if failed else exit_codes.DONE


def _print_status(found: ArchiveView, out: Out) -> None:
    if out.json:
        out.line(found.model_dump(mode="json"))
        return
    now, figures = time.time(), found.figures
    rows = [
        ("in Temporal", f"{count_of(found.ended, 'ended run')}, {found.unsealed} not sealed yet"),
        ("sealed", f"{count_of(figures.runs, 'run')} in {count_of(figures.seals, 'seal')}"),
        ("content", f"{figures.bytes:,} bytes"),
        ("gone", f"{figures.deleted} deleted, {figures.forgotten} forgotten"),
        ("oldest", f"{format_age(now - figures.oldest)} ago" if figures.oldest else "none"),
        ("head", found.head or "none"),
        ("last sweep", _describe_sweep(found, now) if found.enabled else "off: archive.enabled"),
        ("Temporal keeps", format_duration(found.retention_s)),
    ]
    for name, value in rows:
        out.console.print(f"{name:<18}", style="quiet", end="", soft_wrap=True)
        out.console.print(value, soft_wrap=True)
    if found.close and found.lost_at is not None:
        left = max(0.0, found.lost_at - now)
        out.note(f"In {format_duration(left)} Temporal deletes a run that is not sealed.")
        out.note("Seal it: harness archive seal")


def _describe_sweep(found: ArchiveView, now: float) -> str:
    last = f"{format_age(now - found.last)} ago" if found.last else "never"
    return last + (f", next in {format_duration(max(0.0, found.next - now))}" if found.next else "")


def _count_progress(out: Out) -> Callable[[int], None]:
    return lambda done: out.note(f"{done:,} …") if done % 1000 == 0 else None


def _print_result(out: Out, data: Mapping[str, object], words: str) -> None:
    if out.json:
        out.line(dict(data))
    else:
        out.raw(words)
