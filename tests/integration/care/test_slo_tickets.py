"""The one ticket of an SLO, whichever of its burn rates are broken."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping

from harness import Harness
from harness.care.invariants.judge import Judgement, State
from harness.care.invariants.slo import Slo
from harness.care.store import CareStore
from harness.care.subjects.subject import Subject
from harness.care.tickets import client
from harness.care.tickets.rows import TicketFilter
from harness.care.tickets.store import TicketStore
from tests.fakes.runs import eventually
from tests.fakes.subjects import save_subject


async def test_burn_rates_of_an_slo_have_one_ticket(care: Harness) -> None:
    connection, name = care.connection, f"api-{uuid.uuid4().hex[:10]}"
    slo = Slo(name="good", objective=99, ratio="bad[{window}]")
    store = CareStore(connection.database)
    await save_subject(connection, Subject(name=name, slo=(slo,)))
    watched = {each.invariant.name: each for each in await store.list_watched(name)}
    begun = time.time() - 60

    async def judge(states: Mapping[str, State], since: float = begun) -> None:
        found = [
            (watched[f"good-burn-{factor}"], Judgement(
                state, time.time(), since, since if state == "broken" else None, 5.0,
            ))
            for factor, state in states.items()
        ]  # fmt: skip
        await client.report_judgements(connection, found)

    async def read() -> list[tuple[str | None, str]]:
        found = await TicketStore(connection.database).list(TicketFilter(subject=name), 10)
        return [(each.invariant, each.state) for each in found]

    await judge({"14x": "holds", "6x": "holds", "3x": "broken", "1x": "broken"})
    await eventually(read, lambda found: found == [("good-burn-3x", "open")], 20)
    await judge({"14x": "holds", "6x": "holds", "3x": "holds", "1x": "broken"})
    assert await read() == [("good-burn-3x", "open")], "one is still broken"
    await judge({"14x": "holds", "6x": "holds", "3x": "holds", "1x": "holds"})
    await eventually(read, lambda found: found == [("good-burn-3x", "resolved")], 20)
    # After an agent's repair, slow ones are broken for hours by what happened before it.
    await judge({"14x": "holds", "6x": "holds", "3x": "holds", "1x": "broken"})
    assert await read() == [("good-burn-3x", "resolved")]
    await judge({"14x": "broken", "1x": "broken"}, since=time.time() + 1)
    await eventually(read, lambda found: found == [("good-burn-3x", "reopened")], 20)
