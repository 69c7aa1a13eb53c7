"""The page behind the gate: what nobody has to sign in for, and what it must not open."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from harness.api.caller import Caller
from harness.api.route import full_path
from harness.capabilities.registry import enabled_capabilities
from harness.engine.connection import Connection
from harness_daemon.app import load_routes
from harness_daemon.bodies import Bounds
from harness_daemon.gate import OPEN_PATHS, Gate
from harness_daemon.hosts import Hosts
from harness_daemon.page.built import BuiltPage
from harness_daemon.page.page import RESERVED, Page
from harness_daemon.stack_watch import StackWatch

HOST = "127.0.0.1:7720"
SCRIPT = b"export const answer = 42;" * 20
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; "
    "img-src 'self' data: blob:; connect-src 'self'; manifest-src 'self'; frame-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
DOCUMENT = """<!doctype html>
<meta name="harness-root" content="" />
<link rel="icon" href="./favicon.svg" />
<script type="module" src="./assets/index-abc.js"></script>
</head>
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A page as the build leaves it, with neighbours that are nobody's business."""
    dist = tmp_path / "dist"
    (dist / "assets").mkdir(parents=True)
    (dist / "index.html").write_text(DOCUMENT)
    (dist / "assets" / "index-abc.js").write_bytes(SCRIPT)
    (dist / "assets" / "index-abc.js.gz").write_bytes(gzip.compress(SCRIPT))
    (dist / "assets" / "index-abc.js.br").write_bytes(b"brotli")
    (dist / "assets" / "index-abc.js.map").write_text("{}")
    (dist / "favicon.svg").write_text("<svg/>")
    (dist / "views.json").write_text(
        '{"/runs": ["assets/list-1.js"], "/runs/*": ["assets/run-1.js"]}'
    )
    (dist / ".vite").mkdir()
    (dist / ".vite" / "manifest.json").write_text("{}")
    (dist / "sources.sha256").write_text("0")
    (tmp_path / "secret.js").write_text("secret")
    (dist / "assets" / "link.js").symlink_to(tmp_path)
    return dist


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse(f"app: {scope['path']}")(scope, receive, send)


async def authenticate(secret: str) -> Caller | None:
    del secret
    return None


def client(app: ASGIApp, **headers: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=True)
    return httpx.AsyncClient(
        transport=transport, base_url=f"http://{HOST}", headers={"Accept-Encoding": "", **headers}
    )


def gate(page: Page) -> Gate:
    bounds = Bounds(1000, 1)
    return Gate(
        echo,
        authenticate,
        Hosts([HOST]),
        page,
        StackWatch(cast(Connection, None)),  # nothing here waits for long enough to use it
        body=bounds,
        file=bounds,
        takes_file=lambda method, path: False,
    )


@pytest.fixture
def app(folder: Path) -> Gate:
    return gate(Page.of_folder(folder))


async def test_the_document(app: Gate) -> None:
    async with client(app) as browser:
        for path, accepted in (("/", "*/*"), ("/", "text/html"), ("/runs/a%2Fb?state=open", None)):
            answer = await browser.get(path, headers={"Accept": accepted or BROWSER["Accept"]})
            assert answer.status_code == 200
            assert answer.headers["content-type"] == "text/html; charset=utf-8"
            assert 'src="/assets/index-abc.js"' in answer.text
            assert 'href="/favicon.svg"' in answer.text
        assert {key: answer.headers[key] for key in SECURITY} == SECURITY
        known = BROWSER | {"If-None-Match": answer.headers["etag"]}
        again = await browser.get(path, headers=known)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["content-security-policy"] == POLICY


async def test_the_document_names_the_files_of_its_view(app: Gate) -> None:
    preload = '<link rel="modulepreload" crossorigin href="/assets/{}" />'
    wanted: dict[str, set[str]] = {
        "/runs": {"list-1.js"},
        "/runs/": {"list-1.js"},
        "/runs/a-1?tab=time": {"run-1.js"},
        "/runs/a/b": set(),
        "/inbox": set(),
    }
    async with client(app, **BROWSER) as browser:
        for path, files in wanted.items():
            text = (await browser.get(path)).text
            told = {each for each in ("list-1.js", "run-1.js") if preload.format(each) in text}
            assert told == files, path
            assert text.count("modulepreload") == len(files)
        assert (await browser.get("/views.json")).headers["content-type"].startswith("text/html")


SECURITY = {
    "content-security-policy": POLICY,
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-cache",
    "vary": "Accept",
}


async def test_an_asset(app: Gate) -> None:
    async with client(app) as browser:
        plain = await browser.get("/assets/index-abc.js")
        assert plain.content == SCRIPT
        assert plain.headers["content-type"] == "text/javascript; charset=utf-8"
        assert plain.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert plain.headers["vary"] == "Accept-Encoding"
        assert "content-encoding" not in plain.headers
        tags = {plain.headers["etag"]}
        for accepted, coding in (
            ("gzip, deflate, br, zstd", "br"),
            ("gzip", "gzip"),
            ("br;q=0, *", "gzip"),
            ("gzip;q=0.5, identity", "gzip"),
            ("br;q=x, gzip;q=0", None),
            ("identity", None),
            (",".join(["x"] * 5000) + ",gzip", None),
        ):
            headers = {"Accept-Encoding": accepted}
            async with browser.stream("GET", "/assets/index-abc.js", headers=headers) as answer:
                assert answer.headers.get("content-encoding") == coding, accepted
                tags.add(answer.headers["etag"])
        assert len(tags) == 3, "a strong tag for each representation"
        for tag in tags:
            headers = {"If-None-Match": f'W/"x", {tag}', "Accept-Encoding": _coding_of(tag)}
            assert (await browser.get("/assets/index-abc.js", headers=headers)).status_code == 304
        named = {"X-Request-ID": plain.headers["x-request-id"]}
        head = await browser.head("/assets/index-abc.js", headers=named)
        assert head.headers == plain.headers
        icon = await browser.get("/favicon.svg")
        assert (icon.headers["content-type"], icon.headers["cache-control"]) == (
            "image/svg+xml",
            "no-cache",
        )


def _coding_of(tag: str) -> str:
    return "br" if "-br" in tag else "gzip" if "-gzip" in tag else ""


async def test_nothing_beside_the_page_is_served(app: Gate) -> None:
    async with client(app, **BROWSER) as browser:
        for path in (
            "/assets/missing.js",
            "/assets/",
            "/assets",
            "/assets/..%2f..%2fsecret.js",
            "/assets/%2e%2e/%2e%2e/secret.js",
            "/assets/..%5c..%5csecret.js",
            "/assets/....//secret.js",
            "/assets/link.js/secret.js",
            "/assets/link.js",
            "/assets/index-abc.js.map",
            "/assets/index-abc.js.gz",
            "/assets/index-abc.js%00",
            "/assets/INDEX-ABC.js",
            "/assets/%69ndex-abc.js",
            "/assets//index-abc.js",
        ):
            answer = await browser.get(path)
            assert answer.status_code == 404, path
            assert answer.headers["content-type"] == "application/problem+json", path
            assert answer.json()["code"] == "api.no_route"
        for path in (
            "/..%2fsecret.js",
            "/%2e%2e/secret.js",
            "/.vite/manifest.json",
            "/sources.sha256",
        ):
            assert (await browser.get(path)).text.startswith("<!doctype html>"), path


async def test_dots_that_no_client_has_resolved(app: Gate) -> None:
    """httpx resolves them; a raw request does not."""
    for path in ("/assets/../../secret.js", "/../secret.js", "//etc/passwd", "/assets/./x"):
        status, headers = await _request(app, path)
        assert status in (401, 404), path
        assert headers[b"content-type"] == b"application/problem+json"


async def _request(app: ASGIApp, path: str) -> tuple[int, dict[bytes, bytes]]:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope: dict[str, Any] = {
        "type": "http", "method": "GET", "path": path, "raw_path": path.encode(),
        "query_string": b"", "headers": [(b"host", HOST.encode()), (b"accept", b"*/*")],
    }  # fmt: skip
    await app(scope, receive, send)
    return sent[0]["status"], dict(sent[0]["headers"])


async def test_the_rest_still_needs_a_sign_in(app: Gate) -> None:
    async with client(app, **BROWSER) as browser:
        for segment in RESERVED - {"health", "sign-in"}:
            for path in (f"/{segment}", f"/{segment}/missing"):
                answer = await browser.get(path)
                assert answer.status_code == 401, path
                assert "json" in answer.headers["content-type"], path
        for method in ("POST", "PUT", "DELETE", "OPTIONS"):
            for path in ("/", "/runs", "/assets/index-abc.js"):
                assert (await browser.request(method, path)).status_code == 401, (method, path)
        # Reached by no route, since routes decode nothing but their own segments.
        assert (await browser.get("/%61pi/v1/me")).text.startswith("<!doctype html>")
        program = await browser.get("/runs", headers={"Accept": "application/json"})
        assert program.status_code == 401


def test_the_page_takes_no_path_of_a_route() -> None:
    paths = [
        full_path(each.path) for record in enabled_capabilities() for each in load_routes(record)
    ]
    assert {path.split("/")[1] for path in [*paths, *OPEN_PATHS]} <= RESERVED
    assert len(paths) > 50


async def test_other_names_and_sites(app: Gate) -> None:
    navigation = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    cases: tuple[tuple[str, dict[str, str], int], ...] = (
        ("/", {"Host": "evil.example"}, 403),
        ("/assets/index-abc.js", {"Host": "evil.example"}, 403),
        ("/", {"Origin": "https://evil.example"}, 403),
        ("/", {"Sec-Fetch-Site": "none"}, 200),
        ("/", {"Sec-Fetch-Site": "same-origin"}, 200),
        # A link in a chat or a mail.
        ("/runs/x", {"Sec-Fetch-Site": "cross-site", **navigation}, 200),
        ("/", {"Sec-Fetch-Site": "cross-site"}, 403),
        ("/", {"Sec-Fetch-Site": "cross-site", **navigation, "Sec-Fetch-Dest": "iframe"}, 403),
        ("/", {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors"}, 403),
        ("/assets/index-abc.js", {"Sec-Fetch-Site": "same-origin"}, 200),
        ("/assets/index-abc.js", {"Sec-Fetch-Site": "cross-site"}, 403),
        ("/assets/index-abc.js", {"Sec-Fetch-Site": "cross-site", **navigation}, 403),
    )
    async with client(app, **BROWSER) as browser:
        for path, headers, status in cases:
            answer = await browser.get(path, headers=headers)
            assert answer.status_code == status, (path, headers)
            assert answer.headers["x-frame-options"] == "DENY"


async def test_below_a_mount(app: Gate) -> None:
    outer = Starlette(routes=[Mount("/agents", app)])
    async with client(outer, **BROWSER) as browser:
        for path in ("/agents/", "/agents/runs/x"):
            answer = await browser.get(path)
            assert '<meta name="harness-root" content="/agents" />' in answer.text
            assert 'src="/agents/assets/index-abc.js"' in answer.text
        assert (await browser.get("/agents/assets/index-abc.js")).content == SCRIPT
        assert (await browser.get("/agents/assets/x.js")).status_code == 404
        assert (await browser.get("/agents/api/v1/me")).status_code == 401
    outer = Starlette(routes=[Mount("/{tenant}", app)])
    async with client(outer, **BROWSER) as browser:
        answer = await browser.get('/"><script>alert(1)</script>/'.replace("/script", "%2Fscript"))
        assert "<script>alert" not in answer.text


async def test_what_is_served_is_what_was_built_at_the_start(app: Gate, folder: Path) -> None:
    (folder / "assets" / "index-abc.js").unlink()
    (folder / "assets" / "new.js").write_text("new")
    async with client(app) as browser:
        assert (await browser.get("/assets/index-abc.js")).content == SCRIPT
        assert (await browser.get("/assets/new.js")).status_code == 404


async def test_without_a_built_page() -> None:
    async with client(gate(Page(None)), **BROWSER) as browser:
        for path in ("/", "/runs/x"):
            answer = await browser.get(path)
            assert answer.status_code == 503
            assert answer.headers["content-type"].startswith("text/plain")
            assert "make setup" in answer.text
            assert answer.headers["cache-control"] == "no-store"
        assert (await browser.get("/assets/index-abc.js")).status_code == 404
        assert (await browser.get("/api/v1/me")).status_code == 401


async def test_websockets_are_not_the_pages(app: Gate) -> None:
    page = Page(BuiltPage(DOCUMENT, {}, {}))
    assert page.answer({"type": "websocket", "path": "/", "headers": []}, BROWSER) is None
