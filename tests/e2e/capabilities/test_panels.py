"""Panels of an installed package in a real browser: shown by the page as it is in the wheel, which
knows nothing of them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.fakes.cli_environment import Run

pytestmark = pytest.mark.slow
PATIENCE_MS = 15_000
AS_HTML = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def link(
    environment: Path, project: Path, env: dict[str, str], run: Run
) -> Iterator[tuple[str, str, str]]:
    """The daemon's address, a link that signs in, and a token of an operator."""
    run("user", "add", "ana", "--role", "operator")
    token = json.loads(run("token", "create", "--user", "ana", "--json").stdout)["token"]
    daemon = subprocess.Popen(
        [environment / "harness", "serve", "agent.py:agent", "--port", "0", "--json"],
        cwd=project, env=env, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert daemon.stdout is not None
        url = json.loads(daemon.stdout.readline())["url"]
        shown = run("user", "link", "local", "--url", url, "--json").stdout
        found = re.search(r'http[^"\s]*code=[^"\s]*', shown)
        assert found is not None, shown
        yield url, found[0], token
    finally:
        daemon.terminate()
        daemon.wait(30)


@pytest.fixture(scope="module")
def page(link: tuple[str, str, str]) -> Iterator[Page]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page()
        page.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        page.goto(link[1])
        yield page
        browser.close()


def test_a_view_in_the_navigation(page: Page, link: tuple[str, str, str]) -> None:
    page.get_by_role("link", name="Notes").click()
    expect(page.get_by_role("heading", name="Notes")).to_be_visible()
    expect(page.get_by_text(re.compile(r"^local has \d+ notes\.$"))).to_be_visible()
    page.get_by_role("button", name="Count again").click()
    expect(page.get_by_text("Counted.")).to_be_visible()
    # Its style sheet is one of its files, which the policy of the page allows.
    size = page.get_by_text(re.compile("has .* notes")).evaluate(
        "element => getComputedStyle(element).fontSize"
    )
    assert size == "20px"
    page.keyboard.press("g")
    page.keyboard.press("r")
    expect(page.get_by_role("heading", name="Runs")).to_be_visible()
    expect(page.get_by_text(re.compile("has .* notes"))).to_have_count(0)
    page.keyboard.press("Control+k")
    page.get_by_role("combobox").fill("notes")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{link[0]}/panels/notes/notes")


def test_a_tab_of_a_run(page: Page, link: tuple[str, str, str]) -> None:
    url, _, token = link
    headers = {"Authorization": f"Bearer {token}"}
    started = httpx.post(
        f"{url}/api/v1/runs", json={"agent": "counter", "prompt": "Hi"}, headers=headers
    )
    assert started.status_code == 201, started.text
    run = started.json()["id"]
    page.goto(f"{url}/runs/{run}")
    page.get_by_role("tab", name="Events").click()
    expect(page.get_by_text(re.compile(rf"^{run} has [1-9]\d* events\.$"))).to_be_visible()
    expect(page).to_have_url(re.compile(r"tab=notes\.events"))
    page.reload()
    expect(page.get_by_text(re.compile(rf"^{run} has [1-9]\d* events\.$"))).to_be_visible()


def test_one_that_fails_takes_nothing_along(page: Page) -> None:
    page.get_by_role("link", name="Broken").click()
    card = page.get_by_role("alert")
    expect(card).to_contain_text("This panel always fails.")
    expect(card).to_contain_text("harness capabilities disable notes")
    page.get_by_role("link", name="Notes").click()
    expect(page.get_by_text(re.compile("has .* notes"))).to_be_visible()


def test_who_gets_the_files(link: tuple[str, str, str]) -> None:
    url, _, token = link
    panels = f"{url}/api/v1/panels"
    assert httpx.get(panels).status_code == 401
    assert httpx.get(f"{panels}/notes/notes.js", headers=AS_HTML).status_code == 401
    with httpx.Client(headers={"Authorization": f"Bearer {token}"}) as ana:
        listed = [each["id"] for each in ana.get(panels).json()["panels"]]
        own = [id for id in listed if id.startswith("notes/")]
        assert own == ["notes/notes", "notes/events"], "one is for admins"
        found = ana.get(f"{panels}/notes/notes.js")
        assert found.headers["content-type"] == "text/javascript; charset=utf-8"
        assert found.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in found.headers["content-security-policy"]
        tag = {"If-None-Match": found.headers["etag"]}
        assert ana.get(f"{panels}/notes/notes.js", headers=tag).status_code == 304
        for name in ("__init__.py", "..%2fcapability.py", "%2e%2e/%2e%2e/capability.py", "none.js"):
            assert ana.get(f"{panels}/notes/{name}").status_code == 404, name
        assert ana.get(f"{panels}/stack/notes.js").status_code == 404
