"""`harness effects`: what a run did to the world, from the ledger, without a worker."""

from __future__ import annotations

import time
from argparse import Namespace

from harness.cli.context import opened
from harness.cli.out import Out
from harness.contracts.effect import EffectRow, EffectState
from harness.terminal import exit_codes

STYLES: dict[EffectState, str] = {"begun": "yellow", "failed": "red", "undoing": "yellow"}
UNKNOWN = "begun and never reported back: it may have happened"


async def effects(args: Namespace, out: Out) -> int:
    async with opened(out) as client:
        rows = await client.run(args.run).effects()
    if out.json:
        for row in rows:
            out.line(row.model_dump(mode="json", exclude_none=True))
    elif rows:
        _table(out, rows)
    else:
        out.note("This run has had no effects.")
    return exit_codes.DONE


def _table(out: Out, rows: list[EffectRow]) -> None:
    from rich.table import Table
    from rich.text import Text

    from harness.terminal.view.text import call, took

    table = Table(box=None, pad_edge=False, header_style="quiet")
    for name in ("turn", "call", "state", "effect", "what", "came of it", "when"):
        table.add_column(name, no_wrap=name in ("turn", "call", "state"), overflow="fold")
    now = time.time()
    for row in rows:
        result = row.note if row.state == "undone" else row.result
        if row.state == "begun":
            result = UNKNOWN
        table.add_row(
            str(row.turn),
            row.call,
            Text(row.state, style=STYLES.get(row.state, "")),
            row.effect,
            Text(call(row.tool, row.arguments)),
            Text((result or "").split("\n")[0]),
            f"{took(now - row.began)} ago",
        )
    out.console.print(table)
