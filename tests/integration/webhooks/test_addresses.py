"""Where messages may be sent, and what a hostile receiver can do: nothing."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import anyio
import pytest

from harness.contracts.errors import WebhookRefused, WebhookUndelivered
from harness.webhooks.send import Gone, Message, check_url, post_message
from harness.webhooks.settings import WebhookSettings
from tests.fakes.webhook_receiver import Receiver

MESSAGE, KEY = Message("msg_1", b'{"type": "run_ended"}'), b"k" * 32
SETTINGS = WebhookSettings(timeout_seconds=5)

REFUSED = {
    "plain http": "http://example.org/hook",
    "another port": "https://example.org:8443/hook",
    "another scheme": "ftp://example.org/",
    "a file": "file:///etc/passwd",
    "a password": "https://user:secret@example.org/",
    "a backslash": "https://example.org\\@127.0.0.1/",
    "a line break": "https://example.org/\r\nX-Injected: 1",
    "a tab": "https://example.org/\tx",
    "a space": "https://example.org/ HTTP/1.1",
    "a fragment": "https://example.org/#x",
    "no host": "https:///hook",
    "a long one": "https://example.org/" + "x" * 3000,
    "other letters": "https://example.org/hook\u0000",
    "not ASCII": "https://ex\u00e4mple.org/",
}
PRIVATE = {
    "loopback": "127.0.0.1",
    "loopback, short": "127.1",
    "loopback, decimal": "2130706433",
    "loopback, octal": "0177.0.0.1",
    "loopback, hexadecimal": "0x7f000001",
    "any": "0.0.0.0",
    "private": "10.0.0.1",
    "private 172": "172.16.0.1",
    "private 192": "192.168.1.1",
    "shared": "100.64.0.1",
    "link-local": "169.254.169.254",
    "multicast": "224.0.0.1",
    "broadcast": "255.255.255.255",
    "IPv6 loopback": "[::1]",
    "IPv6 unspecified": "[::]",
    "IPv6 mapped": "[::ffff:127.0.0.1]",
    "IPv6 NAT64": "[64:ff9b::7f00:1]",
    "IPv6 6to4": "[2002:7f00:1::]",
    "IPv6 private": "[fd00::1]",
    "IPv6 link-local": "[fe80::1]",
    "a name": "localhost",
    "a name with a dot": "localhost.",
}


@pytest.mark.parametrize("url", REFUSED.values(), ids=REFUSED.keys())
def test_refused_by_their_text(url: str) -> None:
    with pytest.raises(WebhookRefused):
        check_url(url, SETTINGS)


@pytest.mark.parametrize("host", PRIVATE.values(), ids=PRIVATE.keys())
async def test_private_addresses_are_not_reached(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialled = note_connections(monkeypatch)
    with pytest.raises((WebhookUndelivered, WebhookRefused)):
        await post_message(f"https://{host}/", MESSAGE, KEY, SETTINGS, owner="ann")
    assert dialled == []


async def test_public_addresses_are_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    dialled = note_connections(monkeypatch)
    with pytest.raises(WebhookUndelivered):
        await post_message("https://1.1.1.1/", MESSAGE, KEY, SETTINGS, owner="ann")
    assert len(dialled) == 1


def note_connections(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Connections that are asked for; none is made."""
    dialled: list[object] = []

    async def dial(*address: object, **_: object) -> Any:
        dialled.append(address)
        raise OSError("not in this test")

    monkeypatch.setattr(anyio, "connect_tcp", dial)
    return dialled


async def test_a_name_that_changes_its_address(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: what was checked is connected to, and the name is asked once."""
    port = int(receiver.origin.rpartition(":")[2])
    answers = [[(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]]
    name, resolve = "rebinding.example", socket.getaddrinfo

    def rebind(host: Any, *rest: Any, **options: Any) -> Any:
        return answers.pop() if host == name else resolve(host, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", rebind)
    allowed = WebhookSettings(allow=(f"http://{name}:{port}",))
    await post_message(f"http://{name}:{port}/hook", MESSAGE, KEY, allowed, owner="ann")
    assert receiver.received[0].headers["host"] == f"{name}:{port}"
    answers.append([(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", 443))])
    with pytest.raises(WebhookUndelivered, match="an address that is not public"):
        await post_message(f"https://{name}/hook", MESSAGE, KEY, SETTINGS, owner="ann")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_redirects_are_not_followed(receiver: Receiver, status: int) -> None:
    receiver.status, receiver.headers = status, {"location": f"{receiver.origin}/elsewhere"}
    allowed = WebhookSettings(allow=(receiver.origin,))
    with pytest.raises(WebhookUndelivered, match="redirect"):
        await post_message(receiver.url, MESSAGE, KEY, allowed, owner="ann")
    assert len(receiver.received) == 1


async def test_asked_to_wait_and_gone(receiver: Receiver) -> None:
    allowed = WebhookSettings(allow=(receiver.origin,))
    for text, wanted in {"7": 7, "0": 1, "999999": 3600, "9" * 50: None, "soon": None}.items():
        receiver.status, receiver.headers = 429, {"retry-after": text}
        with pytest.raises(WebhookUndelivered) as refused:
            await post_message(receiver.url, MESSAGE, KEY, allowed, owner="ann")
        assert refused.value.retry_after == wanted
    receiver.status = 410
    with pytest.raises(Gone):
        await post_message(receiver.url, MESSAGE, KEY, allowed, owner="ann")


HOSTILE = {
    "never answers": b"",
    "not HTTP": b"\x16\x03\x01" * 500 + b"\r\n\r\n",
    "endless headers": b"HTTP/1.1 200 OK\r\n" + b"X-Y: " + b"z" * 1_000_000,
    "endless interim answers": b"HTTP/1.1 102 Processing\r\n\r\n" * 20_000,
    "closes": None,
}


@pytest.mark.parametrize("answer", HOSTILE.values(), ids=HOSTILE.keys())
async def test_hostile_receivers(answer: bytes | None) -> None:
    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if answer is None:
            writer.close()
            return
        writer.write(answer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        settings = WebhookSettings(allow=(origin,), timeout_seconds=0.3)
        with pytest.raises(WebhookUndelivered) as refused:
            await post_message(f"{origin}/", MESSAGE, KEY, settings, owner="ann")
        assert len(refused.value.message) < 200


async def test_an_endless_answer_counts_by_its_status() -> None:
    """Its body is not read."""

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\nsecret")

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        settings = WebhookSettings(allow=(origin,), timeout_seconds=5)
        await post_message(f"{origin}/", MESSAGE, KEY, settings, owner="ann")
