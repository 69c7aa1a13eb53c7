"""Alerts of Alertmanager become tickets, one for each cause."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from pydantic import ValidationError

from harness import Harness
from harness.care.subjects.subject import Subject
from harness.care.ticket_views import TicketList
from harness.care.tickets import reading
from harness.care.tickets.alerts import MOST, AlertsBody, take_alerts
from harness.care.tickets.rows import TicketFilter
from tests.fakes.shop import Shop
from tests.integration.care.conftest import MakeShop


async def list_of(shop: Shop) -> TicketList:
    return await reading.list_tickets(shop.connection, TicketFilter(subject=shop.name))


def anyone(_: Subject) -> bool:
    return True


def sent(
    subject: str, status: str = "firing", count: int = 1, mark: str = "a1", severity: str = "page"
) -> AlertsBody:
    """What Alertmanager sends, as far as its documentation says."""
    alert = {
        "status": status, "fingerprint": mark, "startsAt": "2030-01-01T00:00:00Z",
        "labels": {"alertname": "HighErrors", "job": subject, "severity": severity},
        "annotations": {"summary": "Many requests\nfail."}, "generatorURL": "http://p/graph",
    }  # fmt: skip
    return AlertsBody.model_validate(
        {"version": "4", "groupKey": "{}", "status": status, "alerts": [alert] * count}
    )


async def test_25_000_alerts_of_one_cause_are_one_ticket(
    care: Harness, make_shop: MakeShop
) -> None:
    shop = await make_shop()

    async def send() -> None:
        await take_alerts(care.connection, sent(shop.name, count=500), anyone)

    for _ in range(5):
        await asyncio.gather(*(send() for _ in range(10)))
    [ticket] = (await list_of(shop)).tickets
    assert (ticket.title, ticket.severity) == ("HighErrors: Many requests fail.", "critical")
    assert ticket.count == 25_000


async def test_an_alert_that_is_over_resolves_its_ticket(
    care: Harness, make_shop: MakeShop
) -> None:
    shop = await make_shop()
    await take_alerts(care.connection, sent(shop.name), anyone)
    [ticket] = (await list_of(shop)).tickets
    taken = await take_alerts(care.connection, sent(shop.name, "resolved"), anyone)
    assert (taken.reported, taken.resolved, taken.ignored) == (0, 1, 0)
    await shop.ticket(ticket.id, "resolved")
    await take_alerts(care.connection, sent(shop.name), anyone)
    await shop.ticket(ticket.id, "reopened")


async def test_a_severity_means_the_same_as_in_imported_rules(
    care: Harness, make_shop: MakeShop
) -> None:
    shop = await make_shop()
    for word in ("Critical", "error", "high", "none", "odd"):
        await take_alerts(care.connection, sent(shop.name, mark=word, severity=word), anyone)
    found = Counter(each.severity for each in (await list_of(shop)).tickets)
    assert found == {"critical": 3, "info": 1, "warning": 1}


async def test_alerts_of_others_are_ignored(care: Harness, make_shop: MakeShop) -> None:
    shop = await make_shop()
    taken = await take_alerts(care.connection, sent("elsewhere", count=3), anyone)
    assert taken.ignored == 3
    assert not (await list_of(shop)).tickets
    with pytest.raises(ValidationError):
        sent(shop.name, count=MOST + 1)
    with pytest.raises(ValidationError):
        sent(shop.name, mark="a b\0")
