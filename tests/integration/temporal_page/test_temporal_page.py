"""Temporal's own page behind the daemon's sign-in, and the codec that it decodes with."""

from __future__ import annotations

import base64
import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from harness import Agent, Harness
from harness.access.sign_in import create_sign_in_code
from harness.api.settings import ApiSettings
from harness.crypto.keyring import new_key
from harness.forget.client import forget_run
from harness.temporal_page.settings import TemporalPageSettings
from harness_daemon.daemon import Address, open_daemon
from tests.fakes.model_server import ModelServer
from tests.fakes.steps import say
from tests.integration.api.conftest import Api
from tests.integration.api.test_api_embedded import embedded

RUNS = "/temporal/api/v1/namespaces/default/workflows"
REFERENCE = base64.b64encode(b"temporal.api.sdk.v1.ExternalStorageReference").decode()


@pytest.fixture
def options(options: dict[str, Any], database_url: str) -> dict[str, Any]:
    """With encryption, and a database for each keyring."""
    database = {"url": database_url, "pool_size": 4}
    return {**options, "database": database, "encryption": {"key": new_key()}}


def payloads_in(value: Any) -> Iterator[dict[str, Any]]:
    """Every payload in an answer of Temporal."""
    if isinstance(value, dict):
        found: dict[str, Any] = value
        if "encoding" in (found.get("metadata") or {}):
            yield found
        for each in found.values():
            yield from payloads_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from payloads_in(each)


async def read_payloads(client: httpx.AsyncClient, run: str) -> list[dict[str, Any]]:
    answer = await client.get(f"{RUNS}/{run}/history")
    assert answer.status_code == 200, answer.text
    return list(payloads_in(answer.json()))


async def decode(
    client: httpx.AsyncClient, payloads: list[dict[str, Any]], step: str = "decode"
) -> list[dict[str, Any]]:
    url = f"/temporal-codec/{step}?preserveStorageRefs=true"
    answer = await client.post(url, json={"payloads": payloads})
    assert answer.status_code == 200, answer.text
    return answer.json()["payloads"]


def text_of(payloads: list[dict[str, Any]]) -> bytes:
    return b"\n".join(base64.b64decode(each.get("data", "")) for each in payloads)


async def test_the_page_its_files_and_its_settings(browser: httpx.AsyncClient) -> None:
    shown = await browser.get("/temporal/namespaces/default/workflows")
    assert shown.status_code == 200
    assert 'base: "/temporal"' in shown.text
    policy = shown.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy and "'sha256-" in policy
    scripts = policy.split("script-src")[1].split(";")[0]
    assert "unsafe" not in scripts, "no script but the page's own"
    cookies = shown.headers.get_list("set-cookie")
    assert [each.split("=")[0] for each in cookies] == ["_csrf"]
    assert "Path=/temporal" in cookies[0]

    script = re.findall(r'"(/temporal/_app/immutable/[^"]+\.js)"', shown.text)[0]
    loaded = await browser.get(script)
    assert loaded.status_code == 200 and "javascript" in loaded.headers["content-type"]
    assert "immutable" in loaded.headers["cache-control"]

    settings = (await browser.get("/temporal/api/v1/settings")).json()
    assert settings["Codec"]["Endpoint"] == "/temporal-codec"
    assert settings["Codec"]["IncludeCredentials"] and settings["DisableNewsFetch"]

    framed = await browser.get("/temporal/render", params={"content": "<script>x</script> *hi*"})
    assert "<em>hi</em>" in framed.text
    assert "sandbox allow-same-origin allow-popups " in framed.headers["content-security-policy"]
    assert framed.headers["x-frame-options"] == "SAMEORIGIN"


async def test_the_daemon_tells_admins_where_it_is(api: Api) -> None:
    place = await api.admin.get("/api/v1/temporal-page")
    assert place.json() == {"path": "/temporal", "namespace": "default"}
    shown = await api.admin.get(f"{place.json()['path']}/namespaces/default/workflows")
    assert shown.status_code == 200
    assert (await api.operator.get("/api/v1/temporal-page")).status_code == 403


async def test_a_history_is_decoded_until_it_is_forgotten(
    harness: Harness, model_server: ModelServer, name: str, browser: httpx.AsyncClient
) -> None:
    model_server.always(say("The answer is kept."))
    run = await harness.start(Agent(name), "A prompt that nobody sees.")
    await run.result()
    listed = await browser.get(RUNS, params={"query": f'WorkflowId = "{run.id}"'})
    assert listed.status_code == 200
    stored = await read_payloads(browser, run.id)
    assert b"nobody sees" not in text_of(stored) and b"is kept" not in text_of(stored)

    plain = text_of(await decode(browser, stored))
    assert b"nobody sees" in plain and b"is kept" in plain

    await forget_run(harness.connection, run.id)
    assert await decode(browser, stored) == stored, "what is forgotten stays as it is"
    first = [each for each in stored if each["metadata"]["encoding"] != "anNvbi9wbGFpbg=="][:1]
    gone = await browser.post("/temporal-codec/download", json={"payloads": first})
    assert (gone.status_code, gone.json()["code"]) == (410, "store.forgotten")


async def test_a_large_payload_is_loaded_when_it_is_asked_for(
    harness: Harness, model_server: ModelServer, name: str, browser: httpx.AsyncClient
) -> None:
    model_server.always(say("Long."))
    run = await harness.start(Agent(name), "word " * 60_000)
    await run.result()
    stored = await read_payloads(browser, run.id)
    large = [each for each in stored if each["metadata"].get("messageType") == REFERENCE]
    assert large
    assert [each["data"] for each in await decode(browser, large)] == [
        each["data"] for each in large
    ]
    loaded = await decode(browser, large[:1], "download")
    assert b"word word word" in text_of(loaded)
    whole = await browser.post("/temporal-codec/decode", json={"payloads": large[:1]})
    assert whole.json()["payloads"] == loaded, "pages that do not know the step get it at once"


async def test_a_signal_of_the_page_reaches_the_run(
    remote: Harness,
    name: str,
    browser: httpx.AsyncClient,
    api: Api,
    caplog: pytest.LogCaptureFixture,
) -> None:
    run = await remote.start(Agent(name), "Wait for a hint.")  # nobody serves it
    await browser.get("/temporal")
    token = browser.cookies.get("_csrf")
    assert token is not None
    typed = {"metadata": {"encoding": "anNvbi9wbGFpbg=="}, "data": "eyJ0ZXh0IjogIkhpLiJ9"}
    encoded = await decode(browser, [typed], "encode")
    assert encoded == [typed], "never encrypted: workers would take it to be their own"
    body = {"signalName": "hint", "input": {"payloads": encoded}}
    url, known = f"{RUNS}/{run.id}/signal/hint", {"X-CSRF-TOKEN": token}

    without_token = await browser.post(url, json=body)
    assert without_token.status_code in (400, 403), "the page's own check"
    elsewhere = await browser.post(url, json=body, headers={**known, "Origin": "http://evil.test"})
    assert elsewhere.json()["code"] == "api.wrong_origin"
    crossing = await browser.post(url, json=body, headers={**known, "Sec-Fetch-Site": "cross-site"})
    assert crossing.json()["code"] == "api.wrong_origin"
    with caplog.at_level(logging.WARNING):
        sent = await browser.post(url, json=body, headers=known)
    assert sent.status_code == 200, sent.text
    logged = [each.getMessage() for each in caplog.records if "status=200" in each.getMessage()]
    assert len(logged) == 1 and "user=local" in logged[0] and f"{run.id}/signal/hint" in logged[0]
    entries = (await browser.get(f"{RUNS}/{run.id}/history")).json()["history"]["events"]
    signals = [each for each in entries if each["eventType"].endswith("EXECUTION_SIGNALED")]
    assert len(signals) == 1


async def test_the_page_of_an_embedded_api(harness: Harness) -> None:
    """All of it is below the prefix of the app that mounts the API."""
    code = await create_sign_in_code(harness.connection)
    async with (
        embedded(harness) as url,
        httpx.AsyncClient(base_url=f"{url}/agents", timeout=30) as browser,
    ):
        assert (await browser.get("/sign-in", params={"code": code})).status_code == 303
        browser.headers.update({"Origin": url, "Sec-Fetch-Site": "same-origin"})
        shown = await browser.get("/temporal/namespaces/default/workflows")
        assert 'base: "/agents/temporal"' in shown.text
        assert "Path=/agents/temporal;" in shown.headers["set-cookie"]
        script = re.findall(r'"/agents(/temporal/_app/immutable/[^"]+\.js)"', shown.text)[0]
        loaded = await browser.get(script)
        assert loaded.status_code == 200 and "javascript" in loaded.headers["content-type"]
        assert "immutable" in loaded.headers["cache-control"]

        settings = (await browser.get("/temporal/api/v1/settings")).json()
        endpoint = settings["Codec"]["Endpoint"]
        assert endpoint == "/agents/temporal-codec"
        decoded = await browser.post(f"{url}{endpoint}/decode", json={"payloads": []})
        assert (decoded.status_code, decoded.json()) == (200, {})
        namespaces = (await browser.get("/temporal/api/v1/namespaces")).json()["namespaces"]
        assert "default" in [each["namespaceInfo"]["name"] for each in namespaces]
        framed = await browser.get("/temporal/render", params={"content": "*hi*"})
        assert "<em>hi</em>" in framed.text
        assert framed.headers["x-frame-options"] == "SAMEORIGIN"


async def test_a_temporal_elsewhere_without_a_page(harness: Harness, api: Api) -> None:
    settings = harness.connection.settings
    without = settings.model_copy(update={"temporal_page": TemporalPageSettings()})
    connection = replace(harness.connection, settings=without)
    async with open_daemon(connection, ApiSettings(), Address("127.0.0.1", 0)) as daemon:
        host = {"Host": daemon.url.removeprefix("http://")}
        for path in ("/temporal", "/api/v1/temporal-page"):
            answer = await api.admin.get(f"{daemon.url}{path}", headers=host)
            assert (answer.status_code, answer.json()["code"]) == (404, "temporal_page.missing")
