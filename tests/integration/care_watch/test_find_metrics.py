"""Metrics that are found by words, curves that are compared, and what happened meanwhile, over a
real Prometheus."""

from __future__ import annotations

import asyncio
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from harness.cli.parser import UsageError
from tests.fakes.runs import eventually
from tests.integration.api.conftest import Api
from tests.integration.remote.conftest import Places

CARE = "/api/v1/care"


async def find(api: Api, **which: Any) -> dict[str, Any]:
    answer = await api.viewer.get(f"{CARE}/metrics", params=which)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_metrics_are_found_by_name_and_help(api: Api, subject: str) -> None:

    async def read() -> dict[str, Any]:
        return await find(api, text="http requests total", subject=subject)

    # One that was started again has old values before it knows its metrics.
    found = await eventually(read, lambda found: bool(found["metrics"][0]["type"]), 20)
    first = found["metrics"][0]
    assert (first["name"], first["type"]) == ("prometheus_http_requests_total", "counter")
    assert first["help"] == "Counter of HTTP requests." and first["series"] > 0
    assert "200" in first["labels"]["code"]
    of_all = (await find(api, text="HTTP requests TOTAL"))["metrics"]
    assert of_all[0]["name"] == first["name"]
    # The series of a histogram have the help of the histogram.
    buckets = await find(api, text="request_duration_seconds_bucket latencies for http")
    assert buckets["metrics"][0]["type"] == "histogram"
    everything = await find(api, subject=subject, limit=5)
    assert len(everything["metrics"]) == 5 and everything["more"] > 50
    assert (await find(api, text='no{such"metric\\ [a-z]('))["metrics"] == []


async def test_what_is_refused(api: Api, subject: str) -> None:
    for which in ({}, {"text": "a" * 201}, {"text": "up", "limit": 0}, {"subject": "A B"}):
        answer = await api.viewer.get(f"{CARE}/metrics", params=which)
        assert 400 <= answer.status_code < 500, (which, answer.text)
    unknown = await api.viewer.get(f"{CARE}/metrics", params={"subject": "nobody"})
    assert unknown.json()["code"] == "care.no_subject"
    for which in ({"start": -1}, {"end": "soon"}, {"start": 1e300}):
        answer = await api.viewer.get(f"{CARE}/subjects/{subject}/moments", params=which)
        assert 400 <= answer.status_code < 500, (which, answer.text)
    for more in ({"related": "up"}, {"compare_at": 1.0}, {"seconds": 60, "related": ""}):
        answer = await api.viewer.post(f"{CARE}/query", json={"query": "up", **more})
        assert 400 <= answer.status_code < 500, (more, answer.text)


async def test_curves_are_compared_and_related(api: Api) -> None:
    now = time.time()
    step = f"vector(10) + 5 * (vector(time()) > bool {now - 300})"
    body = {
        "query": f'label_replace({step}, "n", "a", "", "") or label_replace(vector(time() % 7), '
        '"n", "b", "", "")',
        "seconds": 600, "step": 10, "end": now, "compare_at": now - 300,
        "related": f'label_replace(-1 * ({step}), "__name__", "mirrored", "", "") '
        'or label_replace(vector(time() % 5), "__name__", "else", "", "")',
    }  # fmt: skip
    answer = await api.viewer.post(f"{CARE}/query", json=body)
    assert answer.status_code == 200, answer.text
    first, other = answer.json()["curves"]
    assert first["labels"] == {"n": "a"} and other["labels"] == {"n": "b"}
    assert (first["compared"]["before"], first["compared"]["after"]) == pytest.approx(
        (10, 15), abs=0.2
    )
    assert abs(first["compared"]["strength"]) > 4.5 > abs(other["compared"]["strength"])
    [related] = answer.json()["related"]
    assert related["name"] == "mirrored" and related["correlation"] == pytest.approx(-1)
    assert related["at"] == pytest.approx(now - 300, abs=20)
    refused = await api.viewer.post(f"{CARE}/query", json={**body, "related": "sum("})
    assert refused.json()["code"] == "care.bad_query"


async def test_what_happened_is_marked_on_the_axis(
    places: Places, subject_folder: Path, name: str, options: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("HARNESS_CARE__METRICS__URL", options["care"]["metrics"]["url"])
    for words in (("init", "-q"), ("add", "."), ("commit", "-qm", "Raise the \x1b[31mlimit")):
        git = ["git", "-c", "user.name=ann", "-c", "user.email=a@b", *words]
        await asyncio.to_thread(subprocess.run, git, cwd=subject_folder, check=True)
    await places.stack("care", "subject", "add", str(subject_folder))
    await places.stack("care", "silence", name, "--for", "1h", "--reason", "we move")
    words = ("care", "query", 'up{job="self"}', "--since", "2m", "--subject", name)
    for run in (places.stack, places.daemon):
        text = (await run(*words)).out
        assert "1  20" in text and "commit   Raise the" in text and "\x1b" not in text
        assert "2  20" in text and "silence  all: we move" in text
        line = (await run(*words, "--json")).last
        assert [each["kind"] for each in line["moments"]] == ["commit", "silence"]
        shown = (await run("care", "metrics", "--subject", name, "http_requests_total")).out
        assert "counter" in shown and "prometheus_http_requests_total code: " in shown
        both = await run(*words, "--compare", "1m", "--related", 'up{job="self"}', "--json")
        assert both.last["curves"][0]["last"] == 1.0
    for bad in (
        ("care", "query", "up", "--subject", name), ("care", "query", "up", "--compare", "5m"),
        ("care", "metrics"), ("care", "metrics", "up", "--limit", "0"),
    ):  # fmt: skip
        with pytest.raises(UsageError):
            await places.stack(*bad)
