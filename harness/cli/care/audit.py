"""`harness care audit`: who did what, and whether it is proven."""

from __future__ import annotations

import csv
import io
import json
import time
from argparse import Namespace
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from harness.activity.csv_page import neutralize_cell
from harness.care.audit.store import AuditFilter
from harness.care.audit.views import PROVEN, AuditEntry, AuditGaps
from harness.cli.context import open_backend
from harness.cli.history.time_filter import parse_duration
from harness.cli.named_file import check_new, write_named
from harness.cli.out import Out
from harness.cli.parser import UsageError
from harness.contracts.clean_text import clean_line
from harness.terminal import exit_codes
from harness.terminal.backend import Backend
from harness.terminal.view.text import count_of

LISTED, PAGE = 50, 100
COLUMNS = tuple(name for name in AuditEntry.model_fields if name != "proof")
PROOF = ("proof", "problem", "token")


async def show_audit(args: Namespace, out: Out) -> int:
    if args.limit is not None and args.limit < 1:
        raise UsageError("--limit must be at least 1.", "Give a larger number.")
    since = parse_duration("--since", args.since).total_seconds() if args.since else None
    which = AuditFilter(
        subject=args.subject, ticket=args.ticket, by=args.by, action=args.action,
        since=0.0 if since is None else time.time() - since,
    )  # fmt: skip
    most = None if args.export and args.limit is None else args.limit or LISTED
    if args.export:
        check_new(Path(args.export), force=args.force)
    gaps = None
    async with open_backend(args, out) as backend:
        found = [each async for each in _read(backend, which, most, verify=args.verify)]
        if not found:
            await _check_known(backend, which)
        if args.verify:
            gaps = await backend.care.find_gaps(which)
    if args.export:
        write_named(Path(args.export), _write(args.export, found, gaps), force=args.force)
        out.note(f"{args.export}: {len(found):,} entries")
    elif args.csv:
        out.raw(write_csv(found).rstrip())
    else:
        for each in found:
            _print_entry(each, out)
        if not found:
            out.note("Nothing that fits was done.")
    return _report(found, gaps, out)


async def _check_known(backend: Backend, which: AuditFilter) -> None:
    """Refuse names that nothing has: nothing was found, maybe since one is mistyped.

    Raises:
        TicketNotFound: There is no such ticket.
        SubjectNotFound: There is no such subject.
    """
    if which.ticket is not None:
        await backend.care.show_ticket(which.ticket)
    if which.subject is not None:
        await backend.care.list_invariants(which.subject)


async def _read(
    backend: Backend, which: AuditFilter, most: int | None, *, verify: bool
) -> AsyncIterator[AuditEntry]:
    cursor, count = None, 0
    while most is None or count < most:
        limit = PAGE if most is None else min(PAGE, most - count)
        page = await backend.care.read_audit(which, limit, cursor, verify=verify)
        for each in page.entries:
            yield each
        count, cursor = count + len(page.entries), page.next
        if cursor is None:
            return


def write_csv(found: Sequence[AuditEntry]) -> str:
    """Entries with a line of names first, as spreadsheets read them."""
    text = io.StringIO(newline="")
    rows = csv.writer(text, lineterminator="\r\n", quoting=csv.QUOTE_ALL)
    rows.writerow((*COLUMNS, *PROOF))
    for each in found:
        proof = each.proof
        said = ("", "", "") if proof is None else (proof.state, proof.what, proof.token or "")
        values = (getattr(each, name) for name in COLUMNS)
        cells = ["" if value is None else str(value) for value in values]
        rows.writerow([neutralize_cell(cell) for cell in (*cells, *said)])
    return text.getvalue()


def _write(name: str, found: Sequence[AuditEntry], gaps: AuditGaps | None) -> str:
    if name.endswith(".csv"):
        return write_csv(found)
    lines = [each.model_dump(exclude_none=True) for each in found]
    lines += [{"unlisted": each.model_dump()} for each in (gaps.unlisted if gaps else ())]
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def _print_entry(each: AuditEntry, out: Out) -> None:
    if out.json:
        out.line(each.model_dump(exclude_none=True))
        return
    at = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(each.at))
    about = " ".join(filter(None, (each.subject, each.name, each.commit and each.commit[:12])))
    out.raw(f"{at}  {each.action:<17} {clean_line(each.by)}  {clean_line(about)}")
    details = [clean_line(each.why)[:200]]
    details.append(f"approved by {clean_line(each.approval)}" if each.approval else "")
    if each.action != "ticket":  # there it is the fields as data, which the reason has in words
        details.append(clean_line(each.result or "")[:200])
    if text := "; ".join(filter(None, details)):
        out.raw(f"    {text}")
    if each.proof is not None:
        out.raw(f"    {each.proof.state}{f': {each.proof.what}' if each.proof.what else ''}")


def _report(found: Sequence[AuditEntry], gaps: AuditGaps | None, out: Out) -> int:
    if gaps is None:
        return exit_codes.DONE
    states = Counter(each.proof.state for each in found if each.proof is not None)
    wrong = sum(count for state, count in states.items() if state not in PROVEN)
    for gap in gaps.unlisted:
        if out.json:
            out.line({"unlisted": gap.model_dump()})
        else:
            out.raw(f"not in the list: {clean_line(gap.what)}")
    said = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
    removed = count_of(len(gaps.unlisted), "problem")
    out.note(f"Entries: {said or 'none'}. Histories read: {gaps.read}, with {removed}.")
    if gaps.incomplete:
        out.note("There are more histories than are read at once: pass --since or --ticket.")
    return exit_codes.FAILED if wrong or gaps.unlisted else exit_codes.DONE
