"""Queries over a real Prometheus."""

from __future__ import annotations

import time

import pytest

from harness import Harness
from harness.care.invariants.evaluate import evaluate
from harness.care.invariants.invariant import Invariant
from harness.care.invariants.rows import Watched
from harness.care.queries import answer_query
from harness.care.query_views import QueryBody
from harness.care.settings import CareSettings
from harness.contracts.errors import AnswerUnusable, QueryRefused, SourceMissing
from tests.fakes.prometheus import PrometheusServer


async def test_values_now(remote: Harness) -> None:
    found = await answer_query(remote.connection, QueryBody(query="up"))
    [curve] = found.curves
    assert curve.name.startswith('up{instance="127.0.0.1:') and curve.labels["job"] == "self"
    assert (curve.last, found.more, found.start) == (1.0, 0, None)
    scalar = await answer_query(remote.connection, QueryBody(query="1 / 0"))
    assert scalar.curves[0].points[0][1] is None and scalar.curves[0].name == "1 / 0"


async def test_curves_over_a_time(remote: Harness) -> None:
    body = QueryBody(query="{job='self'}", seconds=5, step=1, limit=2)
    found = await answer_query(remote.connection, body)
    assert len(found.curves) == 2 and found.more > 0
    assert found.start is not None and found.end - found.start == pytest.approx(5)
    assert all(1 <= len(each.points) <= 6 for each in found.curves)
    past = QueryBody(query="up", seconds=60, end=time.time() - 86_400)
    assert (await answer_query(remote.connection, past)).curves == []


async def test_curves_without_labels_have_names(remote: Harness) -> None:
    body = QueryBody(query="sum(up)", seconds=5, step=1)
    assert [each.name for each in (await answer_query(remote.connection, body)).curves] == [
        "sum(up)"
    ]
    mixed = await answer_query(remote.connection, QueryBody(query="up or vector(0)"))
    assert "the series without labels" in [each.name for each in mixed.curves]


@pytest.mark.parametrize(
    "query", ["sum(", "up{", "rate(up)", "'text'", "no_function(up)", "up\x00", "🙂 ?"]
)
async def test_a_refused_query_says_why(remote: Harness, query: str) -> None:
    with pytest.raises((QueryRefused, AnswerUnusable)) as refused:
        await answer_query(remote.connection, QueryBody(query=query))
    text = refused.value.message
    assert "Prometheus refused the query: " in text or "returns a text" in text or "curves" in text


async def test_logs_without_an_address(remote: Harness) -> None:
    with pytest.raises(SourceMissing, match="Loki is not configured"):
        await answer_query(remote.connection, QueryBody(query='{a="b"}', source="logs"))


async def test_a_missing_source_concerns_only_what_asks_it(prometheus: PrometheusServer) -> None:
    settings = CareSettings.model_validate({"metrics": {"url": prometheus.url}})
    fields = {"name": "up", "query": "vector(1)", "operator": "==", "threshold": 1}
    both = [
        Watched("api", Invariant.model_validate({**fields, "source": source}))
        for source in ("metrics", "logs")
    ]
    found = await evaluate(settings, both)
    assert [judged.state for _, judged in found] == ["holds", "unreachable"]
    assert "Loki is not configured" in found[1][1].message
