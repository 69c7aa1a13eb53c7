"""`harness care runbook`: what an agent proposes to write down after a repair."""

from __future__ import annotations

from argparse import Namespace

from harness.cli.context import open_client
from harness.cli.out import Out
from harness.contracts.clean_text import clean_text
from harness.terminal import exit_codes


async def show_runbook(args: Namespace, out: Out) -> int:
    from harness.care.runbooks.proposed import find_proposed, save_proposed

    async with open_client(out) as client:
        found = await find_proposed(client.connection, args.ticket)
        saved = await save_proposed(client.connection, found) if args.save else None
    if out.json:
        out.line({
            "ticket": args.ticket, "subject": found.subject, "file": found.file,
            "content": found.content, "branch": saved and saved.branch,
        })  # fmt: skip
    elif saved is None:
        out.raw(clean_text(f"# {found.file} of {found.subject}\n{found.content}"))
    else:
        out.raw(
            f"{found.file} is on the branch {saved.branch}. "
            f"To accept it: git -C {saved.folder} merge {saved.branch}"
        )
    return exit_codes.DONE
