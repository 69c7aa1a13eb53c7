"""Queries and invariants over a real Loki."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from harness import Harness
from harness.care.invariants.evaluate import evaluate
from harness.care.invariants.invariant import Invariant
from harness.care.invariants.judge import Judgement
from harness.care.invariants.rows import Watched
from harness.care.queries import answer_query, list_streams
from harness.care.query_views import QueryBody
from harness.care.settings import CareSettings, SourceSettings
from harness.care.telemetry.loki import MAX_TEXT, Loki
from harness.contracts.errors import AnswerUnusable, QueryRefused, SourceUnreachable
from tests.fakes.loki import LokiServer


@pytest.fixture
def options(options: dict[str, Any], loki: LokiServer) -> dict[str, Any]:
    care = {**options["care"], "logs": {"url": loki.url, "timeout_seconds": 20}}
    return {**options, "care": care}


def ask(query: str, seconds: float = 600, limit: int = 100, **more: float) -> QueryBody:
    return QueryBody(query=query, source="logs", seconds=seconds, limit=limit, **more)


async def test_lines_numbers_and_labels(remote: Harness, loki: LokiServer, name: str) -> None:
    now = time.time()
    for level, count in (("info", 30), ("error", 6)):
        lines = [(now - 60 + n, json.dumps({"level": level, "n": n})) for n in range(count)]
        await loki.push({"service": name, "level": level}, lines)
    selector = f'{{service="{name}"}}'

    found = await answer_query(remote.connection, ask(selector, limit=10))
    assert [json.loads(each.text)["n"] for each in found.lines] == list(range(29, 19, -1))
    assert found.lines[0].labels["service"] == name and found.more == 1
    assert found.lines[0].at == pytest.approx(now - 60 + 29, abs=0.001)
    found = await answer_query(remote.connection, ask(f'{selector} |= "error"'))
    assert len(found.lines) == 6 and found.more == 0
    found = await answer_query(remote.connection, ask(f"{selector} | json | n > 27"))
    assert len(found.lines) == 2

    counted = f"sum by (level) (count_over_time({selector}[5m]))"
    found = await answer_query(remote.connection, ask(counted, step=60))
    assert {each.labels["level"]: each.last for each in found.curves} == {"info": 30, "error": 6}
    async with Loki(SourceSettings(url=loki.url)) as source:
        at_once = await source.query(counted, at=now)
        assert sorted(each.points[0].value for each in at_once) == [6, 30]
        assert (await source.query("vector(2)", at=now))[0].points[0].value == 2

    streams = await list_streams(remote.connection, selector, 600)
    assert [f'level="{each}"' in streams[at] for at, each in enumerate(("error", "info"))]
    assert {"service", "level"} <= {*await list_streams(remote.connection, None, 600)}
    assert await list_streams(remote.connection, '{service="nothing"}', 600) == []
    assert (await answer_query(remote.connection, ask('{service="nothing"}'))).lines == []


@pytest.mark.parametrize(
    "query",
    ["{", '{a="b"', "{}", '{a=~".*"}', 'rate({a="b"})', '{a="b"} | nothing', "up", "sum(",
     '{a="b"} |~ "("', '{a="b"}\x00', "🙂"],
)  # fmt: skip
async def test_a_refused_query_says_why(remote: Harness, query: str) -> None:
    with pytest.raises(QueryRefused, match=r"Loki refused the query: .") as refused:
        await answer_query(remote.connection, ask(query))
    assert refused.value.message.isprintable()
    with pytest.raises(QueryRefused):
        await list_streams(remote.connection, '{a="b"', 60)


async def judge(loki: LokiServer, invariant: Invariant, before: Judgement | None) -> Judgement:
    settings = CareSettings(logs=SourceSettings(url=loki.url))
    [(_, judged)] = await evaluate(settings, [Watched("shop", invariant, before)])
    return judged


async def test_an_invariant_over_logs_breaks_and_holds_again(loki: LokiServer, name: str) -> None:
    errors = f'sum(count_over_time({{service="{name}"}} |= "error" [3s]))'
    invariant = Invariant(
        name="errors", query=errors, operator="<", threshold=5, source="logs", no_data="holds"
    )
    judged = await judge(loki, invariant, None)
    assert judged.state == "holds", "no line is no error"
    await loki.push({"service": name}, [(time.time(), "an error")] * 5)
    judged = await judge(loki, invariant, judged)
    assert (judged.state, judged.value) == ("broken", 5.0)
    async with asyncio.timeout(20):
        while judged.state != "holds":
            await asyncio.sleep(0.2)
            judged = await judge(loki, invariant, judged)
    refused = invariant.model_copy(update={"query": "sum("})
    assert (await judge(loki, refused, None)).state == "invalid"
    lines = invariant.model_copy(update={"query": f'{{service="{name}"}}'})
    assert (await judge(loki, lines, None)).state == "invalid", "it returns no numbers"


async def test_hostile_lines_arrive_as_text(remote: Harness, loki: LokiServer, name: str) -> None:
    texts = [
        "\x1b[2J\x1b]0;title\x07", "\u202egnp.exe\u2066", "\x00\x01", "a\nb\r\nc", "\u200b",
        "🙂" * 10, '{"level": "info", "level": "error"}', "",
    ]  # fmt: skip
    now = time.time()
    await loki.push({"service": name}, [(now, text) for text in texts])
    found = await answer_query(remote.connection, ask(f'{{service="{name}"}}'))
    shown = [each.text for each in reversed(found.lines)]
    assert shown == texts


async def test_bytes_that_are_not_text_arrive_as_text(
    remote: Harness, loki: LokiServer, name: str
) -> None:
    await loki.push({"service": name}, [(time.time(), "not BYTES text")], {b"BYTES": b"\xff\xfe"})
    [line] = (await answer_query(remote.connection, ask(f'{{service="{name}"}}'))).lines
    assert line.text == "not \ufffd\ufffd text"


async def test_a_line_of_a_megabyte(remote: Harness, loki: LokiServer, name: str) -> None:
    """Loki cuts it where it is configured to; what it keeps is cut again."""
    await loki.push({"service": name}, [(time.time(), "x" * 1_000_000)])
    [line] = (await answer_query(remote.connection, ask(f'{{service="{name}"}}'))).lines
    assert line.text == "x" * MAX_TEXT


async def test_more_lines_than_an_answer_may_have(
    remote: Harness, loki: LokiServer, name: str
) -> None:
    """300 lines of 100 kB: fewer are read, and it says that there are more."""
    now = time.time()
    for part in range(6):
        await loki.push({"service": name}, [(now - part, "x" * 100_000)] * 50)
    found = await answer_query(remote.connection, ask(f'{{service="{name}"}}', limit=5_000))
    assert len(found.lines) == 50 and found.more >= 1


@pytest.mark.parametrize(
    "count",
    [
        pytest.param(100_000, marks=pytest.mark.slow),
        pytest.param(10**6, marks=pytest.mark.campaign),
    ],
)
async def test_many_lines(remote: Harness, loki: LokiServer, name: str, count: int) -> None:
    now, text = time.time(), json.dumps({"level": "debug", "message": "checking", "key": "key-1"})
    for part in range(count // 5_000):
        await loki.push({"service": name}, [(now - part, text)] * 5_000)
    selector = f'{{service="{name}"}}'
    found = await answer_query(remote.connection, ask(selector, limit=5_000))
    assert len(found.lines) == 5_000
    counted = await answer_query(remote.connection, ask(f"sum(count_over_time({selector}[10m]))"))
    assert counted.curves[0].most == count


async def test_a_stalled_loki_is_unreachable(loki: LokiServer, name: str) -> None:
    settings = SourceSettings(url=loki.url, timeout_seconds=0.5)
    loki.signal(signal.SIGSTOP)
    try:
        async with Loki(settings) as source:
            with pytest.raises(SourceUnreachable, match=r"did not answer within 0.5 s"):
                await source.query("vector(1)", at=time.time())
    finally:
        loki.signal(signal.SIGCONT)
    async with Loki(SourceSettings(url=loki.url)) as source:
        assert await source.query("vector(1)", at=time.time())


async def test_what_is_not_loki_is_no_answer(tmp_path: Path, loki: LokiServer) -> None:
    async with Loki(SourceSettings(url=f"{loki.url}/ready")) as source:
        with pytest.raises((AnswerUnusable, QueryRefused)):
            await source.query("vector(1)", at=time.time())
