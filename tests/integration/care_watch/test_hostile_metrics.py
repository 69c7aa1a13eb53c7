"""Metrics, metadata and labels as no honest server has them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from harness import Harness
from harness.care.metrics import find_metrics
from harness.care.queries import answer_query
from harness.care.query_views import QueryBody
from harness.care.repair.summaries import summarize, summarize_metrics
from harness.care.settings import CareSettings
from harness.care.subjects.queries import ask_queries
from harness.care.subjects.subject import Subject
from harness.care.telemetry.prometheus import Prometheus
from harness.contracts.errors import AnswerUnusable, CareError, InvalidRequest
from tests.fakes.http import Exchange
from tests.fakes.telemetry import Handler, Telemetry, answer, serve_telemetry, succeed, vector

ODD = "\x1b[31m\u202e\x00\n\u2028"
SERIES = {"metric": {"__name__": "up" + ODD, ODD: ODD * 500}, "value": [1, "1"]}
HUGE = {"metric": {f"l{n}": "x" * 100_000 for n in range(150)}, "value": [1, "NaN"]}
BILLION = {"metric": {"__name__": "up"}, "value": [1e10, "1e999"]}


def route(answers: Mapping[str, bytes]) -> Handler:
    """Answers by the end of the path; everything else finds nothing."""

    async def handle(exchange: Exchange) -> None:
        path = exchange.path.partition("?")[0]
        body = next((b for end, b in answers.items() if path.endswith(end)), NOTHING)
        exchange.answer(200, "application/json", body, {})

    return handle


NOTHING = succeed({"resultType": "vector", "result": []})


@pytest.fixture
async def odd() -> AsyncIterator[Telemetry]:
    """A server whose answers a test sets."""
    async with serve_telemetry(answer(NOTHING)) as server:
        yield server


@pytest.fixture
def options(options: dict[str, Any], database_url: str, odd: Telemetry) -> dict[str, Any]:
    metrics = {"url": odd.url, "timeout_seconds": 20}
    return {
        **options,
        "database": {"url": database_url, "pool_size": 4},
        "care": {"metrics": metrics},
    }


@pytest.mark.parametrize(
    "data",
    [
        {}, {"up": []}, {"up": None}, {"up": [None]}, {"up": [7]}, {"up": {"type": "gauge"}},
        {"up": [{"type": ["gauge"], "help": {"a": 1}, "unit": None}]},
        {"up" + ODD: [{"type": ODD, "help": ODD * 1_000, "unit": ODD}]},
        {f"up{n}": [{"type": "gauge"}] for n in range(30_000)},
    ],
)  # fmt: skip
async def test_metadata_of_any_form_is_bounded(remote: Harness, data: Any, odd: Telemetry) -> None:
    answers = {"metadata": succeed(data), "series": succeed([{"a" + ODD: ODD}, {}])}
    odd.handle = route(answers)
    found = await find_metrics(remote.connection, "up", limit=40)
    assert len(found.metrics) <= 40
    assert all(len(each.help) <= 500 and len(each.name) <= 200 for each in found.metrics)
    assert len(summarize_metrics(found)) < 40 * 600


@pytest.mark.parametrize("data", [[], "up", 7, None])
async def test_a_server_without_metadata_still_has_metrics(
    remote: Harness, data: Any, odd: Telemetry
) -> None:
    rows = [{"metric": {"__name__": "up"}, "value": [1, "3"]}]
    counted = succeed({"resultType": "vector", "result": rows})
    answers = {"metadata": succeed(data), "query": counted, "series": succeed([])}
    odd.handle = route(answers)
    [found] = (await find_metrics(remote.connection, "up")).metrics
    assert (found.name, found.series, found.type) == ("up", 3, "")
    settings = CareSettings.model_validate({"metrics": {"url": odd.url}})
    async with Prometheus(settings.metrics) as source:
        with pytest.raises(AnswerUnusable):
            await source.read_metadata()
    with pytest.raises(InvalidRequest):
        await find_metrics(remote.connection, " ")


async def test_labels_neither_draw_nor_flood(remote: Harness, odd: Telemetry) -> None:
    body = succeed({"resultType": "vector", "result": [SERIES, HUGE, BILLION]})
    odd.handle = answer(body)
    found = await answer_query(remote.connection, QueryBody(query="up"))
    assert all(len(value) <= 1_000 for each in found.curves for value in each.labels.values())
    assert all(len(each.labels) <= 100 for each in found.curves)
    assert {each.last for each in found.curves} == {1.0, None}
    assert len(summarize(found)) < 250_000


async def test_a_million_series_are_refused(remote: Harness, odd: Telemetry) -> None:
    row = b'{"metric":{},"value":[1,"1"]},'
    short = b'{"status":"success","data":{"resultType":"vector","result":[' + row * 200_000
    body = short[:-1] + b"]}}"
    whole = short + row * 800_000
    for sent, words in ((body, "200,000 series, more than 20,000"), (whole, "more than 16 MB")):
        odd.handle = answer(sent)
        with pytest.raises(CareError, match=words):
            await answer_query(remote.connection, QueryBody(query="up"))


WEB_PAGE = b"<!DOCTYPE html><title>Welcome</title>"


async def test_what_is_no_prometheus_refuses_no_subject() -> None:
    subject = Subject.model_validate({
        "name": "api", "metrics": "{a='b'}",
        "invariant": [{"name": "up", "query": "up", "operator": "==", "threshold": 1}],
    })  # fmt: skip
    for handle in (answer(WEB_PAGE, kind="text/html"), answer(b"", 503), answer(WEB_PAGE, 404)):
        async with serve_telemetry(handle) as server:
            settings = CareSettings.model_validate({"metrics": {"url": server.url}})
            asked = await ask_queries(settings, subject)
        assert (asked.refused, len(asked.unknown)) == ([], 1)
        assert "[care.metrics]" in asked.unknown[0] or "503" in asked.unknown[0]
    texts = json.dumps({"status": "success", "data": {"resultType": "string", "result": [1, "a"]}})

    async def handle_text(exchange: Exchange) -> None:
        good = b"vector%281%29" in exchange.body
        exchange.answer(200, "application/json", vector(1) if good else texts.encode(), {})

    async with serve_telemetry(handle_text) as server:
        settings = CareSettings.model_validate({"metrics": {"url": server.url}})
        asked = await ask_queries(settings, subject)
    assert len(asked.refused) == 2 and "returns a text" in asked.refused[0]
