"""The tool that reads from the web, within the limits of the settings."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from harness.agent import ToolContext, tool
from harness.contracts.errors import ToolFailed, ToolUnavailable
from harness.tools.web import web

MAX_REDIRECTS = 5
MAX_URL = 8_000


@tool(effect="read", timeout=45.0, untrusted=True)
async def http_get(
    ctx: ToolContext[Any], url: Annotated[str, Field(min_length=1, max_length=MAX_URL)]
) -> str | bytes:
    """Fetch a web address (GET) and return its text. Only hosts that were allowed can be reached.

    Args:
        url: An http or https address.
    """
    reply = await _follow_redirects(url, ctx)
    if reply.status in (429, 502, 503, 504):
        raise ToolUnavailable(
            f"{reply.url} answered {reply.status}.",
            retry_after=reply.retry_after,
        )
    return reply.for_model()


async def _follow_redirects(url: str, ctx: ToolContext[Any]) -> web.Reply:
    """GET `url` and follow redirects; each address is checked like the first."""
    import httpx  # imported here, so that using the tool in an agent does not load it

    async with web.open_client() as client:
        for _ in range(MAX_REDIRECTS + 1):
            request = await web.build_request(client, url, ctx.host.http, run=ctx.run)
            try:
                reply = await client.send(request, stream=True)
                try:
                    if not reply.has_redirect_location:
                        return await web.read_reply(reply, url)
                    url = str(httpx.URL(url).join(_check_location(reply.headers["location"], url)))
                finally:
                    await reply.aclose()
            except (httpx.InvalidURL, httpx.DecodingError, httpx.UnsupportedProtocol) as error:
                raise ToolFailed(f"{url}: {error}.") from None
            except httpx.TransportError as error:
                words = str(error) or type(error).__name__
                raise ToolUnavailable(f"{url} cannot be read: {words}.") from None
    raise ToolFailed(f"More than {MAX_REDIRECTS} redirects, the last one to {url}.")


def _check_location(location: str, url: str) -> str:
    """Limit the length of an address: parsing a long one would block the event loop."""
    if len(location) > MAX_URL:
        raise ToolFailed(
            f"{url} redirects to an address of {len(location):,} characters; the limit is "
            f"{MAX_URL:,}.",
        )
    return location
