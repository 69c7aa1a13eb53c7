"""`harness verify`: check that sealed runs are unchanged."""

from __future__ import annotations

import re
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path

from harness.archive.verify import SealProblem, verify_recording
from harness.archive.views import ArchiveVerification
from harness.cli.context import open_backend
from harness.cli.history.run_sources import is_file
from harness.cli.out import Out
from harness.cli.parser import UsageError
from harness.contracts.errors import ArchiveChanged
from harness.history.export import read_file
from harness.terminal import exit_codes
from harness.terminal.view.text import count_of

TOKEN = re.compile(r"[0-9a-f]{64}")


async def verify_archive(args: Namespace, out: Out) -> int:
    token = args.token
    if token is not None and not TOKEN.fullmatch(token):
        raise UsageError(
            f"--token {token} is not a replay token.", "A replay token has 64 characters, 0-9 a-f."
        )
    if args.run and is_file(args.run):
        recording = read_file(Path(args.run))
        found, problems = verify_recording(recording, token)
        events = sum(len(each.entries) for each in recording.executions)
        return _report_run(
            args.run, found, problems, {"events": events, "told": token is not None}, out
        )
    if args.run:
        async with open_backend(args, out) as backend:
            run = await backend.verify_run(args.run, token)
        gone = None if run.content == "present" else run.content
        facts = {"events": run.events, "gone": gone, "engine": run.compared_with_temporal}
        return _report_run(args.run, run.token, run.found, facts, out)
    async with open_backend(args, out) as backend:
        report = await backend.archive.verify(
            token,
            lambda seq: out.note(f"{seq:,} …") if seq % 1000 == 0 else None,
            engine=args.engine,
        )
    return _report_all(report, out)


def _report_run(
    name: str, token: str, problems: list[SealProblem], facts: Mapping[str, object], out: Out
) -> int:
    _raise_problems(problems, out)
    if out.json:
        known = {key: value for key, value in facts.items() if value is not None}
        out.line({"run": name, "ok": True, "token": token, **known})
        return exit_codes.DONE
    gone = facts.get("gone")
    what = (
        f"its seal is valid, its content is {gone}" if gone else f"{facts['events']} history events"
    )
    out.raw(f"{name} is unchanged since it was sealed: {what}.")
    out.raw(f"token {token}")
    if facts.get("engine"):
        out.note("Temporal has the same history.")
    if facts.get("told") is False:
        out.note("To compare it with a token kept elsewhere, pass --token.")
    return exit_codes.DONE


def _report_all(report: ArchiveVerification, out: Out) -> int:
    _raise_problems(report.problems, out)
    if out.json:
        out.line({"ok": True, **{k: v for k, v in vars(report).items() if k != "problems"}})
        return exit_codes.DONE
    facts = [f"{report.checked} read and intact"]
    facts += [f"{report.deleted} deleted"] if report.deleted else []
    facts += [f"{report.forgotten} forgotten"] if report.forgotten else []
    facts += [f"{report.newer} sealed by a newer version"] if report.newer else []
    out.raw(f"The chain is intact: {count_of(report.seals, 'seal')}, {', '.join(facts)}.")
    if report.head:
        out.raw(f"head {report.head}")
    return exit_codes.DONE


def _raise_problems(problems: list[SealProblem], out: Out) -> None:
    if not problems:
        return
    for each in problems:
        if out.json:
            out.line({"ok": False, "seq": each.seq, "run": each.run, "what": each.what})
        elif len(problems) > 1:
            out.raw(str(each))
    if len(problems) > 1 and not out.json:
        raise ArchiveChanged(f"The archive has {count_of(len(problems), 'problem')}.")
    rest = f", and {count_of(len(problems) - 1, 'more problem')}" if len(problems) > 1 else ""
    raise ArchiveChanged(f"{problems[0]}{rest}.")
