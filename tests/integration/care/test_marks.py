"""Whoever can write to the database chooses no commands that workers run."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import Harness
from harness.care.invariants.client import list_subjects
from harness.care.store import CareStore
from harness.care.subjects.registry import add_subject, check_subject, find_subject, remove_subject
from harness.care.tickets import client
from harness.contracts.errors import SubjectForged
from tests.fakes.shop import Shop
from tests.integration.care.conftest import MakeShop

PLANTED = "jsonb_set(definition, '{health}', %s)"
FORGED = {
    "definition": f"UPDATE harness_care.subject SET definition = {PLANTED} WHERE name = %s",
    "place": "UPDATE harness_care.subject SET folder = %s WHERE name = %s",
    "mark": "UPDATE harness_care.subject SET mark = NULL, added_by = %s WHERE name = %s",
}


async def forge(shop: Shop, what: str, value: str) -> None:
    await shop.connection.database.fetch(FORGED[what], (value, shop.name))


@pytest.mark.parametrize("what", FORGED)
async def test_a_forged_subject_is_not_used(
    care: Harness, make_shop: MakeShop, tmp_path: Path, what: str
) -> None:
    shop, sprung = await make_shop(), tmp_path / "sprung"
    await forge(shop, what, f'["touch", "{sprung}"]')
    with pytest.raises(SubjectForged):
        _ = [each async for each in check_subject(shop.connection, shop.name)]
    assert not sprung.exists()
    assert shop.name in [each.name for each in await list_subjects(shop.connection)]
    await add_subject(shop.connection, shop.folder, "tests")
    assert (await find_subject(shop.connection, shop.name)).folder == str(shop.folder)
    await forge(shop, what, f'["touch", "{sprung}"]')
    await remove_subject(shop.connection, shop.name, "tests")
    assert not await CareStore(shop.connection.database).list_subjects(shop.name)


async def test_nothing_is_changed_once_a_subject_is_forged(
    care: Harness, make_shop: MakeShop, tmp_path: Path
) -> None:
    """Not even what a person has approved before."""
    shop, sprung = await make_shop(), tmp_path / "sprung"
    shop.commit("5", "0", "Save money")
    id = shop.ticket_of("errors")
    await shop.ticket(id, "open")
    await client.act_on_ticket(shop.connection, id, "work", "tester")
    ticket = await shop.ticket(id, "proposed")
    await forge(shop, "definition", f'["touch", "{sprung}"]')
    assert ticket.run is not None
    await care.get_run(ticket.run).approve()
    ticket = await shop.ticket(id, "failed")
    assert shop.live == (5, 0) and not sprung.exists()
    assert "was not stored by harness" in ticket.moves[-1].why
