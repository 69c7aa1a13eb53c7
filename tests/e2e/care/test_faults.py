"""Every fault of the demo, from the break to the end: an invariant breaks, a ticket opens, and the
agent repairs it or says why a person has to."""

from __future__ import annotations

import shutil
from contextlib import suppress
from typing import Any

import pytest

from harness.care.demo.faults import FAULTS, Fault
from harness.care.demo.project import SUBJECTS
from tests.e2e.care.conftest import Demo

pytestmark = pytest.mark.skipif(
    shutil.which("prometheus") is None, reason="Prometheus is not installed"
)
AGENT, PERSON = "the agent", "a person"
OFTEN = ("long-pause", "demand", "poison")
"""Of the queue worker: a revert and an edit, each in stages, and what a person has to do."""


def run_fault(demo: Demo, fault: Fault) -> str | None:
    """Break the subject and approve what the agent proposes. Returns what was wrong."""
    demo.until(lambda: demo.holds(fault.subject), 180)
    # What the fault before it has opened again does not pass for this one's ticket.
    demo.until(lambda: all(close(demo, each) for each in demo.tickets(fault.subject)))
    demo.harness("care", "break", fault.name)
    print(fault.name)
    ticket = demo.until(lambda: settle(demo, fault), 240)
    said = demo.harness("care", "ticket", "show", ticket["id"])
    if fault.repair.startswith(PERSON):
        is_good = ticket["state"] == "failed" and "a person has to act" in said
    else:
        is_good = ticket["state"] == "resolved"
    if fault.end is not None:  # a restart helps against a leak for some seconds alone
        demo.harness("care", "break", fault.name, "--end")
    demo.until(lambda: demo.holds(fault.subject), 180)
    return None if is_good else f"{fault.name}: {said}"


def settle(demo: Demo, fault: Fault) -> Any:
    """Approve what is proposed; the ticket, once its work has ended."""
    for each in demo.tickets(fault.subject):
        if each["invariant"] != fault.breaks:
            continue
        if each["state"] == "proposed":
            demo.harness("approve", each["run"], ok=False)
        if each["state"] in ("resolved", "failed"):
            return each
    return None


def close(demo: Demo, ticket: Any) -> bool:
    """Close what has ended, and reject what other tickets of the fault propose: it is repaired."""
    if ticket["state"] == "proposed":
        demo.harness("reject", ticket["run"], ok=False)
    if ticket["state"] in ("resolved", "failed"):
        with suppress(AssertionError):
            demo.harness("care", "ticket", "close", ticket["id"])
    return ticket["state"] in ("resolved", "failed")


@pytest.mark.slow
def test_the_queue_worker_is_repaired(demo: Demo) -> None:
    assert not [wrong for name in OFTEN if (wrong := run_fault(demo, FAULTS[name]))]


@pytest.mark.campaign
@pytest.mark.parametrize("subject", SUBJECTS)
def test_every_fault_is_repaired_or_handed_to_a_person(demo: Demo, subject: str) -> None:
    mine = [fault for fault in FAULTS.values() if fault.subject == subject]
    wrong = [said for fault in mine if (said := run_fault(demo, fault))]
    assert not wrong, "\n".join(wrong)
