"""`harness budgets`: list the budgets that runs share, and grant more."""

from __future__ import annotations

from argparse import Namespace

from harness.budgets.views import GrantBody, SharedBudget
from harness.budgets.words import dollars
from harness.cli.access.shown import need_argument, print_table, refuse_argument, refuse_options
from harness.cli.context import open_backend
from harness.cli.ignored import find_ignored, report_ignored
from harness.cli.out import Out
from harness.cli.parser import UsageError
from harness.contracts.errors import BudgetNotFound
from harness.terminal import exit_codes

HEADS = ("BUDGET", "DAY", "TOKENS", "COST", "SECONDS", "RESERVED", "LOST", "GRANTS", "WAITING")
MOST = 10**12


async def run_budgets(args: Namespace, out: Out) -> int:
    if args.action == "grant":
        return await _grant(args, out)
    refuse_options(args, "tokens", "cost", "seconds")
    name = None
    if args.action == "show":
        name = need_argument(args, args.budget, "the name of a budget")
    else:
        refuse_argument(args, args.budget)
    async with open_backend(args, out) as backend:
        found = await backend.budgets.list(name)
        ignored = find_ignored(backend, "budgets")
    if name is not None and not found:
        raise BudgetNotFound(f"There is no shared budget {name[:100]!r}.")
    if out.json:
        for each in found:
            out.line(each.model_dump(mode="json", exclude_none=True))
    elif found:
        print_table(out, HEADS, [_cells(each) for each in found])
    elif ignored is None:
        out.note('No run has used a shared budget. To give one: Budget(..., shared="session").')
    report_ignored(out, ignored)
    return exit_codes.DONE


async def _grant(args: Namespace, out: Out) -> int:
    name = need_argument(args, args.budget, "the name of a budget")
    for option in ("tokens", "cost", "seconds"):
        value = getattr(args, option)
        if value is not None and not 0 < value <= MOST:  # nan is neither
            raise UsageError(
                f"--{option} must be above 0 and up to {MOST:,}, not {value}.",
                "Omit all amounts to grant as much again.",
            )
    cost = None if args.cost is None else max(1, round(args.cost * 1e6))
    body = GrantBody(budget=name, tokens=args.tokens, cost_micros=cost, seconds=args.seconds)
    async with open_backend(args, out) as backend:
        granted = await backend.budgets.grant(body)
    if out.json:
        out.line(granted.model_dump(mode="json", exclude_none=True))
        return exit_codes.DONE
    print_table(out, HEADS, [_cells(granted.budget)])
    if granted.resumed:
        what, verb = ("run", "goes") if granted.resumed == 1 else ("runs", "go")
        out.note(f"{granted.resumed} {what} that waited for it {verb} on.")
    return exit_codes.DONE


def _cells(budget: SharedBudget) -> tuple[str, ...]:
    cost = budget.cost_micros
    return (
        budget.budget,
        "" if budget.day is None else budget.day.isoformat(),
        _share(f"{budget.spent_tokens:,}", None if budget.tokens is None else f"{budget.tokens:,}"),
        _share(dollars(budget.spent_micros), None if cost is None else dollars(cost)),
        "" if budget.seconds is None else f"{budget.seconds:g}",
        f"{budget.reserved_tokens:,}",
        f"{budget.lost_tokens:,}",
        str(budget.grants),
        str(budget.waiting),
    )


def _share(used: str, most: str | None) -> str:
    return used if most is None else f"{used} of {most}"
