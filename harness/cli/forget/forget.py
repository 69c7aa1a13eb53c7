"""`harness forget`: make a run and its family permanently unreadable."""

from __future__ import annotations

from argparse import Namespace

from harness.cli.context import open_backend
from harness.cli.out import Out
from harness.cli.parser import UsageError
from harness.cli.runs.targets import ask_confirmation
from harness.forget.views import FamilyView, ForgottenRuns
from harness.terminal import exit_codes
from harness.terminal.input.keyboard import at_terminal
from harness.terminal.view.text import count_of

SHOWN = 20


async def forget_run(args: Namespace, out: Out) -> int:
    async with open_backend(args, out, index=True) as backend:
        family = await backend.archive.find_family(args.run)
        if not args.yes and not await _confirm_family(family, out):
            return exit_codes.DONE
        done = await backend.archive.forget(args.run)
    if out.json:
        out.line(done.model_dump(mode="json"))
        return exit_codes.DONE
    _print_forgotten(done, out)
    return exit_codes.DONE


async def _confirm_family(family: FamilyView, out: Out) -> bool:
    what = count_of(len(family.runs), "run")
    if out.json or not at_terminal():
        raise UsageError(f"This permanently forgets {what}.", "Pass --yes to confirm.")
    return await ask_confirmation(family.runs, f"Forget {what} permanently?", out, SHOWN)


def _print_forgotten(done: ForgottenRuns, out: Out) -> None:
    for id in done.runs:
        out.raw(f"{id}: forgotten")
    for id in done.going:
        end = "temporal workflow terminate --workflow-id" if done.unreadable else "harness abort"
        out.note(
            f"{id} was started in the meantime. End it with `{end} {id}`, and forget it again."
        )
    if done.unreadable:
        out.note("Their key is destroyed: copies in backups and elsewhere are unreadable too.")
    else:
        out.note(
            "Deleted here. Not all of it was encrypted: copies elsewhere, such as backups and "
            "exports, can still be read."
        )
