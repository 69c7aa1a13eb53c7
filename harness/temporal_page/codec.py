"""Decode payloads for Temporal's page: decrypt them, and load those stored outside of history."""

from __future__ import annotations

import json
from collections.abc import Sequence

from google.protobuf import json_format
from google.protobuf.message import DecodeError
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


def write_payloads(payloads: Sequence[Payload]) -> bytes:
    """The body of an answer of a codec server."""
    return json.dumps(json_format.MessageToDict(Payloads(payloads=payloads))).encode()


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
    for payload in payloads:
        kept = keep_references and REFERENCE in payload.metadata.get("messageType", b"")
        try:
            decoded.append(payload if kept else await _decode_payload(converter, payload))
        except StoreUnavailable:
            raise
        except UNREADABLE:
            decoded.append(payload)
        _check_size(decoded)
    return decoded


async def load_payloads(converter: DataConverter, payloads: Sequence[Payload]) -> list[Payload]:
    """Decode payloads that a person asked for.

    Raises:
        StoreError: One cannot be read.
        InvalidRequest: One is malformed.
        RequestTooLarge: They are too large.
    """
    loaded: list[Payload] = []
    for payload in payloads:
        try:
            loaded.append(await _decode_payload(converter, payload))
        except StoreError:
            raise
        except UNREADABLE:
            raise InvalidRequest("A payload of the request is malformed.") from None
        _check_size(loaded)
    return loaded


async def _decode_payload(converter: DataConverter, payload: Payload) -> Payload:
    raw: list[RawValue] = await converter.decode([payload], [RawValue])
    return raw[0].payload


def _check_size(decoded: Sequence[Payload]) -> None:
    if sum(each.ByteSize() for each in decoded) > MOST_BYTES:
        raise RequestTooLarge(
            f"The decoded payloads have more than {MOST_BYTES:,} bytes.",
            fix="Read the run elsewhere: `harness trace RUN`.",
        )
