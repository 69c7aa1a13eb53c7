"""The dashboard of care with many tickets, in a real browser: seconds until the first of them is
painted, and what the requests of the view take.

    python -m bench.care_page [--tickets 10000] [--subjects 50] [--rounds 5]
"""

from __future__ import annotations

import argparse
import os
from time import perf_counter

import httpx
import uvloop

from bench.agents import ground
from bench.api import daemon
from bench.care import make_subject
from bench.measure import spread
from bench.page import measure_view, signed_in
from harness import Harness
from harness.care.states import TRANSITIONS
from harness.care.store import CareStore, make_unmarked
from harness.care.tickets.rows import Report
from harness.care.tickets.store import TicketStore

EACH = 20
"""Invariants of each subject."""
BATCH = 1_000
FIRST_TICKET = "main a[href*='ticket=']"
STATES = "UPDATE harness_care.ticket SET state = (%s::text[])[1 + abs(hashtext(id)) %% %s]"


async def fill(harness: Harness, subjects: int, tickets: int) -> None:
    """Subjects with invariants, and tickets in all states."""
    database = harness.connection.database
    for number in range(subjects):
        await CareStore(database).add_subject(
            make_unmarked(make_subject(number, EACH), "/srv", "", "bench")
        )
    for start in range(0, tickets, BATCH):
        reports = [
            Report(
                id=f"{number:016x}", subject=f"s{number % subjects}", severity="warning",
                title=f"i{number % EACH} is broken", by="bench",
            )
            for number in range(start, min(start + BATCH, tickets))
        ]  # fmt: skip
        await TicketStore(database).report(reports)
    await database.fetch(STATES, (list(TRANSITIONS), len(TRANSITIONS)))


async def main(chosen: argparse.Namespace) -> None:
    print(f"load average before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    async with (
        ground() as base,
        base.client() as harness,
        daemon(base, harness) as (api, _),
        signed_in(harness, api.url) as context,
    ):
        await fill(harness, chosen.subjects, chosen.tickets)
        page = f"{api.url}/panels/care/care"
        seen = await measure_view(context, page, FIRST_TICKET, chosen.rounds)
        print(f"first of {chosen.tickets:,} tickets on the dashboard: {spread(seen)} s")
        for path in ("/care", "/care/tickets", "/care/tickets?state=closed"):
            took = list[float]()
            headers = {"Authorization": f"Bearer {api.token}"}
            async with httpx.AsyncClient(base_url=api.url, headers=headers, timeout=60) as client:
                for _ in range(chosen.rounds):
                    began = perf_counter()
                    (await client.get(f"/api/v1{path}")).raise_for_status()
                    took.append(perf_counter() - began)
            print(f"GET {path}: {spread(took)} s")
    print(f"load average after: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, default=10_000)
    parser.add_argument("--subjects", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    uvloop.run(main(parser.parse_args()))
