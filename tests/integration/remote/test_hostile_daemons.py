"""What answers at an address may be anything, and gets neither memory nor time nor the token."""

from __future__ import annotations

import asyncio
import datetime
import json
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from harness.config.logins import Server
from harness.contracts.errors import (
    DaemonAnswerInvalid,
    DaemonUnreachable,
    HarnessError,
    NotLoggedIn,
    RunFailed,
    RunNotFound,
)
from harness.history import bounded
from harness.remote import backend as backend_module
from harness.remote import connection as connection_module
from harness.remote import event_reader, reconnects
from harness.remote import run as run_module
from harness.remote.backend import open_daemon_backend
from harness.runs.filter import RunFilter
from harness.version import __version__

TOKEN = f"hns_{'0' * 16}_{'A' * 43}"
JSON = "application/json"
PROBLEM = "application/problem+json"


class Hostile:
    """A server that sends the same bytes to every request, and keeps what it was sent."""

    def __init__(self, answer: bytes, again: bytes) -> None:
        self.url = ""
        self.heard = b""
        self._answer, self._again = answer, again

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.heard += await reader.readuntil(b"\r\n\r\n")
            writer.write(self._answer)
            await writer.drain()
            while self._again:  # for as long as anyone reads
                writer.write(self._again)
                await writer.drain()
                await asyncio.sleep(0)
            if not self._answer:
                await reader.read()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def answering(
    answer: bytes, again: bytes = b"", tls: ssl.SSLContext | None = None
) -> AsyncGenerator[Hostile]:
    hostile = Hostile(answer, again)
    server = await asyncio.start_server(hostile.serve, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    hostile.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
    try:
        yield hostile
    finally:
        server.close()


def head(kind: str = JSON, status: str = "200 OK", *more: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", "Connection: close", *more, "", ""]
    return "\r\n".join(lines).encode()


def problem(code: str, detail: str) -> bytes:
    body = {"type": "x", "title": "x", "status": 404, "detail": detail, "code": code, "fix": "Do."}
    return head(PROBLEM, "404 Not Found") + json.dumps(body).encode()


async def refused(url: str, run: str | None = None) -> HarnessError:
    """The error of asking who calls, or of following a run; it never has the token."""
    async with open_daemon_backend(Server(url, TOKEN)) as backend:
        with pytest.raises(HarnessError) as raised:
            if run is None:
                await backend.read_me()
            else:
                async for _ in backend.get_run(run).events():
                    pass
    assert TOKEN not in str(raised.value) and TOKEN not in repr(raised.value.__cause__)
    return raised.value


NO_DAEMONS = {
    "a web page": (head("text/html") + b"<h1>Hi</h1>", "is not a daemon of harness"),
    "another API": (head(JSON, "404 Not Found") + b"{}", "is not a daemon of harness"),
    "deep": (head() + b"[" * 100_000, "nested more than"),
    "wide": (head() + b"[" + b"1," * 2_000, "more than 1,000 values"),
    "wrong": (head() + b'{"user": "ada", "role": "god"}', "does not understand: role"),
    "binary": (head() + b"\xff\xfe", "not UTF-8"),
    "a bomb": (head(JSON, "200 OK", "Content-Encoding: gzip") + b"x", "compressed"),
    "no problem": (head(PROBLEM, "500 Oops") + b"{}", "does not understand"),
    "long": (head(PROBLEM, "500 Oops") + b"\x1b[2J" * 100_000, "sent more than 200,000 bytes"),
}


@pytest.mark.parametrize("case", NO_DAEMONS)
async def test_no_daemon(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded, "VALUES", 1_000)
    answer, says = NO_DAEMONS[case]
    async with answering(answer) as hostile:
        error = await refused(hostile.url)
    assert isinstance(error, DaemonAnswerInvalid)
    assert says in error.message


async def test_another_version_is_named() -> None:
    async with answering(head() + b'{"version": "99.0"}') as hostile:
        error = await refused(hostile.url)
    assert f"The daemon is version 99.0, this is {__version__}." in error.message


async def test_an_answer_without_an_end() -> None:
    async with answering(head(), again=b'"' + b"x" * 100_000) as hostile:
        assert "sent more than" in (await refused(hostile.url)).message
    async with answering(b"HTTP/1.1 200 OK\r\n", again=b"X-More: more\r\n") as hostile:
        assert isinstance(await refused(hostile.url), DaemonUnreachable)


async def test_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "ANSWER_S", 0.05)
    for answer in (b"", head()):
        async with answering(answer, again=b" " if answer else b"") as hostile:
            error = await refused(hostile.url)
        assert isinstance(error, DaemonUnreachable)
        assert "takes too long" in error.message


async def test_a_redirect_gets_no_token() -> None:
    async with answering(head() + b'{"user": "ada", "role": "admin"}') as thief:
        moved = head(JSON, "307 Temporary Redirect", f"Location: {thief.url}/api/v1/me")
        async with answering(moved) as hostile:
            error = await refused(hostile.url)
        assert isinstance(error, DaemonAnswerInvalid)
        assert thief.url in error.message and thief.heard == b""


async def test_a_proxy_gets_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    async with answering(head() + b'{"user": "ada", "role": "admin"}') as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        async with (
            answering(head() + b'{"user": "ada", "role": "admin"}') as daemon,
            open_daemon_backend(Server(daemon.url, TOKEN)) as backend,
        ):
            assert (await backend.read_me()).user == "ada"
        assert TOKEN.encode() in daemon.heard
        assert proxy.heard == b""


async def test_a_certificate_that_nobody_signed(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_self_signed(tmp_path))
    async with answering(head(), tls=context) as hostile:
        error = await refused(hostile.url)
    assert isinstance(error, DaemonUnreachable)
    assert "certificate" in error.message and "SSL_CERT_FILE" in error.fix
    assert hostile.heard == b""


def _self_signed(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now.replace(year=9000))
    pem = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file = folder / "server.pem"
    file.write_bytes(secret + pem)
    return file


async def test_errors_keep_their_class() -> None:
    cases: dict[str, type[HarnessError]] = {
        "run.not_found": RunNotFound, "access.not_signed_in": NotLoggedIn, "new.thing": RunFailed,
    }  # fmt: skip
    for code, kind in cases.items():
        async with answering(problem(code, "\x1b[2J" + "x" * 50_000)) as hostile:
            error = await refused(hostile.url)
        assert type(error) is kind
        assert len(error.message) < 11_000


async def test_streams_that_never_arrive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_reader, "EVENT_BYTES", 100_000)
    monkeypatch.setattr(reconnects, "PATIENCE_S", 0.0)
    stream = "text/event-stream"
    cases: list[tuple[bytes, bytes, str]] = [
        (head(stream), b"data: x" * 1000, "sends an event of more than"),
        (head(stream), b"data: x\n" * 1000, "sends an event of more than"),
        (head(stream) + b"data: {}\n\n", b"", "does not understand"),
        (head(stream), b"", "closes its streams"),
        (head(stream) + b": still here\n\n", b"", "closes its streams"),
        (head(stream) + b"event: error\ndata: {}\n\n", b"", "does not understand"),
        (head(JSON) + b"{}", b"", "is not a daemon"),
    ]
    for answer, again, says in cases:
        async with answering(answer, again) as hostile:
            error = await refused(hostile.url, "some-run")
        assert says in error.message, error.message


async def test_pages_without_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend_module, "MOST_PAGES", 3)
    page: dict[str, Any] = {"runs": [], "next": "more"}
    async with (
        answering(head() + json.dumps(page).encode()) as hostile,
        open_daemon_backend(Server(hostile.url, TOKEN)) as backend,
    ):
        with pytest.raises(DaemonAnswerInvalid, match="keeps listing pages"):
            await backend.list_runs(RunFilter())


async def test_a_run_that_never_ends_is_asked_about_with_pauses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            raise asyncio.CancelledError

    monkeypatch.setattr(run_module, "sleep", pause)
    async with (
        answering(problem("run.unfinished", "Not yet.")) as hostile,
        open_daemon_backend(Server(hostile.url, TOKEN)) as backend,
    ):
        with pytest.raises(asyncio.CancelledError):
            await backend.get_run("some-run").outcome()
    assert hostile.heard.count(b"GET ") == len(pauses)
    assert min(pauses) >= 1


async def test_an_undo_without_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "ANSWER_S", 0.05)
    monkeypatch.setattr(run_module, "MOST_UNDO_REQUESTS", 3)
    async with (
        answering(b"") as hostile,
        open_daemon_backend(Server(hostile.url, TOKEN)) as backend,
    ):
        with pytest.raises(DaemonUnreachable, match="has not finished the undo") as raised:
            await backend.get_run("some-run").undo()
    assert "harness undo some-run" in raised.value.fix
    assert hostile.heard.count(b"POST ") == 3


async def test_forgetting_without_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "ANSWER_S", 0.05)
    async with (
        answering(b"") as hostile,
        open_daemon_backend(Server(hostile.url, TOKEN)) as backend,
    ):
        with pytest.raises(DaemonUnreachable, match="has not finished forgetting") as raised:
            await backend.archive.forget("some-run")
    assert "harness forget some-run" in raised.value.fix
    assert hostile.heard.count(b"POST ") == 1


@pytest.mark.parametrize("secret", ["whsec_a\x1b[2Jb", "whsec_a\nb", "whsec_\u202eb"])
async def test_a_secret_cannot_steer_the_terminal(secret: str) -> None:
    webhook = {
        "id": "w", "owner": "ada", "everyone": False, "events": [], "url": "https://a.example",
        "created": 1, "state": "active",
    }  # fmt: skip
    body = json.dumps({"webhook": webhook, "secret": secret}).encode()
    async with (
        answering(head(JSON, "201 Created") + body) as hostile,
        open_daemon_backend(Server(hostile.url, TOKEN)) as backend,
    ):
        with pytest.raises(DaemonAnswerInvalid, match="answers with no secret"):
            await backend.webhooks.add("https://a.example", events=[], agent=None, owner=None)


async def test_ids_stay_segments_of_the_path() -> None:
    async with answering(head() + b'{"events": []}') as hostile:
        for id in ("../users", "a/b?c#d", "..", "x\r\nHost: evil"):
            async with open_daemon_backend(Server(hostile.url, TOKEN)) as backend:
                await backend.get_run(id).trace()
        paths = [
            line.split()[1] for line in hostile.heard.decode().split("\r\n") if "HTTP/1.1" in line
        ]
    assert all(path.count("/") == 5 for path in paths), paths
    assert b"evil\r\n" not in hostile.heard
