"""`harness care slo`: objectives, and what is left of their error budgets."""

from __future__ import annotations

from argparse import Namespace

from harness.care.invariants.slo import format_window
from harness.care.invariants.views import BurnView, SloView
from harness.care.telemetry.plot import format_value
from harness.cli.access.shown import print_table
from harness.cli.context import open_backend
from harness.cli.out import Out
from harness.cli.parser import UsageError
from harness.contracts.clean_text import clean_line
from harness.contracts.errors import InvariantNotFound
from harness.terminal import exit_codes

HEADS = ("SUBJECT", "SLO", "OBJECTIVE", "PERIOD", "BUDGET LEFT", "BURNS")
BURN_HEADS = ("INVARIANT", "STATE", "BURN RATE", "LIMIT", "WINDOWS", "SEVERITY")


async def run_slo(args: Namespace, out: Out) -> int:
    words: list[str] = args.words
    if args.action == "show" and len(words) != 2:
        raise UsageError("`harness care slo show` needs SUBJECT NAME.", "Add them.")
    if args.action == "list" and len(words) > 1:
        raise UsageError("`harness care slo list` takes one SUBJECT.", "Omit others.")
    async with open_backend(args, out) as backend:
        found = await backend.care.list_slos(words[0] if words else None)
    if args.action == "show":
        found = [each for each in found if each.name == words[1]]
        if not found:
            raise InvariantNotFound(
                f"Subject {words[0]!r} has no SLO {words[1][:80]!r}.",
                fix=f"List them: harness care slo list {words[0]}",
            )
    if out.json:
        for each in found:
            out.line(each.model_dump(exclude_none=True))
    elif args.action == "show":
        _print_slo(found[0], out)
    else:
        _print_list(found, out)
    return exit_codes.DONE


def _print_list(found: list[SloView], out: Out) -> None:
    if not found:
        out.note("No SLOs. They are defined in subject.toml.")
        return
    print_table(out, HEADS, [_cells(each) for each in found])
    for each in found:
        if each.message:
            out.note(f"{each.name}: {clean_line(each.message)}")


def _print_slo(slo: SloView, out: Out) -> None:
    out.raw(f"{slo.name} of {slo.subject}  {clean_line(slo.summary)}".rstrip())
    out.raw(f"  objective: {slo.objective:g} % of the last {slo.days} days")
    if slo.left is None:
        out.raw(f"  budget left: unknown: {clean_line(slo.message)}")
    else:
        bad = 0.0 if slo.bad_share is None else slo.bad_share
        out.raw(f"  budget left: {_show_left(slo)}; {100 * bad:.3g} % were bad")
    out.raw(f"  query: {clean_line(slo.query)}")
    if slo.burns:
        print_table(out, BURN_HEADS, [_burn_cells(each) for each in slo.burns])


def _cells(each: SloView) -> tuple[str, ...]:
    bad = [burn.invariant for burn in each.burns if burn.state in ("violated", "broken")]
    return (
        each.subject, each.name, f"{each.objective:g} %", f"{each.days} days", _show_left(each),
        ", ".join(bad) or "-",
    )  # fmt: skip


def _burn_cells(each: BurnView) -> tuple[str, ...]:
    windows = [format_window(round(size)) for size in (each.long_seconds, each.short_seconds)]
    value = "" if each.value is None else format_value(each.value)
    return (
        each.invariant, each.state, value, f"< {each.limit:g}", " and ".join(windows),
        each.severity,
    )  # fmt: skip


def _show_left(each: SloView) -> str:
    if each.left is None:
        return "unknown"
    if each.left < 0:
        return f"{_show_percent(each.left)} (overspent)"
    return _show_percent(each.left)


def _show_percent(share: float) -> str:
    """Of a few digits, and never with an exponent."""
    percent = 100 * share
    return f"{percent:,.0f} %" if abs(percent) >= 100 else f"{percent:.3g} %"
