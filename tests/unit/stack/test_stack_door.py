"""The door of Temporal's page passes only requests that are meant for its own address."""

import asyncio
import socket

import pytest
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceResponse, UpdateNamespaceRequest

from harness.stack import door as door_module
from harness.stack import rpc
from harness.stack.door import Door, Refused, check_request

PORT = 17001
HERE = f"127.0.0.1:{PORT}"
PATH = "/api/v1/namespaces"


def request(line: str, *headers: str) -> bytes:
    return "\r\n".join([line, *headers, "", ""]).encode("latin-1")


@pytest.mark.parametrize(
    "head",
    [
        request("GET / HTTP/1.1", f"Host: {HERE}"),
        request("GET / HTTP/1.1", f"host: LOCALHOST:{PORT}", "Sec-Fetch-Site: none"),
        # A link on another page to this one is only followed, not read.
        request(f"GET {PATH} HTTP/1.1", f"Host: {HERE}", "Sec-Fetch-Site: cross-site"),
        request(f"POST {PATH} HTTP/1.1", f"Host: {HERE}", f"Origin: http://{HERE}"),
        request(f"POST {PATH} HTTP/1.1", f"Host: {HERE}"),  # curl of the owner
    ],
)
def test_requests_for_its_own_address_pass(head: bytes) -> None:
    passed = check_request(head, PORT)
    assert passed.partition(b"\r\n")[0] == head.partition(b"\r\n")[0]
    assert passed.endswith(b"\r\nconnection: close\r\n\r\n")


@pytest.mark.parametrize(
    ("status", "head"),
    [
        ("403", request(f"GET {PATH} HTTP/1.1", "Host: evil.example")),
        ("403", request(f"GET {PATH} HTTP/1.1", f"Host: evil.example:{PORT}")),
        ("403", request(f"GET {PATH} HTTP/1.1", f"Host: {HERE}.evil.example")),
        ("403", request(f"GET {PATH} HTTP/1.1", f"Host: evil.example@{HERE}")),
        ("403", request(f"GET {PATH} HTTP/1.1", "Host: 127.0.0.1")),
        ("403", request(f"GET {PATH} HTTP/1.1", "Host: ")),
        ("403", request(f"GET {PATH} HTTP/1.0")),
        ("403", request(f"GET {PATH} HTTP/1.1", f"Host: {HERE}", "Host: evil.example")),
        ("403", request(f"GET {PATH} HTTP/1.1", f"Host: {HERE}", "X-Forwarded-Host: a", "Host: b")),
        ("403", request(f"POST {PATH} HTTP/1.1", f"Host: {HERE}", "Origin: http://evil.example")),
        ("403", request(f"POST {PATH} HTTP/1.1", f"Host: {HERE}", "Origin: null")),
        ("403", request(f"POST {PATH} HTTP/1.1", f"Host: {HERE}", "Origin: http://127.0.0.1:3000")),
        ("403", request(f"POST {PATH} HTTP/1.1", f"Host: {HERE}", f"Origin: https://{HERE}")),
        ("403", request(f"GET {PATH} HTTP/1.1", f"Host: {HERE}", "Origin: http://evil.example")),
        ("403", request(f"PUT {PATH} HTTP/1.1", f"Host: {HERE}", "Sec-Fetch-Site: same-site")),
        ("400", request(f"GET http://evil.example{PATH} HTTP/1.1", f"Host: {HERE}")),
        ("400", request(f"CONNECT {HERE} HTTP/1.1", f"Host: {HERE}")),
        ("400", request(f"GET {PATH}", f"Host: {HERE}")),
        ("400", request(f"GET {PATH} HTTP/2.0", f"Host: {HERE}")),
        ("400", request(f"GET {PATH} HTTP/1.1", "Host: evil.example", f" {HERE}")),
        ("400", request(f"GET {PATH} HTTP/1.1", f"Host : {HERE}")),
        ("400", request(f"GET {PATH} HTTP/1.1", f"Host: {HERE}", "X: a\nHost: evil.example")),
        ("400", request(f"GET {PATH} HTTP/1.1", f"Host: {HERE}", "nonsense")),
        ("400", b"\r\n\r\n"),
        ("400", b"\xff\x00\r\n\r\n"),
    ],
)
def test_other_requests_are_refused(status: str, head: bytes) -> None:
    with pytest.raises(Refused) as caught:
        check_request(head, PORT)
    assert caught.value.status.startswith(status)


def test_a_connection_is_never_reused_or_upgraded() -> None:
    passed = check_request(
        request("GET / HTTP/1.1", f"Host: {HERE}", "Connection: keep-alive", "Upgrade: websocket"),
        PORT,
    )
    assert b"keep-alive" not in passed and b"websocket" not in passed


async def test_an_answer_comes_through_and_what_is_refused_never_arrives() -> None:
    heard: list[bytes] = []

    async def page(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n") + await reader.readexactly(4))
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b"x" * 300_000)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(page, "127.0.0.1", 0)
    inner = server.sockets[0].getsockname()[1]
    probe = await asyncio.start_server(page, "127.0.0.1", 0)
    port = probe.sockets[0].getsockname()[1]
    probe.close()
    door = Door(port, lambda: ("127.0.0.1", inner))
    await door.open()
    good = request("POST / HTTP/1.1", f"Host: 127.0.0.1:{port}", "Content-Length: 4") + b"body"
    assert (await said(port, good)).endswith(b"x" * 300_000)
    refused = await said(port, request("POST / HTTP/1.1", "Host: evil.example") + good)
    assert refused.startswith(b"HTTP/1.1 403 ") and f"http://127.0.0.1:{port}".encode() in refused
    assert (await said(port, b"GET / HTTP/1.1\r\nX: " + b"x" * 40_000)).startswith(b"HTTP/1.1 431")
    assert len(heard) == 1 and heard[0].endswith(b"body")
    server.close()
    await server.wait_closed()
    assert (await said(port, good)).startswith(b"HTTP/1.1 502 ")
    door.close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


async def test_so_many_connections_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door_module, "_MOST_CONNECTIONS", 1)
    door = Door(free_port(), lambda: None)
    await door.open()
    _, idle = await asyncio.open_connection("127.0.0.1", door.port)
    assert (await said(door.port, b"")).startswith(b"HTTP/1.1 503 ")
    idle.close()
    door.close()


async def test_a_connection_that_sends_no_request_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(door_module, "_HEAD_SECONDS", 0)
    door = Door(free_port(), lambda: None)
    await door.open()
    assert await asyncio.wait_for(said(door.port, b"GET /"), 5) == b""
    door.close()


async def said(port: int, sent: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    try:
        return await reader.read()
    finally:
        writer.close()


def test_our_words_are_those_of_the_protocol() -> None:
    config = NamespaceConfig(custom_search_attribute_aliases={"Keyword01": "A", "Int02": "B"})
    config.workflow_execution_retention_ttl.seconds = 30 * 86400
    answer = DescribeNamespaceResponse(config=config, failover_version=7, is_global_namespace=True)
    answer.namespace_info.name = "default"
    found = rpc.read_namespace(answer.SerializeToString())
    assert found == rpc.Namespace(30 * 86400, {"Keyword01": "A", "Int02": "B"})
    update = UpdateNamespaceRequest.FromString(rpc.retention_update("größe", 86400))
    assert update.namespace == "größe"
    assert update.config.workflow_execution_retention_ttl.seconds == 86400
    kinds = {"HarnessOne": "Keyword", "HarnessTwo": "Int"}
    adding = AddSearchAttributesRequest.FromString(rpc.new_attributes("größe", kinds))
    assert adding.namespace == "größe"
    assert dict(adding.search_attributes) == {
        "HarnessOne": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
        "HarnessTwo": IndexedValueType.INDEXED_VALUE_TYPE_INT,
    }
    for broken in (b"\x12", b"\x12\x7f", b"\x0b", b"\x12\x02\x0a\x7f", b"\xff" * 12):
        with pytest.raises(ValueError):
            rpc.read_namespace(broken)
