"""What the largest requests to the codec of Temporal's page cost everybody else."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

from google.protobuf import json_format
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.converter import DataConverter

from harness.temporal_page.codec import (
    MOST_PAYLOADS,
    decode_payloads,
    load_payloads,
    write_payloads,
)
from tests.fakes.loop_lag import Cost, measure

ENOUGH = Cost(lag_ms=100, memory_mb=300)
CONVERTER = DataConverter.default


def make_payloads(count: int, size: int) -> list[Payload]:
    metadata = {"encoding": b"json/plain"}
    return [Payload(metadata=metadata, data=b"x" * size) for _ in range(count)]


async def test_many_payloads_leave_the_loop_its_turns() -> None:
    payloads = make_payloads(MOST_PAYLOADS, 6_000)

    async def decode() -> None:
        await decode_payloads(CONVERTER, payloads, keep_references=False)

    async def write() -> None:
        await write_payloads(payloads)

    async def write_large() -> None:
        await write_payloads(make_payloads(2, 7_000_000))

    for call in (decode, write, write_large):
        cost = await measure(call, ENOUGH)
        assert cost.lag_ms < ENOUGH.lag_ms, (call, cost)


async def test_each_payload_is_measured_once() -> None:
    payloads = make_payloads(500, 10)
    measured = 0

    def count(_: FrameType, event: str, called: Any) -> None:
        nonlocal measured
        measured += event == "c_call" and called.__name__ == "ByteSize"

    sys.setprofile(count)
    try:
        await decode_payloads(CONVERTER, payloads, keep_references=False)
        await load_payloads(CONVERTER, payloads)
    finally:
        sys.setprofile(None)
    assert 0 < measured <= 2 * 500


async def test_what_is_written_is_the_same_as_of_the_sdk() -> None:
    payloads = [*make_payloads(3, 2), Payload(), Payload(metadata={"é": b"\xff"})]
    written = await write_payloads(payloads)
    assert json_format.Parse(written, Payloads()) == Payloads(payloads=payloads)
    assert await write_payloads([]) == b"{}"
