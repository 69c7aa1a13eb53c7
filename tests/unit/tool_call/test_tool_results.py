"""What a tool returns, as the model reads it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from pydantic import BaseModel

from harness.agent import tool
from harness.agent.summarized import Summarized
from harness.contracts.errors import StoreUnavailable
from harness.contracts.transcript import digest
from harness_activities.tool_call.failures import clean_message
from harness_activities.tool_call.results import PREVIEW_LIMIT
from tests.fakes.tool_calls import Memory, calling


class Point(BaseModel):
    x: int


@dataclass
class Pair:
    left: Point
    right: date


class Strange:
    def __repr__(self) -> str:
        return "strange"


RESULTS: dict[str, Any] = {
    "text": "ünïcode\n",
    "half": "a\ud800b",
    "none": None,
    "number": 1.5,
    "nan": float("nan"),
    "model": Point(x=1),
    "data": Pair(Point(x=1), date(2024, 1, 2)),
    "mapping": {"a": [1, Point(x=2)]},
    "utf8": "grüße".encode(),
    "empty": "",
}


@tool(effect="read")
async def give(name: str) -> Any:
    "Give a result."
    return RESULTS[name]


@tool(effect="read")
async def repeat(text: str, times: int, tail: str = "") -> str:
    "Repeat a text."
    return text * times + tail


@tool(effect="read")
async def raw() -> bytes:
    "Give bytes."
    return b"\x00\xff" * 10


@tool(effect="read")
async def strange() -> Any:
    "Give what JSON cannot say."
    return {"thing": Strange()}


@tool
async def big_write() -> str:
    "Write, and say much about it."
    return "y" * 20_000


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("text", "ünïcode\n"),
        ("half", "a?b"),
        ("none", "null"),
        ("number", "1.5"),
        ("nan", "NaN"),
        ("model", '{"x":1}'),
        ("data", '{"left":{"x":1},"right":"2024-01-02"}'),
        ("mapping", '{"a":[1,{"x":2}]}'),
        ("utf8", "grüße"),
        ("empty", ""),
    ],
)
async def test_a_result_is_text_or_json(name: str, content: str) -> None:
    async with calling(give) as call:
        assert await call("give", name=name) == content


async def test_what_has_no_json_form_is_an_error() -> None:
    async with calling(strange) as call:
        code, message = await call.refused("strange")
    assert code == "tool.failed"
    assert "has no JSON form" in message


async def test_a_large_result_is_shown_in_part_and_read_in_pages() -> None:
    async with calling(repeat) as call:
        assert len(await call("repeat", text="x", times=PREVIEW_LIMIT)) == PREVIEW_LIMIT
        outcome = await call.request("repeat", {"text": "é1", "times": 20_000, "tail": "the end"})
        assert outcome.result
        shown, artifact = outcome.result.content, outcome.result.artifact
        whole = "é1" * 20_000 + "the end"
        assert artifact == digest(whole.encode())
        assert shown.startswith("é1é1")
        assert "bytes left out" in shown
        assert len(shown.encode()) < PREVIEW_LIMIT
        assert (
            f'the whole result has 60,007 bytes; read it with read_result(artifact="{artifact}"'
            in shown
        )
        pages, offset = [], 0
        while True:
            page = await call("read_result", artifact=artifact, offset=offset, limit=7_000)
            text, _, note = page.rpartition("\n")
            pages.append(text)
            following = re.search(r"offset=(\d+)", note)
            if not following:
                break
            offset = int(following[1])
    assert "".join(pages) == whole
    assert "the end]" in note


async def test_reading_past_the_end_is_reported() -> None:
    async with calling(repeat) as call:
        outcome = await call.request("repeat", {"text": "x", "times": 20_000})
        assert outcome.result
        page = await call("read_result", artifact=outcome.result.artifact, offset=20_000)
    assert page == "(nothing at byte 20000: the result is shorter)"


async def test_ten_megabytes_are_accepted() -> None:
    async with calling(repeat) as call:
        outcome = await call.request("repeat", {"text": "x" * 1000, "times": 10_000})
    assert outcome.result and outcome.result.artifact
    assert len(outcome.wire()) < 20_000


async def test_results_have_a_size_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness_activities.tool_call.results.MAX_RESULT", 50_000)
    async with calling(repeat) as call:
        _, message = await call.refused("repeat", text="x", times=50_001)
    assert message.startswith("The result has 50,001 bytes; the limit is 50,000")


async def test_binary_data_is_kept_and_not_shown() -> None:
    async with calling(raw) as call:
        outcome = await call.request("raw", {})
    assert outcome.result and outcome.result.artifact == digest(b"\x00\xff" * 10)
    assert outcome.result.content.startswith("(binary data)\n[the whole result has 20 bytes")


class Full(Memory):
    async def put(
        self, content: bytes, *, media_type: str | None = None, run: str | None = None
    ) -> str:
        raise StoreUnavailable("Postgres is away.")


async def test_a_write_that_happened_is_not_repeated_because_its_result_cannot_be_kept() -> None:
    async with calling(big_write, artifacts=Full()) as call:
        content = await call("big_write")
    assert "the rest could not be kept" in content


async def test_a_read_is_retried_when_its_result_cannot_be_stored() -> None:
    async with calling(repeat, artifacts=Full()) as call:
        with pytest.raises(Exception, match="Postgres is away") as caught:
            await call.request("repeat", {"text": "x", "times": 20_000})
    assert getattr(caught.value, "type", "") == "store.unavailable"


async def test_an_outcome_is_small() -> None:
    async with calling(give) as call:
        outcome = await call.request("give", {"name": "number"})
    assert set(json.loads(outcome.wire())) == {"result", "ms"}


def test_messages_of_failures_can_be_stored() -> None:
    """The ledger takes no NUL, and no half of a surrogate pair: a tool that says such a thing has
    come to its end all the same."""
    assert clean_message("no \0 way \ud800") == "no \ufffd way ?"


@tool(effect="write")
async def order() -> Any:
    "Order something."
    return Strange()


async def test_a_write_whose_result_cannot_be_shown_is_done() -> None:
    async with calling(order) as call:
        said = await call("order")
        assert said.startswith("[It was done. Its result cannot be shown: It returned Strange")
        [row] = call.effects.rows.values()
    assert row["state"] == "done"


@tool(effect="read")
async def measure() -> Summarized:
    "Measure."
    return Summarized("three points\ud800", b"[1, 2, 3]", "application/json", "3 points")


async def test_a_summary_names_the_artifact_with_all_of_it() -> None:
    async with calling(measure) as call:
        shown = await call("measure")
        assert shown.startswith("three points?\n[all of it, 3 points, has 9 bytes; read it with")
        found = re.search(r'artifact="([^"]+)"', shown)
        assert found is not None
        assert "[1, 2, 3]" in await call("read_result", artifact=found[1])
