"""Requests to addresses that were checked, within limits; for the tools that use the web. They
connect by themselves, never through a proxy: a proxy would look the name up again."""

from __future__ import annotations

import functools
import re
import ssl
import zlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from harness.commons.children import Limits, run_in_child
from harness.config.settings import HttpToolSettings
from harness.contracts.errors import OutsideConfines, ToolFailed
from harness.tools.web.addresses import host_allowed, resolve
from harness.tools.web.origins import origin_of

if TYPE_CHECKING:
    import httpx

MAX_BYTES = 5 * 1024 * 1024
TIMEOUT_S = 15.0
READING = Limits(seconds=5, memory_mb=512, answer_mb=32)
AGENT = "durable-harness"
_CHARSET = re.compile(r"""charset\s*=\s*["']?([^\s;"']+)""", re.IGNORECASE)
_TEXTUAL = ("json", "xml", "javascript", "yaml", "csv", "x-www-form-urlencoded")


class Reply(NamedTuple):
    url: str
    status: int
    media_type: str
    readable: str | None
    """The content as text, of a page without its markup; None where it is not a text."""
    retry_after: float | None
    content: bytes

    def text(self) -> str:
        return "" if self.readable is None else self.readable

    def shown(self) -> str | bytes:
        """For the model: a page as text, what is not a text as it is."""
        head = f"HTTP {self.status} {self.media_type}\n{self.url}\n"
        return (self.content or head) if self.readable is None else f"{head}\n{self.readable}"


async def _read_text(content: bytes, media_type: str, charset: str | None) -> str | None:
    kind = media_type.partition(";")[0].strip().lower()
    is_html = kind in ("text/html", "application/xhtml+xml")
    if not (is_html or kind.startswith("text/") or not kind or any(k in kind for k in _TEXTUAL)):
        return None
    text = await run_in_child(
        "harness_activities.jobs.pages:read_page", content, READING,
        charset=charset, is_html=is_html,
    )  # fmt: skip
    return text.decode()


@functools.cache
def trusted() -> ssl.SSLContext:
    """Whose certificates are believed; reading them takes longer than most requests."""
    import httpx

    return httpx.create_ssl_context()


def client() -> httpx.AsyncClient:
    import httpx

    from harness.commons.headers import NoCookies

    # trust_env: a proxy from the environment would connect to wherever the name leads.
    return httpx.AsyncClient(
        trust_env=False, timeout=TIMEOUT_S, verify=trusted(), cookies=NoCookies()
    )


async def request(
    client: httpx.AsyncClient,
    url: str,
    settings: HttpToolSettings,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    content: bytes | None = None,
    tool: str = "http_get",
) -> httpx.Request:
    """A request to an address that was checked, under the name that was asked for."""
    import httpx

    origin, target = origin_of(url), httpx.URL(url)
    host = origin.host
    if not host_allowed(host, settings.allow):
        raise OutsideConfines(
            f"{tool} may not reach {host}. Whoever runs this may allow it: add "
            f'"{host}" to allow under [http] in harness.toml, or to HARNESS_HTTP__ALLOW.',
        )
    address = await resolve(host, origin.port, allow_private=settings.allow_private)
    own = {
        "Host": target.netloc.decode(),
        "User-Agent": AGENT,
        "Accept": "*/*",
        "Accept-Encoding": "gzip, deflate",
    }
    return client.build_request(
        method,
        target.copy_with(host=address),
        headers={**(headers or {}), **own},
        content=content,
        extensions={"sni_hostname": host},  # the certificate must be the name's, not the address's
    )


async def read(reply: httpx.Response, url: str) -> Reply:
    from harness.commons.headers import short_headers

    headers = short_headers(reply.headers.multi_items())
    unpack = _unpacker(headers.get("content-encoding", ""), url)
    content = bytearray()
    async for block in reply.aiter_raw(64 * 1024):
        content += unpack(block, MAX_BYTES + 1 - len(content))
        if len(content) > MAX_BYTES:
            raise ToolFailed(f"{url} sends more than {MAX_BYTES:,} bytes.")
    media_type = headers.get("content-type", "")
    charset = _CHARSET.search(media_type)  # httpx takes the square of its length to find it
    return Reply(
        url=url,
        status=reply.status_code,
        media_type=media_type,
        readable=await _read_text(bytes(content), media_type, charset and charset[1]),
        retry_after=_seconds(headers.get("retry-after", "")),
        content=bytes(content),
    )


def _unpacker(encoding: str, url: str) -> Callable[[bytes, int], bytes]:
    """(block, how much at most) -> what it unpacks to. httpx unpacks without a bound, so that a
    few kilobytes could become as many megabytes."""
    if encoding.lower() in ("", "identity"):
        return lambda block, most: block[:most]
    if encoding.lower() not in ("gzip", "x-gzip", "deflate"):
        raise ToolFailed(f"{url} answers in {encoding}, which was not asked for.")
    unpacker = zlib.decompressobj(wbits=47)  # gzip or zlib, as the content says

    def unpack(block: bytes, most: int) -> bytes:
        try:
            return unpacker.decompress(block, most)
        except zlib.error as error:
            raise ToolFailed(f"{url} cannot be unpacked: {error}.") from None

    return unpack


def _seconds(text: str) -> float | None:
    return min(float(text), 300.0) if text.isascii() and text.isdigit() else None
