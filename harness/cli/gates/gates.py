"""`harness gates`: the gates around calls, and what they decide about a run."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from harness.cli.access.shown import print_table
from harness.cli.context import open_backend
from harness.cli.ignored import find_ignored, report_ignored
from harness.cli.out import Out
from harness.cli.parser import UsageError
from harness.contracts.clean_text import clean_line
from harness.contracts.gate import Derived
from harness.gates.views import GatedCall, GatedRun, GateList
from harness.terminal import exit_codes

GATE_HEADS = ("GATE", "STANDS AT", "DOES")
CALL_HEADS = ("TURN", "CALL", "VERDICT", "WHY")


async def run_gates(args: Namespace, out: Out) -> int:
    if args.action == "list":
        if args.run is not None:
            raise UsageError("`gates list` takes no run.", fix="Use: harness gates explain RUN")
        async with open_backend(args, out) as backend:
            found = await backend.gates.list_gates()
            _print_gates(found, find_ignored(backend, "gates"), out)
        return exit_codes.DONE
    if args.run is None:
        raise UsageError(
            f"`gates {args.action}` needs the id of a run.", fix="List them: harness list"
        )
    profile = (args.profile or "standard") if args.action == "test" else None
    if args.profile and profile is None:
        raise UsageError("--profile is for `gates test`.", fix="Use: harness gates test RUN")
    async with open_backend(args, out) as backend:
        _print_run(await backend.gates.explain_run(args.run, profile), out)
    return exit_codes.DONE


def _print_gates(found: GateList, ignored: dict[str, Any] | None, out: Out) -> None:
    if out.json:
        facts = found.model_dump(exclude_none=True)
        out.line(facts if ignored is None else facts | {"ignored": ignored})
        return
    print_table(
        out,
        GATE_HEADS,
        [
            (clean_line(each.name), ", ".join(each.places), clean_line(each.does))
            for each in found.gates
        ],
    )
    out.note(f"The profile is {found.profile}; a gate may take {found.seconds:g} s.")
    report_ignored(out, ignored)


def _print_run(found: GatedRun, out: Out) -> None:
    if out.json:
        out.line(found.model_dump(exclude_none=True))
        return
    rows = [row for each in found.calls for row in _rows_of(each)]
    if rows:
        print_table(out, CALL_HEADS, rows)
    would = "would be" if found.profile else "was"
    stopped = sum(any(g.verdict in ("stop", "ask") for g in each.gates) for each in found.calls)
    out.note(
        f"{stopped} of {found.checked} tool calls {would} stopped or asked about; "
        f"{len(found.untrusted)} results are untrusted."
    )


def _rows_of(call: GatedCall) -> list[tuple[str, ...]]:
    name = clean_line(f"{call.tool} ({call.call})") if call.tool else "model"
    rows = [
        (str(call.turn), name, each.verdict, clean_line(f"{each.gate}: {each.reason}"))
        for each in call.gates
    ]
    return rows + [
        (str(call.turn), name, "derived", _describe_derived(each)) for each in call.derived
    ]


def _describe_derived(derived: Derived) -> str:
    where = f"in {', '.join(derived.calls)}" if derived.calls else "in nothing that was read"
    orders = ", beside orders to the model" if derived.instructed else ""
    return clean_line(f"{derived.argument} ({derived.kind}): only {where}{orders}")
