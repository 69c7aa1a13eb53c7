"""Decode payloads for Temporal's page: decrypt them, and load those stored outside of history."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from google.protobuf import json_format
from google.protobuf.message import DecodeError
from pydantic_core import to_json
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.common import RawValue
from temporalio.converter import DataConverter

from harness.contracts.errors import InvalidRequest, RequestTooLarge, StoreError, StoreUnavailable
from harness.engine.payload_codec import REFERENCE

MOST_PAYLOADS = 1_000
MOST_BYTES = 16_000_000
"""Of all decoded payloads of one request."""
UNREADABLE = (StoreError, DecodeError, ValueError, KeyError, TypeError, RuntimeError)
"""What decoding raises for content that is forgotten, damaged or not ours."""


def parse_payloads(body: bytes) -> list[Payload]:
    """Read the body of a request to a codec server.

    Raises:
        InvalidRequest: It has another form.
        RequestTooLarge: It has too many payloads.
    """
    try:
        parsed = json_format.Parse(body, Payloads(), ignore_unknown_fields=True)
    except (json_format.ParseError, UnicodeDecodeError, RecursionError):
        raise InvalidRequest("The body does not hold payloads of Temporal, as JSON.") from None
    if len(parsed.payloads) > MOST_PAYLOADS:
        raise RequestTooLarge(f"The request has more than {MOST_PAYLOADS:,} payloads.")
    return list(parsed.payloads)


async def write_payloads(payloads: Sequence[Payload]) -> bytes:
    """The body of an answer of a codec server; others have their turns while it is written."""
    written: list[bytes] = []
    for payload in payloads:
        written.append(to_json(json_format.MessageToDict(payload)))
        await asyncio.sleep(0)
    return b'{"payloads":[' + b",".join(written) + b"]}" if written else b"{}"


async def decode_payloads(
    converter: DataConverter, payloads: Sequence[Payload], *, keep_references: bool
) -> list[Payload]:
    """Decode payloads. One that cannot be read, such as of a forgotten run, stays as it is.

    Args:
        converter: What the daemon reads runs with.
        payloads: The payloads.
        keep_references: Leave those that are stored outside, for the page to load one by one.

    Raises:
        RequestTooLarge: The decoded payloads are too large.
        StoreUnavailable: The database does not answer.
    """
    decoded: list[Payload] = []
    left = MOST_BYTES
    for payload in payloads:
        kept = keep_references and REFERENCE in payload.metadata.get("messageType", b"")
        try:
            decoded.append(payload if kept else await _decode_payload(converter, payload))
        except StoreUnavailable:
            raise
        except UNREADABLE:
            decoded.append(payload)
        left = _spend(left, decoded[-1])
        await asyncio.sleep(0)  # what is in memory is decoded without a wait: others have turns
    return decoded


async def load_payloads(converter: DataConverter, payloads: Sequence[Payload]) -> list[Payload]:
    """Decode payloads that a person asked for.

    Raises:
        StoreError: One cannot be read.
        InvalidRequest: One is malformed.
        RequestTooLarge: They are too large.
    """
    loaded: list[Payload] = []
    left = MOST_BYTES
    for payload in payloads:
        try:
            loaded.append(await _decode_payload(converter, payload))
        except StoreError:
            raise
        except UNREADABLE:
            raise InvalidRequest("A payload of the request is malformed.") from None
        left = _spend(left, loaded[-1])
        await asyncio.sleep(0)
    return loaded


async def _decode_payload(converter: DataConverter, payload: Payload) -> Payload:
    raw: list[RawValue] = await converter.decode([payload], [RawValue])
    return raw[0].payload


def _spend(left: int, decoded: Payload) -> int:
    """The bytes that are left of the most, after one more payload."""
    left -= decoded.ByteSize()
    if left < 0:
        raise RequestTooLarge(
            f"The decoded payloads have more than {MOST_BYTES:,} bytes.",
            fix="Read the run elsewhere: `harness trace RUN`.",
        )
    return left
