"""`harness effects`: the effects of a run, from the ledger, without a worker."""

from __future__ import annotations

import time
from argparse import Namespace

from harness.cli.context import open_backend
from harness.cli.out import Out
from harness.contracts.effect import EffectRow, EffectState
from harness.terminal import exit_codes

STYLES: dict[EffectState, str] = {"begun": "yellow", "failed": "red", "undoing": "yellow"}
UNKNOWN = "outcome unknown: it may have happened"


async def show_effects(args: Namespace, out: Out) -> int:
    async with open_backend(args, out) as backend:
        rows = await backend.get_run(args.run).effects()
    if out.json:
        for row in rows:
            out.line(row.model_dump(mode="json", exclude_none=True))
    elif rows:
        _print_table(out, rows)
    else:
        out.note("This run has no effects.")
    return exit_codes.DONE


def _print_table(out: Out, rows: list[EffectRow]) -> None:
    from rich.table import Table
    from rich.text import Text

    from harness.terminal.view.console import is_narrow, print_indented
    from harness.terminal.view.text import format_call, format_duration

    now = time.time()
    narrow = is_narrow(out.console)
    table = Table(box=None, pad_edge=False, header_style="quiet")
    for name in ("turn", "call", "state", "effect", "what", "result", "when"):
        table.add_column(name, no_wrap=name in ("turn", "call", "state"), overflow="fold")
    for row in rows:
        state = Text(row.state, style=STYLES.get(row.state, ""))
        what, when = format_call(row.tool, row.arguments), f"{format_duration(now - row.began)} ago"
        if narrow:
            out.console.print(Text.assemble(f"turn {row.turn}  {row.call}  ", state))
            print_indented(out.console, Text(what), 2)
            facts = [row.effect, _result_text(row), when]
            print_indented(out.console, Text(" · ".join(filter(None, facts)), style="quiet"), 2)
            continue
        table.add_row(
            str(row.turn), row.call, state, row.effect, Text(what), Text(_result_text(row)), when
        )
    if not narrow:
        out.console.print(table)


def _result_text(row: EffectRow) -> str:
    if row.state == "begun":
        return UNKNOWN
    return ((row.note if row.state == "undone" else row.result) or "").split("\n")[0]
