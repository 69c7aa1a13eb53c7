"""Metrics: a scraper reads them with a token, and no client can grow them."""

from __future__ import annotations

import httpx
from prometheus_client.parser import text_string_to_metric_families

from harness import Agent, Harness
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import eventually, send
from tests.fakes.steps import call, say
from tests.integration.api.conftest import Api
from tests.integration.api.test_api_runs import start

Samples = dict[tuple[str, ...], float]
RUN = "/api/v1/runs/{run}"


async def scrape(client: httpx.AsyncClient) -> Samples:
    answer = await client.get("/metrics")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return {
        (sample.name, *(sample.labels[label] for label in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


async def test_what_happens_is_counted(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name, tools=[send]))
    model_server.script(call("send", to="ann", text="hi"), say("Sent."))
    run = await start(api.operator, name)
    url = f"/api/v1/runs/{run}"
    await eventually(lambda: api.operator.get(url), lambda got: got.json()["state"] == "waiting")

    async def read_again() -> Samples:
        await api.operator.get(url)
        return await scrape(api.viewer)

    # Temporal may still add entries after the first answer that says so.
    nothing = ("harness_run_card_reads_total", "nothing")
    await eventually(read_again, lambda now: now[nothing] >= 1)
    async with api.operator.stream("GET", f"{url}/events") as stream:
        lines = stream.aiter_lines()
        await anext(lines)  # kept: a generator that is dropped closes the stream
        found = await scrape(api.viewer)
        assert found["harness_open_streams", "sse"] == 1
    assert found["harness_api_runs_started_total",] == 1
    assert found["harness_run_cards",] == 1
    assert found["harness_run_card_reads_total", "history"] >= 1
    assert found["harness_run_card_reads_total", "nothing"] >= 1
    assert found["harness_runs_waiting",] >= 0
    assert found["harness_http_requests_total", "GET", RUN, "200"] >= 2
    assert found["harness_http_request_duration_seconds_count", "GET", RUN] >= 2
    await eventually(
        lambda: scrape(api.viewer), lambda now: now["harness_open_streams", "sse"] == 0
    )
    openmetrics = await api.viewer.get(
        "/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"}
    )
    assert openmetrics.text.endswith("# EOF\n")
    assert run not in openmetrics.text


async def test_no_client_makes_up_time_series(api: Api) -> None:
    assert (await api.nobody.get("/metrics")).status_code == 401
    await scrape(api.viewer)
    before = set(await scrape(api.viewer))
    for number in range(20):
        await api.operator.get(f"/api/v1/made-up-{number}")
        await api.operator.get(f"/api/v1/runs/made-up-{number}")
        await api.nobody.request("PROPFIND", f"/api/v1/made-up-{number}")
    new = {each for each in set(await scrape(api.viewer)) - before if "bucket" not in each[0]}
    assert {each[1:3] for each in new} <= {("GET", "other"), ("other", "other"), ("GET", RUN)}
    assert len(new) < 20
