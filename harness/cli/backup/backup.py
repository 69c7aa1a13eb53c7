"""`harness backup` and `harness restore`."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from harness.cli.context import open_client, prepare_project
from harness.cli.out import Out
from harness.terminal import exit_codes


async def run_backup(args: Namespace, out: Out) -> int:
    from harness.backup.backup import make_backup

    async with open_client(out) as client:
        made = await make_backup(client.connection, Path(args.place), out.note, replace=args.force)
    if out.json:
        manifest = made.manifest.model_dump(exclude={"parts", "mac"}, mode="json")
        out.line({"file": str(made.file), "size": made.size, **manifest})
        return exit_codes.DONE
    out.raw(f"{made.file}  {made.size:,} bytes, {len(made.manifest.parts)} parts")
    for what in made.manifest.left_out:
        out.note(f"Not in the backup: {what}.")
    out.note("Anyone who can read this file can read your runs. Restore with: harness restore FILE")
    return exit_codes.DONE


async def run_restore(args: Namespace, out: Out) -> int:
    from harness.backup.restore import restore_backup

    project, settings = prepare_project()
    done = await restore_backup(settings, project, Path(args.file), out.note, trust=args.trust)
    if out.json:
        aside = str(done.aside) if done.aside else None
        out.line({
            "state": str(done.state), "aside": aside, "made": done.manifest.made,
            "epoch": done.manifest.epoch.model_dump(), "keyring": done.keyring,
        })  # fmt: skip
        return exit_codes.DONE
    out.raw(f"Restored {done.state}.")
    if done.aside:
        out.raw(f"The former state is in {done.aside}; delete it when you no longer need it.")
    if not done.keyring:
        out.note(f"The keyring is missing: copy it to {done.state / 'keys'} before you continue.")
    out.note(
        "Runs continue when a worker serves them. Writes that may have happened since the backup"
    )
    out.note("are probed, or wait for a person: harness list --query \"HarnessState = 'waiting'\"")
    return exit_codes.DONE
