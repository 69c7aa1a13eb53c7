"""Requests to checked addresses, within limits, for the web tools. They connect directly, never
through a proxy, which would resolve the name again."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from harness.commons.certificates import load_certificates
from harness.commons.children import Limits, run_in_child
from harness.config.settings import HttpToolSettings
from harness.contracts.errors import OutsideConfines, ToolFailed
from harness.tools.web.addresses import host_allowed, resolve_host
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
    """The content as text, without markup; None if it is not text."""
    retry_after: float | None
    content: bytes

    def text(self) -> str:
        return "" if self.readable is None else self.readable

    def for_model(self) -> str | bytes:
        """Return the answer for the model: as text, or the raw content if it is not text."""
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


def open_client() -> httpx.AsyncClient:
    import httpx

    from harness.commons.headers import NoCookies

    # trust_env: a proxy from the environment would resolve the name itself.
    return httpx.AsyncClient(
        trust_env=False, timeout=TIMEOUT_S, verify=load_certificates("httpx"), cookies=NoCookies()
    )


async def build_request(
    client: httpx.AsyncClient,
    url: str,
    settings: HttpToolSettings,
    *,
    run: str,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    content: bytes | None = None,
    tool: str = "http_get",
) -> httpx.Request:
    """Build a request to a checked address, with the requested host name. `run`: whose tool asks;
    names that are slow to resolve hold up no other run."""
    import httpx

    origin, target = origin_of(url), httpx.URL(url)
    host = origin.host
    if not host_allowed(host, settings.allow):
        raise OutsideConfines(
            f"{tool} may not access {host}. To allow it, add "
            f'"{host}" to allow under [http] in harness.toml, or to HARNESS_HTTP__ALLOW.',
        )
    address = await resolve_host(
        host, origin.port, allow_private=settings.allow_private, asker=f"run {run}"
    )
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
        extensions={"sni_hostname": host},  # the certificate must match the name, not the address
    )


async def read_reply(reply: httpx.Response, url: str) -> Reply:
    from harness.commons.headers import short_headers

    headers = short_headers(reply.headers.multi_items())
    unpack = _make_unpacker(headers.get("content-encoding", ""), url)
    content = bytearray()
    async for block in reply.aiter_raw(64 * 1024):
        content += unpack(block, MAX_BYTES + 1 - len(content))
        if len(content) > MAX_BYTES:
            raise ToolFailed(f"{url} returned more than {MAX_BYTES:,} bytes.")
    media_type = headers.get("content-type", "")
    charset = _CHARSET.search(media_type)  # httpx needs quadratic time to find it
    return Reply(
        url=url,
        status=reply.status_code,
        media_type=media_type,
        readable=await _read_text(bytes(content), media_type, charset and charset[1]),
        retry_after=_parse_seconds(headers.get("retry-after", "")),
        content=bytes(content),
    )


def _make_unpacker(encoding: str, url: str) -> Callable[[bytes, int], bytes]:
    """Make a function (block, limit) -> unpacked bytes. httpx unpacks without a limit, so that a
    few kilobytes could become megabytes."""
    if encoding.lower() in ("", "identity"):
        return lambda block, most: block[:most]
    if encoding.lower() not in ("gzip", "x-gzip", "deflate"):
        raise ToolFailed(f"{url} uses the content encoding {encoding}, which was not requested.")
    unpacker = zlib.decompressobj(wbits=47)  # gzip or zlib, as the content says

    def unpack(block: bytes, most: int) -> bytes:
        try:
            return unpacker.decompress(block, most)
        except zlib.error as error:
            raise ToolFailed(f"{url} cannot be unpacked: {error}.") from None

    return unpack


def _parse_seconds(text: str) -> float | None:
    return min(float(text), 300.0) if text.isascii() and text.isdigit() else None
