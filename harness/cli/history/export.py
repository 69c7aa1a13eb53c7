"""`harness export`: a run as one file."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path

from harness.cli.context import open_backend
from harness.cli.named_file import check_new, write_named
from harness.cli.out import Out
from harness.history.export import dump_recording, file_name
from harness.journal.seal import hash_of
from harness.terminal import exit_codes
from harness.terminal.view.text import count_of


async def export_run(args: Namespace, out: Out) -> int:
    file = Path(args.output or file_name(args.run))
    if args.output != "-":
        check_new(file, force=args.force)
    async with open_backend(args, out) as backend:
        recording = await backend.record_run(args.run)
    text = dump_recording(recording)
    if args.output == "-":
        out.data(
            json.dumps(json.loads(text), ensure_ascii=False) if out.json else text.rstrip("\n")
        )
        return exit_codes.DONE
    write_named(file, text, force=args.force)
    facts = {
        "run": recording.run,
        "file": str(file),
        "bytes": len(text.encode()),
        "events": len(recording.events),
        "executions": len(recording.executions),
        "nodes": len(recording.nodes),
        "artifacts": len(recording.artifacts),
        "missing": list(recording.missing),
        "token": hash_of(recording.proof.entry) if recording.proof else None,
    }
    if out.json:
        out.line(facts)
        return exit_codes.DONE
    out.raw(f"{file}: {count_of(len(recording.events), 'event')}, {len(text.encode()):,} bytes")
    if facts["token"]:
        out.raw(f"token {facts['token']}")
    for id in recording.missing:
        out.note(f"No longer stored, so not in the file: {id}")
    return exit_codes.DONE
