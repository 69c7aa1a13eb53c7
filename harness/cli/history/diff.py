"""`harness diff`: two runs side by side."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from typing import Any

from harness.cli.history.run_sources import open_reader
from harness.cli.out import Out
from harness.journal.diff import RunDiff, compare_runs
from harness.terminal import exit_codes
from harness.terminal.view.diff import show_diff


async def diff_runs(args: Namespace, out: Out) -> int:
    async with open_reader(args, out, [args.run, args.other]) as read:
        one, other = await read(args.run), await read(args.other)
    parting = compare_runs(one.events, other.events)
    if out.json:
        out.line(_diff_facts(parting))
        return exit_codes.DONE
    named = [side.run for side in parting.sides]
    show_diff(out.console, parting, named if named[0] != named[1] else [args.run, args.other])
    return exit_codes.DONE


def _diff_facts(parting: RunDiff) -> dict[str, Any]:
    return {
        "same": parting.same,
        "turn": parting.turn or None,
        "sides": [
            {
                "run": side.run,
                "agent": side.agent,
                "model": side.model,
                "kept": side.kept,
                "totals": side.totals.model_dump(exclude_none=True) if side.totals else None,
                "seconds": side.seconds,
                "events": [each.model_dump(mode="json", exclude_none=True) for each in side.events],
            }
            for side in parting.sides
        ],
        "rows": list(_paired_places(parting)),
    }


def _paired_places(parting: RunDiff) -> Iterator[dict[str, Any]]:
    """Pairs of events, by their indexes in `events`."""
    places = [0, 0]
    for row in parting.rows:
        at = [places[side] if row[side] else None for side in (0, 1)]
        places = [places[side] + (row[side] is not None) for side in (0, 1)]
        yield {"places": at, "same": row.same}
