"""`harness archive`: keep ended runs beyond Temporal's retention period."""

from __future__ import annotations

import asyncio
import time
from argparse import Namespace
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import asdict
from pathlib import Path

from harness.archive import sweep as sealing
from harness.archive.bundle import Moved, export_archive, import_files
from harness.archive.settings import ArchiveSettings
from harness.archive.status import Standing, standing
from harness.cli.context import opened
from harness.cli.history.time_filter import moment
from harness.cli.named_file import check_new
from harness.cli.out import Out, naming
from harness.cli.parser import UsageError
from harness.contracts.errors import HarnessError
from harness.engine.connection import Connection
from harness.terminal import exit_codes
from harness.terminal.view.text import ago, count, took

UP_SECONDS = 5.0
"""How long `harness up` seals before it leaves the rest to workers."""


async def archive(args: Namespace, out: Out) -> int:
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
        raise UsageError(f"harness archive {action} has no --since.", "Only export has it.")
    if args.force and action != "export":
        raise UsageError(f"harness archive {action} has no --force.", "Only export has it.")
    if action == "export":
        check_new(Path(args.names[0]), force=args.force)
    start = moment(args.since).timestamp() if args.since else None
    async with opened(out, index=True) as client:
        connection = client.connection
        match action:
            case "status":
                _stands(await standing(connection), connection, out)
                return exit_codes.DONE
            case "seal":
                return await _seal(connection, args.names, out)
            case "export":
                moved = export_archive(connection, Path(args.names[0]), start)
                return await _moved(moved, "exported", out)
            case "import":
                moved = import_files(connection, [Path(name) for name in args.names])
                return await _moved(moved, "imported", out)
            case _:
                done = await sealing.rebuild(connection, _progress(out))
                _said(out, {"rebuilt": done}, f"Rebuilt the index of {count(done, 'seal')}.")
                return exit_codes.DONE


async def seal_a_while(connection: Connection) -> None:
    """Seal runs that ended while no worker was running, for `harness up`."""
    if connection.settings.section(ArchiveSettings).enabled:
        try:
            async with asyncio.timeout(UP_SECONDS):
                await sealing.seal_ended(connection)
        except (TimeoutError, HarnessError):
            return  # a worker will seal the rest


async def _seal(connection: Connection, names: list[str], out: Out) -> int:
    failed = False
    for name in names:
        try:
            row = await sealing.seal_run(connection, name)
        except HarnessError as error:
            out.error(error.info.model_dump(exclude_none=True))
            failed = True
            continue
        _said(out, {"run": name, "seq": row.seq, "token": row.hash}, f"{name}  {row.hash}")
    if names:
        return exit_codes.FAILED if failed else exit_codes.DONE
    since, sealed, more = None, 0, True
    while more:
        done = await sealing.seal_ended(connection, since, progress=_progress(out, sealed))
        sealed, more, failed = sealed + done.sealed, bool(done.more), done.failed > 0
    words = f"{count(sealed, 'run')} sealed." if sealed else "All ended runs are sealed."
    _said(out, {"sealed": sealed, "failed": failed}, words)
    return exit_codes.FAILED if failed else exit_codes.DONE


async def _moved(moved: AsyncIterator[Moved], verb: str, out: Out) -> int:
    done = failed = already = 0
    async for each in moved:
        if each.error is not None:
            failed += 1
            info = each.error.info.model_dump(exclude_none=True)
            if out.json:
                out.line({"file": each.file, "run": each.run or None, "error": info})
            else:
                out.error({**info, "message": naming(each.file, each.error.message)})
            continue
        done += not each.already
        already += each.already
        token = each.seal.hash if each.seal else None
        data = {"file": each.file, "run": each.run, "token": token, "already": each.already}
        _said(out, data, f"{each.run}  {token or 'already here'}")
    if not out.json:
        what = f"{count(done, 'run')} {verb}"
        what += f", {already} already here" if already else ""
        out.note(what + (f", {failed} failed." if failed else "."))
    return exit_codes.FAILED if failed else exit_codes.DONE


def _stands(found: Standing, connection: Connection, out: Out) -> None:
    settings = connection.settings.section(ArchiveSettings)
    if out.json:
        figures = asdict(found.figures)
        out.line({**asdict(found), "enabled": settings.enabled, "figures": figures})
        return
    now, figures = time.time(), found.figures
    rows = [
        ("in Temporal", f"{count(found.ended, 'ended run')}, {found.unsealed} not sealed yet"),
        ("sealed", f"{count(figures.runs, 'run')} in {count(figures.seals, 'seal')}"),
        ("content", f"{figures.bytes:,} bytes"),
        ("gone", f"{figures.deleted} deleted, {figures.forgotten} forgotten"),
        ("oldest", f"{ago(now - figures.oldest)} ago" if figures.oldest else "none"),
        ("head", found.head or "none"),
        ("last sweep", _swept(found, now) if settings.enabled else "off: archive.enabled"),
        ("Temporal keeps", took(found.retention_s)),
    ]
    for name, value in rows:
        out.console.print(f"{name:<18}", style="quiet", end="", soft_wrap=True)
        out.console.print(value, soft_wrap=True)
    if found.close and found.lost_at is not None:
        left = max(0.0, found.lost_at - now)
        out.note(f"In {took(left)} Temporal deletes a run that is not sealed.")
        out.note("Seal it: harness archive seal")


def _swept(found: Standing, now: float) -> str:
    last = f"{ago(now - found.last)} ago" if found.last else "never"
    return last + (f", next in {took(max(0.0, found.next - now))}" if found.next else "")


def _progress(out: Out, before: int = 0) -> Callable[[int], None]:
    return lambda done: out.note(f"{before + done:,} …") if done % 1000 == 0 else None


def _said(out: Out, data: Mapping[str, object], words: str) -> None:
    if out.json:
        out.line(dict(data))
    else:
        out.raw(words)
