"""Care in the page: what does not hold, the tickets about it, and what people do with them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from harness import Harness
from harness.api.caller import Role
from harness.care.invariants.evaluate import evaluate
from harness.care.invariants.slo import Slo
from harness.care.settings import CareSettings
from harness.care.store import CareStore
from harness.care.subjects.registry import add_subject, remove_subject
from tests.browser.axe import check_axe
from tests.browser.care import BROKEN, PANEL, Cared, furnish_care
from tests.browser.conftest import on_one_loop
from tests.browser.corpus import WORDS
from tests.browser.live import TALL
from tests.browser.site import Site
from tests.browser.test_every_view import MOVING, WIDE
from tests.browser.test_hostile_text import ALL, ATTACK_TEXTS, expect_text, set_canary
from tests.fakes.steps import say

SLO = Slo(
    name="answered", objective=99.9, days=60, summary="Requests are answered.",
    bad='sum(rate(http_requests_total{job="api",code=~"5.."}[{window}]))',
    total='sum(rate(http_requests_total{job="api"}[{window}]))',
)  # fmt: skip
pytestmark = pytest.mark.usefixtures("nothing_left")
DEFINITION = """
name = "{name}"
owner = "{owner}"
summary = "Answers requests."
metrics = '{{job="api"}}'

[[invariant]]
name = "up"
query = 'up{{job="api"}}'
operator = ">"
threshold = 0.5
"""


@on_one_loop
async def nothing_left(harness: Harness) -> AsyncIterator[None]:
    """Other tests share the database; without invariants, the watch ends."""
    yield
    for each in await CareStore(harness.connection.database).list_subjects():
        await remove_subject(harness.connection, each.subject.name, "tester")


async def add_service(site: Site, folder: Path) -> Cared:
    """A subject as a person adds it, whose metrics nobody serves."""
    name = f"shop-{site.name[-10:]}"
    (folder / "subject.toml").write_text(DEFINITION.format(name=name, owner=site.user))
    connection = site.harness.connection
    await add_subject(connection, folder, site.user)
    store = CareStore(connection.database)
    found = await evaluate(
        connection.settings.section(CareSettings), await store.list_watched(name)
    )
    await store.save_judgements(found, 0)
    client = await site.client()
    opened = await client.post(
        "/api/v1/care/tickets", json={"subject": name, "title": "Orders are slow"}
    )
    assert opened.status_code == 201, opened.text
    return Cared(name, opened.json()["id"], "")


async def test_from_the_dashboard_to_a_comment(site: Site, tmp_path: Path) -> None:
    """Without Prometheus, an invariant is unreachable, and nothing else fails."""
    cared = await add_service(site, tmp_path)
    page = await site.sign_in()
    await page.get_by_role("link", name="Care", exact=True).click()
    await expect(page.get_by_role("heading", level=1, name="Care")).to_be_visible()
    subjects = page.get_by_role("list", name="Subjects", exact=True)
    await expect(subjects.get_by_role("listitem").filter(has_text=cared.subject)).to_be_visible()
    row = page.get_by_role("list", name="Invariants").get_by_role("listitem")
    await expect(row.filter(has_text=cared.subject)).to_contain_text("unreachable")
    link = page.get_by_role("list", name=re.compile("^Tickets")).get_by_role("listitem")
    await link.filter(has_text=cared.subject).get_by_role("link", name="Orders are slow").click()
    await expect(page.get_by_role("heading", level=2, name="Orders are slow")).to_be_visible()
    named = f"{cared.subject}: Orders are slow · Care"
    await expect(page.get_by_role("heading", level=1, name=named, exact=True)).to_be_visible()
    await expect(page).to_have_title(f"{named} · harness")
    await page.get_by_label("Your comment").fill("The queue is <b>full</b>.")
    await page.get_by_role("button", name="Comment").click()
    comments = page.get_by_role("list", name="Comments")
    await expect(comments).to_contain_text("The queue is <b>full</b>.")
    await expect(comments).to_contain_text(site.user)
    await expect(page.get_by_label("Your comment")).to_have_value("")
    # The address leads to the same view, and back leads to the one before.
    await page.reload()
    await expect(comments).to_contain_text("The queue is")
    await page.go_back()
    await expect(page.get_by_role("list", name="Invariants")).to_be_visible()
    await expect(page).to_have_title("Care · harness")
    await expect(page.get_by_text("from care")).to_have_count(0)
    await subjects.get_by_role("link", name=cared.subject).click()
    await expect(page).to_have_title(f"{cared.subject} · Care · harness")


@pytest.mark.slow
async def test_a_ticket_is_resolved_and_refused(site: Site, tmp_path: Path) -> None:
    cared = await add_service(site, tmp_path)
    page = await site.sign_in(path=cared.paths[2])
    moves = page.get_by_role("list", name="What happened")
    await expect(moves).to_contain_text("open")
    await page.get_by_label("Reason").fill("It was the network.")
    await page.get_by_role("button", name="Resolve").click()
    await expect(moves).to_contain_text("It was the network.")
    await expect(page.get_by_role("button", name="Resolve")).to_have_count(0)
    client = await site.client()
    closed = await client.post(f"/api/v1/care/tickets/{cared.ticket}/act", json={"action": "close"})
    assert closed.status_code == 200, closed.text
    await expect(page.get_by_role("button", name="Close")).to_have_count(0)
    await expect(moves).to_contain_text("closed")


@pytest.mark.slow
async def test_a_ticket_whose_workflow_has_ended_is_shown_and_closed(site: Site) -> None:
    await site.serve()
    site.model.script(say("It is the limit."))
    cared = await furnish_care(site, run=await site.start("Look for the cause."))
    page = await site.sign_in(path=cared.paths[2])
    await expect(page.get_by_text("closing the ticket stops the agent")).to_be_visible()
    causes = page.get_by_role("list", name="Possible causes")
    await expect(causes).to_contain_text("errors rose in the minute after the deploy")
    await expect(causes).to_contain_text("refuted")
    await expect(page.get_by_role("list", name="Changes", exact=True)).to_contain_text("undone")
    proposals = page.get_by_role("list", name="Proposed changes")
    await expect(proposals).to_contain_text("-limit = 20\n+limit = 200")
    await page.get_by_role("link", name="Look at the change and decide").click()
    await expect(page).to_have_url(f"{site.url}/runs/{cared.run}")
    await expect(page.get_by_text("It is the limit.").first).to_be_visible()
    await page.go_back()
    await page.get_by_role("button", name="Close ticket").click()
    await expect(page.get_by_role("button", name="Close ticket")).to_have_count(0)
    await expect(page.get_by_role("list", name="What happened")).to_contain_text("closed")


@pytest.mark.slow
async def test_who_may_only_look(site: Site) -> None:
    cared = await furnish_care(site)
    page = await site.sign_in(role=Role.VIEWER, path=cared.paths[2])
    await expect(page.get_by_role("list", name="Comments")).to_contain_text("I look too.")
    await expect(page.get_by_role("main").get_by_role("button")).to_have_count(0)
    await expect(page.get_by_role("main").get_by_role("textbox")).to_have_count(0)
    # The run is not theirs: no link that leads nowhere.
    await expect(page.get_by_text("a decision of its owner or of an admin")).to_be_visible()
    await expect(page.get_by_role("link", name=cared.run)).to_have_count(0)


@pytest.mark.slow
@pytest.mark.parametrize("place", [0, 1, 2], ids=["overview", "subject", "ticket"])
async def test_views_of_care(site: Site, place: int) -> None:
    """Both themes, for axe; a phone's width; without motion for who asked for none."""
    cared = await furnish_care(site)
    page = await site.sign_in(path=cared.paths[place])
    await expect(page.locator("main .care-part:visible").first).to_be_visible()
    await check_axe(page)
    await page.set_viewport_size({"width": 360, "height": 740})
    assert await page.evaluate(WIDE) == [], "scrolls sideways at 360 px"
    await check_axe(page)
    await page.emulate_media(reduced_motion="reduce")
    await page.reload()
    await expect(page.locator("main .care-part:visible").first).to_be_visible()
    assert await page.evaluate(MOVING) == [], "moves for a person who asked for less motion"


@pytest.mark.slow
async def test_what_needs_a_person_comes_first(site: Site) -> None:
    cared = await furnish_care(site, slos=(SLO,))
    page = await site.sign_in(path=PANEL, width=400, height=800)
    tickets = page.get_by_role("list", name="Tickets: proposed")
    await expect(tickets).to_be_visible()
    broken = page.get_by_role("list", name="Invariants", exact=True)
    await expect(broken).to_contain_text(BROKEN)
    subjects = page.get_by_role("list", name="Subjects", exact=True)
    places = [await each.bounding_box() for each in (tickets, broken, subjects)]
    tops = [place["y"] for place in places if place]
    assert len(tops) == 3 and tops == sorted(tops)
    rows = broken.get_by_role("listitem")
    burning = rows.filter(has_text="answered-burn-14x")
    query = burning.get_by_text("[2h]")
    await expect(burning).to_contain_text("At this rate the error budget")
    await expect(query).to_be_hidden()
    await burning.get_by_text("query").click()
    await expect(query).to_be_visible()
    async with page.expect_response("**/api/v1/care/invariants"):
        pass  # what is read again leaves open what a person has opened
    await expect(query).to_be_visible()
    holds = page.get_by_text("1 invariant that holds")
    await expect(page.get_by_role("list", name="Invariants that hold")).to_be_hidden()
    await holds.click()
    await expect(page.get_by_role("list", name="Invariants that hold")).to_contain_text("memory")
    await check_axe(page)
    await page.goto(site.url + cared.paths[2])
    output = page.get_by_role("region", name="What speaks for cause 1")
    await expect(output).to_contain_text("the bucket is empty")
    family = "element => getComputedStyle(element).fontFamily"
    assert "mono" in (await output.evaluate(family)).lower()
    sizes = "element => [element.scrollWidth > element.clientWidth, element.clientWidth > 250]"
    assert await output.evaluate(sizes) == [True, True], "it scrolls in itself, and is readable"
    assert await page.evaluate(WIDE) == []


def row_of(page: Page, cared: Cared) -> Locator:
    items = page.get_by_role("list", name="Subjects", exact=True).get_by_role("listitem")
    return items.filter(has_text=cared.subject)


@pytest.mark.slow
async def test_what_fails_comes_first_and_stays_while_nothing_answers(site: Site) -> None:
    cared = await furnish_care(site)
    page = await site.sign_in(path=cared.paths[1])
    rows = page.get_by_role("list", name="Invariants").get_by_role("listitem")
    await expect(rows).to_have_count(6)
    states = [re.split(r"\s", await row.inner_text())[0] for row in await rows.all()]
    assert states == ["broken", "invalid", "violated", "unreachable", "no", "holds"]
    await expect(rows.first.get_by_role("img")).to_have_attribute(
        "aria-label", re.compile(r"^error-ratio, .*most 0\.144, .*marked: 1: deploy undone")
    )
    site.troubles.allow("failed: GET", "ERR_FAILED")
    await page.get_by_label("Query", exact=True).fill("typed(")
    await page.get_by_label("Query", exact=True).focus()
    await page.route("**/api/v1/care/**", lambda route: route.abort())
    stale = page.get_by_text(re.compile("^This is from .* it cannot be read now"))
    await expect(stale).to_be_visible()
    await expect(rows).to_have_count(6)
    await page.unroute("**/api/v1/care/**")
    await expect(stale).to_have_count(0)
    await expect(page.get_by_label("Query", exact=True)).to_be_focused()
    await expect(page.get_by_label("Query", exact=True)).to_have_value("typed(")


@pytest.mark.slow
async def test_states_that_are_old_say_so(site: Site) -> None:
    cared = await furnish_care(site, age=3_600.0)
    page = await site.sign_in(path=cared.paths[0])
    late = page.get_by_text(re.compile("^The invariants were last evaluated at .* running"))
    await expect(late).to_be_visible()
    await check_axe(page)


@pytest.mark.slow
async def test_an_address_may_name_a_state(site: Site) -> None:
    cared = await furnish_care(site)
    page = await site.sign_in(path=f"{PANEL}?state=proposed")
    filters = page.get_by_role("search", name="Tickets")
    await expect(filters.get_by_label("State")).to_have_value("proposed")
    await expect(page.get_by_role("list", name="Tickets: proposed")).to_contain_text(BROKEN)
    await page.goto(f"{site.url}{PANEL}?state=bogus&odd=<b>x")
    await expect(page.get_by_text('There is no state "bogus" of tickets')).to_be_visible()
    await expect(page.get_by_text('The address names "odd", which this view')).to_be_visible()
    await expect(page.get_by_role("list", name="Tickets: proposed")).to_be_visible()
    await expect(row_of(page, cared)).to_be_visible()
    await check_axe(page)


@pytest.mark.slow
async def test_what_is_not_there(site: Site) -> None:
    site.troubles.allow(r"^404 GET .*/api/v1/care/")
    page = await site.sign_in(path=f"{PANEL}?subject=nothing", width=360, height=740)
    missing = page.get_by_text("There is no subject 'nothing'.").filter(visible=True)
    await expect(missing).to_have_count(1)
    await check_axe(page)
    await page.goto(f"{site.url}{PANEL}?ticket=care.12345678901234567890")
    await expect(page.get_by_text("There is no ticket '12345678901234567890'.")).to_be_visible()
    assert await page.evaluate(WIDE) == []


@pytest.mark.slow
@pytest.mark.parametrize("place", [0, 1, 2], ids=["overview", "subject", "ticket"])
async def test_hostile_text(site: Site, place: int) -> None:
    cared = await furnish_care(site, ALL.replace("\0", ""))
    page = await site.sign_in(**TALL)
    ran = await set_canary(page.context)
    await page.goto(site.url + cared.paths[place])
    main = page.get_by_role("main")
    await expect(main.get_by_text(ATTACK_TEXTS[0].split()[0]).first).to_be_visible()
    await expect_text(page, ran, cared.paths[place])
    if place == 2:
        text = await main.inner_text()
        assert [word for word in WORDS if word not in text] == []
        assert "\u202e" not in text
        assert "[U+202E]" in text
