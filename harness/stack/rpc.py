"""Three calls to the local Temporal over hand-written gRPC.

The SDK would dominate the memory and the start time of the supervisor. A unary call is one HTTP/2
stream. A successful answer has one message in DATA frames; an error has none, so headers, and with
them HPACK, need not be decoded.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from harness.stack import ports

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RESET, _SETTINGS, _PING, _GOAWAY = 0, 1, 3, 4, 6, 7
_END_STREAM, _ACK, _END_HEADERS = 0x1, 0x1, 0x4
_WORKFLOWS = "/temporal.api.workflowservice.v1.WorkflowService/"
_OPERATOR = "/temporal.api.operatorservice.v1.OperatorService/"
_INDEXED = {"Keyword": 2, "Int": 3}
"""Numbers of the types of search attributes."""
_LARGEST = 60_000
"""Below the initial flow-control window, so that none has to be granted."""
_SECONDS = 5.0


@dataclass(frozen=True)
class Namespace:
    """The properties of a namespace that the supervisor reads."""

    retention_seconds: int = 0
    aliases: dict[str, str] = field(default_factory=dict)
    """Names of search attributes by their slot (`Keyword01`)."""


async def describe_namespace(port: int, name: str) -> Namespace | None:
    """Describe a namespace; None if Temporal does not answer or does not know it."""
    answer = await _call_method(port, _WORKFLOWS + "DescribeNamespace", _encode_text(1, name))
    return None if answer is None else read_namespace(answer)


async def set_retention(port: int, name: str, seconds: int) -> bool:
    update = retention_update(name, seconds)
    return await _call_method(port, _WORKFLOWS + "UpdateNamespace", update) is not None


async def add_search_attributes(port: int, name: str, kinds: Mapping[str, str]) -> bool:
    request = new_attributes(name, kinds)
    return await _call_method(port, _OPERATOR + "AddSearchAttributes", request) is not None


def read_namespace(answer: bytes) -> Namespace:
    """Parse a DescribeNamespaceResponse."""
    retention, aliases = 0, dict[str, str]()
    for number, value in _read_fields(answer):
        if number == 2 and isinstance(value, bytes):  # config
            for inner, part in _read_fields(value):
                if inner == 1 and isinstance(part, bytes):  # workflow_execution_retention_ttl
                    retention = next((int(x) for n, x in _read_fields(part) if n == 1), 0)
                elif inner == 7 and isinstance(part, bytes):  # custom_search_attribute_aliases
                    entry = dict(_read_fields(part))
                    aliases[_decode_text(entry.get(1))] = _decode_text(entry.get(2))
    return Namespace(retention, aliases)


def retention_update(name: str, seconds: int) -> bytes:
    """Encode an UpdateNamespaceRequest."""
    duration = b"\x08" + _encode_varint(seconds)
    return _encode_text(1, name) + _encode_bytes(3, _encode_bytes(1, duration))


def new_attributes(name: str, kinds: Mapping[str, str]) -> bytes:
    """Encode an AddSearchAttributesRequest."""
    entries = [
        _encode_text(1, each) + b"\x10" + _encode_varint(_INDEXED[kind])
        for each, kind in kinds.items()
    ]
    return b"".join(_encode_bytes(1, entry) for entry in entries) + _encode_text(2, name)


async def _call_method(port: int, method: str, message: bytes) -> bytes | None:
    try:
        async with asyncio.timeout(_SECONDS):
            reader, writer = await asyncio.open_connection(ports.HOST, port)
            try:
                writer.write(_build_request(port, method, message))
                return await _read_answer(reader, writer)
            finally:
                writer.close()
    except (OSError, TimeoutError, asyncio.IncompleteReadError, ValueError):
        return None


def _build_request(port: int, method: str, message: bytes) -> bytes:
    headers = (
        (":method", "POST"),
        (":scheme", "http"),
        (":path", method),
        (":authority", f"{ports.HOST}:{port}"),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
    )
    block = b"".join(b"\0" + _encode_hpack(name) + _encode_hpack(value) for name, value in headers)
    return (
        _PREFACE
        + _build_frame(_SETTINGS, 0, 0, b"")
        + _build_frame(_HEADERS, _END_HEADERS, 1, block)
        + _build_frame(_DATA, _END_STREAM, 1, b"\0" + struct.pack(">I", len(message)) + message)
    )


async def _read_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes | None:
    body = b""
    while len(body) <= _LARGEST:
        head = await reader.readexactly(9)
        kind, flags = head[3], head[4]
        payload = await reader.readexactly(int.from_bytes(head[:3], "big"))
        if kind == _SETTINGS and not flags & _ACK:
            writer.write(_build_frame(_SETTINGS, _ACK, 0, b""))
        elif kind == _PING and not flags & _ACK:
            writer.write(_build_frame(_PING, _ACK, 0, payload))
        elif kind in (_RESET, _GOAWAY):
            return None
        elif kind == _DATA:
            body += payload
        if kind in (_DATA, _HEADERS) and flags & _END_STREAM:
            return body[5:] if len(body) >= 5 else None
    return None


def _build_frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def _encode_hpack(text: str) -> bytes:
    """Encode an HPACK string of less than 127 bytes."""
    return bytes([len(text)]) + text.encode()


def _encode_varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _encode_bytes(number: int, value: bytes) -> bytes:
    return _encode_varint(number << 3 | 2) + _encode_varint(len(value)) + value


def _encode_text(number: int, value: str) -> bytes:
    return _encode_bytes(number, value.encode())


def _decode_text(value: int | bytes | None) -> str:
    return value.decode() if isinstance(value, bytes) else ""


def _read_fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield number and value of each field; raises ValueError for invalid protobuf."""
    at = 0
    while at < len(message):
        key, at = _read_varint(message, at)
        match key & 7:
            case 0:
                value, at = _read_varint(message, at)
                yield key >> 3, value
                continue
            case 1:
                size = 8
            case 5:
                size = 4
            case 2:
                size, at = _read_varint(message, at)
            case kind:
                raise ValueError(f"wire type {kind}")
        if at + size > len(message):
            raise ValueError("a field is cut off")
        yield key >> 3, message[at : at + size]
        at += size


def _read_varint(message: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(message):
            break
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("a number is cut off")
