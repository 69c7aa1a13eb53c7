"""The tool that reads from the web, as far as the settings allow. It connects by itself, never
through a proxy: a proxy would look the name up again."""

from __future__ import annotations

import functools
import ssl
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from pydantic import Field

from harness.agent import ToolContext, tool
from harness.config.settings import HttpToolSettings
from harness.contracts.errors import ToolError
from harness_activities.tools.addresses import host_allowed, resolve
from harness_activities.tools.page_text import page_text

if TYPE_CHECKING:
    import httpx

MAX_REDIRECTS = 5
MAX_BYTES = 5 * 1024 * 1024
TIMEOUT_S = 15.0
AGENT = "durable-harness"
_TEXTUAL = ("json", "xml", "javascript", "yaml", "csv", "x-www-form-urlencoded")


@tool(effect="read", timeout=45.0)
async def http_get(
    ctx: ToolContext[Any], url: Annotated[str, Field(min_length=1, max_length=8_000)]
) -> str | bytes:
    """Fetch a web address (GET) and return its text. Only hosts that were allowed can be reached.

    Args:
        url: An http or https address.
    """
    reply = await _follow(url, ctx.host.http)
    if reply.status in (429, 502, 503, 504):
        raise ToolError(
            "temporary",
            f"{reply.url} answered {reply.status}.",
            retry_after=reply.retry_after,
        )
    head = f"HTTP {reply.status} {reply.media_type}\n{reply.url}\n"
    kind = reply.media_type.partition(";")[0].strip().lower()
    if kind in ("text/html", "application/xhtml+xml"):
        return f"{head}\n{page_text(reply.text())}"
    if kind.startswith("text/") or not kind or any(each in kind for each in _TEXTUAL):
        return f"{head}\n{reply.text()}"
    return reply.content or head


class _Reply(NamedTuple):
    url: str
    status: int
    media_type: str
    charset: str | None
    retry_after: float | None
    content: bytes

    def text(self) -> str:
        try:
            return self.content.decode(self.charset or "utf-8", errors="replace")
        except LookupError:  # a charset that nobody knows
            return self.content.decode(errors="replace")


async def _follow(url: str, settings: HttpToolSettings) -> _Reply:
    """GET `url` and what it redirects to; each step is checked like the first."""
    import httpx  # here, so that naming the tool does not load it

    # trust_env: a proxy from the environment would connect to wherever the name leads.
    options: dict[str, Any] = {"trust_env": False, "timeout": TIMEOUT_S, "verify": _trusted()}
    async with httpx.AsyncClient(**options) as client:
        for _ in range(MAX_REDIRECTS + 1):
            request = await _request(client, url, settings)
            try:
                reply = await client.send(request, stream=True)
                try:
                    if not reply.has_redirect_location:
                        return await _read(reply, url)
                    url = str(httpx.URL(url).join(reply.headers["location"]))
                finally:
                    await reply.aclose()
            except (httpx.InvalidURL, httpx.DecodingError, httpx.UnsupportedProtocol) as error:
                raise ToolError("failed", f"{url}: {error}.") from None
            except httpx.TransportError as error:
                words = str(error) or type(error).__name__
                raise ToolError("temporary", f"{url} cannot be read: {words}.") from None
    raise ToolError("failed", f"More than {MAX_REDIRECTS} redirects, the last one to {url}.")


@functools.cache
def _trusted() -> ssl.SSLContext:
    """Whose certificates are believed; reading them takes longer than most requests."""
    import httpx

    return httpx.create_ssl_context()


async def _request(
    client: httpx.AsyncClient, url: str, settings: HttpToolSettings
) -> httpx.Request:
    """A request to an address that was checked, under the name that was asked for."""
    import httpx

    try:
        target = httpx.URL(url)
        host = target.raw_host.decode().strip("[]").lower().rstrip(".")
    except (httpx.InvalidURL, UnicodeError) as error:
        raise ToolError("failed", f"{url!r} is no address: {error}.") from None
    if target.scheme not in ("http", "https") or not host:
        raise ToolError("failed", f"{url!r} is no http or https address.")
    port = target.port or (443 if target.scheme == "https" else 80)
    if port > 65_535:
        raise ToolError("failed", f"{url!r} is no address: there is no such port.")
    if target.userinfo:
        raise ToolError("confined", "An address with a user name or password is refused.")
    if not host_allowed(host, settings.allow):
        raise ToolError(
            "confined",
            f"http_get may not reach {host}. Whoever runs this may allow it: add "
            f'"{host}" to allow under [http] in harness.toml, or to HARNESS_HTTP__ALLOW.',
        )
    address = await resolve(host, port, allow_private=settings.allow_private)
    headers = {
        "Host": target.netloc.decode(),
        "User-Agent": AGENT,
        "Accept": "*/*",
        "Accept-Encoding": "gzip, deflate",
    }
    return client.build_request(
        "GET",
        target.copy_with(host=address),
        headers=headers,
        extensions={"sni_hostname": host},  # the certificate must be the name's, not the address's
    )


async def _read(reply: httpx.Response, url: str) -> _Reply:
    unpack = _unpacker(reply.headers.get("content-encoding", ""), url)
    content = bytearray()
    async for block in reply.aiter_raw(64 * 1024):
        content += unpack(block, MAX_BYTES + 1 - len(content))
        if len(content) > MAX_BYTES:
            raise ToolError("failed", f"{url} sends more than {MAX_BYTES:,} bytes.")
    return _Reply(
        url=url,
        status=reply.status_code,
        media_type=reply.headers.get("content-type", ""),
        charset=reply.charset_encoding,
        retry_after=_seconds(reply.headers.get("retry-after", "")),
        content=bytes(content),
    )


def _unpacker(encoding: str, url: str) -> Callable[[bytes, int], bytes]:
    """(block, how much at most) -> what it unpacks to. httpx unpacks without a bound, so that a
    few kilobytes could become as many megabytes."""
    if encoding.lower() in ("", "identity"):
        return lambda block, most: block[:most]
    if encoding.lower() not in ("gzip", "x-gzip", "deflate"):
        raise ToolError("failed", f"{url} answers in {encoding}, which was not asked for.")
    unpacker = zlib.decompressobj(wbits=47)  # gzip or zlib, as the content says

    def unpack(block: bytes, most: int) -> bytes:
        try:
            return unpacker.decompress(block, most)
        except zlib.error as error:
            raise ToolError("failed", f"{url} cannot be unpacked: {error}.") from None

    return unpack


def _seconds(text: str) -> float | None:
    return min(float(text), 300.0) if text.isascii() and text.isdigit() else None
