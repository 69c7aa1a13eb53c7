"""Decode history entries whose payloads are encrypted or stored elsewhere.

Works without Temporal: sealed histories are decoded the same way.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from google.protobuf.message import Message
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import HistoryEvent
from temporalio.common import RawValue
from temporalio.converter import DataConverter

REFERENCE = b"ExternalStorageReference"
"""The name of the message that replaces a payload stored elsewhere."""


async def decode_entry(converter: DataConverter, entry: HistoryEvent) -> HistoryEvent:
    """Decrypt and fetch the payloads of an entry, and restore the texts of failures."""
    if converter.payload_codec is None and REFERENCE not in entry.SerializeToString():
        return entry
    copy = HistoryEvent()
    copy.CopyFrom(entry)
    failures: list[Failure] = []
    for found in _find_payloads(copy):
        if isinstance(found, Failure):
            failures.append(found)
            continue
        raw: list[RawValue] = await converter.decode([found], [RawValue])
        found.CopyFrom(raw[0].payload)
    for failure in failures:
        _restore_text(failure)
    return copy


def _restore_text(failure: Failure) -> None:
    """Restore the text of an encrypted failure from its payload."""
    if not failure.HasField("encoded_attributes"):
        return
    texts: dict[str, Any] = json.loads(failure.encoded_attributes.data)
    failure.message = texts.get("message", "")
    failure.stack_trace = texts.get("stack_trace", "")
    failure.ClearField("encoded_attributes")


def _find_payloads(message: Message) -> Iterator[Payload | Failure]:
    """Yield every payload and failure in a message, at any depth."""
    if isinstance(message, Payload):
        yield message
        return
    if isinstance(message, Failure):
        yield message
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        inner: list[Any] = [value]
        if field.message_type.GetOptions().map_entry:
            # Maps of plain values contain no messages.
            inner = [v for v in value.values() if hasattr(v, "ListFields")]
        elif field.is_repeated:
            inner = list(value)
        for each in inner:
            yield from _find_payloads(each)
