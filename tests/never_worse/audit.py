"""Whether the audit of a round is complete, and each entry of it is what its history says."""

from __future__ import annotations

from collections.abc import Sequence

from harness.care.audit.client import read_audit, read_gaps
from harness.care.audit.store import AuditFilter
from harness.care.audit.views import PROVEN
from harness.engine.connection import Connection
from tests.never_worse.checks import Outcome

PAGE = 200
CHANGES = ("deploy", "restart")


async def check_audit(connection: Connection, outcomes: Sequence[Outcome]) -> list[str]:
    """What is wrong with it, and what is missing."""
    found = list[str]()
    for seen in outcomes:
        who = f"{seen.kind} {seen.shop.name}"
        page = await read_audit(connection, AuditFilter(subject=seen.shop.name), PAGE, verify=True)
        for each in page.entries:
            assert each.proof is not None
            if each.proof.state not in PROVEN:
                found.append(f"{who}: {each.action} {each.id} is {each.proof.state}: "
                             f"{each.proof.what}")  # fmt: skip
        listed = sum(each.action in CHANGES for each in page.entries)
        if listed < len(seen.ticket.changes):
            found.append(f"{who}: the audit has {listed} of {len(seen.ticket.changes)} changes")
    gaps = await read_gaps(connection, AuditFilter())
    return found + [f"the audit lacks {each.what} ({each.source})" for each in gaps.unlisted]
