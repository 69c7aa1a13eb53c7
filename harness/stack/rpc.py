"""Three calls to the local engine over gRPC, by hand.

The SDK would cost the supervisor most of its memory and of the time it takes to start. A unary call
is one HTTP/2 stream. A successful answer carries one message in DATA frames; an error carries none,
so headers, and with them HPACK, need not be decoded.
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
"""Below the first flow-control window, so that none has to be granted."""
_SECONDS = 5.0


@dataclass(frozen=True)
class Namespace:
    """What the supervisor reads of a namespace."""

    retention_seconds: int = 0
    aliases: dict[str, str] = field(default_factory=dict)
    """Names of search attributes by their slot (`Keyword01`)."""


async def describe_namespace(port: int, name: str) -> Namespace | None:
    """None when the engine does not answer, or does not know the namespace."""
    answer = await _call(port, _WORKFLOWS + "DescribeNamespace", _text(1, name))
    return None if answer is None else read_namespace(answer)


async def set_retention(port: int, name: str, seconds: int) -> bool:
    update = retention_update(name, seconds)
    return await _call(port, _WORKFLOWS + "UpdateNamespace", update) is not None


async def add_search_attributes(port: int, name: str, kinds: Mapping[str, str]) -> bool:
    request = new_attributes(name, kinds)
    return await _call(port, _OPERATOR + "AddSearchAttributes", request) is not None


def read_namespace(answer: bytes) -> Namespace:
    """Read a DescribeNamespaceResponse."""
    retention, aliases = 0, dict[str, str]()
    for number, value in _fields(answer):
        if number == 2 and isinstance(value, bytes):  # config
            for inner, part in _fields(value):
                if inner == 1 and isinstance(part, bytes):  # workflow_execution_retention_ttl
                    retention = next((int(x) for n, x in _fields(part) if n == 1), 0)
                elif inner == 7 and isinstance(part, bytes):  # custom_search_attribute_aliases
                    entry = dict(_fields(part))
                    aliases[_decode(entry.get(1))] = _decode(entry.get(2))
    return Namespace(retention, aliases)


def retention_update(name: str, seconds: int) -> bytes:
    """An UpdateNamespaceRequest."""
    duration = b"\x08" + _varint(seconds)
    return _text(1, name) + _bytes(3, _bytes(1, duration))


def new_attributes(name: str, kinds: Mapping[str, str]) -> bytes:
    """An AddSearchAttributesRequest."""
    entries = [_text(1, each) + b"\x10" + _varint(_INDEXED[kind]) for each, kind in kinds.items()]
    return b"".join(_bytes(1, entry) for entry in entries) + _text(2, name)


async def _call(port: int, method: str, message: bytes) -> bytes | None:
    try:
        async with asyncio.timeout(_SECONDS):
            reader, writer = await asyncio.open_connection(ports.HOST, port)
            try:
                writer.write(_request(port, method, message))
                return await _answer(reader, writer)
            finally:
                writer.close()
    except (OSError, TimeoutError, asyncio.IncompleteReadError, ValueError):
        return None


def _request(port: int, method: str, message: bytes) -> bytes:
    headers = (
        (":method", "POST"),
        (":scheme", "http"),
        (":path", method),
        (":authority", f"{ports.HOST}:{port}"),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
    )
    block = b"".join(b"\0" + _short(name) + _short(value) for name, value in headers)
    return (
        _PREFACE
        + _frame(_SETTINGS, 0, 0, b"")
        + _frame(_HEADERS, _END_HEADERS, 1, block)
        + _frame(_DATA, _END_STREAM, 1, b"\0" + struct.pack(">I", len(message)) + message)
    )


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes | None:
    body = b""
    while len(body) <= _LARGEST:
        head = await reader.readexactly(9)
        kind, flags = head[3], head[4]
        payload = await reader.readexactly(int.from_bytes(head[:3], "big"))
        if kind == _SETTINGS and not flags & _ACK:
            writer.write(_frame(_SETTINGS, _ACK, 0, b""))
        elif kind == _PING and not flags & _ACK:
            writer.write(_frame(_PING, _ACK, 0, payload))
        elif kind in (_RESET, _GOAWAY):
            return None
        elif kind == _DATA:
            body += payload
        if kind in (_DATA, _HEADERS) and flags & _END_STREAM:
            return body[5:] if len(body) >= 5 else None
    return None


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def _short(text: str) -> bytes:
    """An HPACK string of less than 127 bytes."""
    return bytes([len(text)]) + text.encode()


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _bytes(number: int, value: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _text(number: int, value: str) -> bytes:
    return _bytes(number, value.encode())


def _decode(value: int | bytes | None) -> str:
    return value.decode() if isinstance(value, bytes) else ""


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Number and value of each field; raises ValueError for what is not protobuf."""
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
