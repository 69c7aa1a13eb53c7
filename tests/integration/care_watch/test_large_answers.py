"""Answers of megabytes: others go on meanwhile, and what is too much is refused."""

from __future__ import annotations

import sys

import pytest

from harness.care.settings import SourceSettings
from harness.care.telemetry.loki import Loki
from harness.care.telemetry.prometheus import MAX_POINTS, Prometheus
from harness.care.telemetry.source import MAX_VALUES
from harness.contracts.errors import AnswerUnusable
from tests.conftest import SLOWER
from tests.fakes.loop_lag import Cost, measure
from tests.fakes.telemetry import answer, serve_telemetry

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="measured by /proc")

ENOUGH = Cost(lag_ms=350 * SLOWER, memory_mb=2_000)
"""Python reads JSON in one go: 16 MB of it take 0.2 s."""


def repeat(piece: bytes, times: int) -> bytes:
    return b",".join([piece] * times)


def body(kind: str, rows: bytes) -> bytes:
    head = b'{"status":"success","data":{"resultType":"%s","result":[' % kind.encode()
    return head + rows + b"]}}"


def matrix(series: int, points: int) -> bytes:
    row = b'{"metric":{"a":"b"},"values":[%s]}' % repeat(b'[1,"1"]', points)
    return body("matrix", repeat(row, series))


LABELS = b",".join(b'"a%d":"%d"' % (n, n) for n in range(60))
STREAM = b'{"stream":{},"values":[%s]}'
TOO_MANY = f"more than {MAX_VALUES:,} values"
ANSWERS = {
    "points": (matrix(10, MAX_POINTS // 10), ""),
    "too many points": (matrix(170, 11_000), TOO_MANY),
    "labels": (body("vector", repeat(b'{"metric":{%s},"value":[1,"1"]}' % LABELS, 18_000)), ""),
    "lines": (body("streams", STREAM % repeat(b'["1000000000","x"]', MAX_POINTS)), ""),
    "too many lines": (body("streams", STREAM % repeat(b'["1000000000","x"]', 800_000)), TOO_MANY),
    "objects": (body("vector", repeat(b"{}", 5_200_000)), TOO_MANY),
}


@pytest.mark.parametrize("name", ANSWERS)
async def test_a_large_answer_holds_up_nobody(name: str) -> None:
    content, refused = ANSWERS[name]
    said = list[str]()
    async with serve_telemetry(answer(content)) as server:
        settings = SourceSettings.model_validate({"url": server.url, "timeout_seconds": 30})

        async def ask() -> None:
            said.clear()
            try:
                await _read(settings, is_logs="lines" in name)
            except AnswerUnusable as error:
                said.append(error.message)

        cost = await measure(ask, ENOUGH)
    assert (refused in said[0]) if refused else not said
    assert cost.lag_ms <= ENOUGH.lag_ms, cost


async def _read(settings: SourceSettings, *, is_logs: bool) -> None:
    if is_logs:
        async with Loki(settings) as loki:
            await loki.read("x", 0, 10, limit=5_000)
    else:
        async with Prometheus(settings) as prometheus:
            await prometheus.query_range("x", 0, 10, 1)


async def test_an_answer_of_nothing_but_objects_takes_no_memory() -> None:
    """As objects, its 16 MB would take 440."""
    content, refused = ANSWERS["objects"]
    async with serve_telemetry(answer(content)) as server:
        settings = SourceSettings.model_validate({"url": server.url, "timeout_seconds": 30})

        async def ask() -> None:
            with pytest.raises(AnswerUnusable, match=refused):
                await _read(settings, is_logs=False)

        cost = await measure(ask, Cost(lag_ms=ENOUGH.lag_ms, memory_mb=100))
    assert cost.memory_mb < 100, cost
