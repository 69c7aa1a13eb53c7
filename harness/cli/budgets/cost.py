"""`harness cost`: what model calls cost, and what a run is likely to cost."""

from __future__ import annotations

from argparse import Namespace

from harness.budgets.views import Dimension, Forecast, Range, Spending, SpendingList
from harness.budgets.words import dollars
from harness.cli.access.shown import need_argument, print_table, refuse_argument
from harness.cli.context import open_backend
from harness.cli.history.time_filter import parse_since
from harness.cli.out import Out
from harness.cli.parser import UsageError
from harness.terminal import exit_codes

FIGURES = ("RUNS", "CALLS", "INPUT", "CACHED", "OUTPUT", "COST")
DIMENSIONS: dict[str, Dimension] = {
    "agent": "agent", "model": "model", "session": "session", "owner": "owner", "day": "day",
}  # fmt: skip


async def run_cost(args: Namespace, out: Out) -> int:
    if args.action == "forecast":
        return await _show_forecast(args, out)
    refuse_argument(args, args.name)
    by = read_dimensions(args.by)
    since = parse_since(args.since).date() if args.since else None
    filters = {
        "agent": args.agent, "model": args.model, "session": args.session, "owner": args.user,
    }  # fmt: skip
    async with open_backend(args, out) as backend:
        found = await backend.budgets.read_spending(by, since=since, filters=filters)
    if out.json:
        for each in found.spending:
            out.line(each.model_dump(mode="json", exclude_none=True))
    else:
        _print_spending(found, by, out)
    return exit_codes.DONE


async def _show_forecast(args: Namespace, out: Out) -> int:
    agent = need_argument(args, args.name, "the name of an agent").removeprefix("@")
    async with open_backend(args, out) as backend:
        found = await backend.budgets.forecast(agent)
    if out.json:
        out.line(found.model_dump(mode="json", exclude_none=True))
    elif not found.runs:
        out.note(f"{agent} has not run yet, so there is nothing to forecast from.")
    else:
        _print_forecast(found, out)
    return exit_codes.DONE


def read_dimensions(text: str) -> tuple[Dimension, ...]:
    """Read what to sum by: names with commas between them."""
    words = list(dict.fromkeys(each.strip() for each in text.split(",")))
    unknown = [each for each in words if each not in DIMENSIONS]
    if unknown:
        raise UsageError(
            f"--by does not know {', '.join(unknown)!r:.80}.",
            f"Use one or more of {', '.join(DIMENSIONS)}, with commas.",
        )
    return tuple(DIMENSIONS[each] for each in words)


def _print_spending(found: SpendingList, by: tuple[Dimension, ...], out: Out) -> None:
    if not found.spending:
        out.note("No model call was made in this time.")
        return
    rows = [(*(str(getattr(each, name) or "") for name in by), *_cells(each))
            for each in found.spending]  # fmt: skip
    total = ("total", *("" for _ in by[1:]), *_cells(found.total))
    print_table(out, (*(each.upper() for each in by), *FIGURES), [*rows, total])
    if found.total.unpriced:
        out.note(
            f"The price of {found.total.unpriced:,} calls is not known; they are not in the cost. "
            'To add a price: [prices."provider/model"] in harness.toml.'
        )


def _cells(spending: Spending) -> tuple[str, ...]:
    return (
        f"{spending.runs:,}", f"{spending.calls:,}", f"{spending.input:,}",
        f"{spending.cached:,}", f"{spending.output:,}", dollars(spending.cost_micros),
    )  # fmt: skip


def _print_forecast(found: Forecast, out: Out) -> None:
    out.note(f"From the newest {found.runs} runs of {found.agent}:")
    rows = [("tokens", *_range_cells(found.tokens, money=False))]
    if found.cost_micros is not None:
        rows.append(("cost", *_range_cells(found.cost_micros, money=True)))
    rows.append(("turns", *_range_cells(found.turns, money=False)))
    print_table(out, ("", "P50", "P90"), rows)


def _range_cells(found: Range | None, *, money: bool) -> tuple[str, str]:
    if found is None:
        return "", ""
    figures = (found.p50, found.p90)
    low, high = (dollars(each) if money else f"{each:,}" for each in figures)
    return low, high
