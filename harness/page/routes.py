"""The routes of the live socket and of panels."""

from __future__ import annotations

import asyncio

from fastapi import Request, WebSocket
from starlette.responses import Response

from harness.api.caller import Role
from harness.api.client_socket import ClientSocket
from harness.api.context import CallerOf, Context, PathText
from harness.api.etags import is_cached
from harness.api.route import Route
from harness.page.live import LiveClient
from harness.page.panels import PanelList, find_file, list_panels


async def open_live(websocket: WebSocket, context: Context, caller: CallerOf) -> None:
    """Follow any number of topics on one connection."""
    await LiveClient(ClientSocket(websocket, context, caller), context, caller).serve()


async def list_page_panels(caller: CallerOf) -> PanelList:
    """List the parts of the web page that capabilities contribute, as far as the caller's role may
    see them."""
    return await asyncio.to_thread(list_panels, caller)


async def read_panel(
    capability: PathText, file: PathText, request: Request, caller: CallerOf
) -> Response:
    """Read a file of a capability's panels: a module that the page loads, or what it loads."""
    found = await asyncio.to_thread(find_file, caller, capability, file)
    headers = {
        "Cache-Control": "private, no-cache",
        # Opened as a document, an image with a script in it runs nothing.
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cross-Origin-Resource-Policy": "same-origin",
        "ETag": found.tag,
    }
    if is_cached(request.headers.get("if-none-match", ""), found.tag):
        return Response(status_code=304, headers=headers)
    return Response(found.content, headers=headers | {"Content-Type": found.media_type})


ROUTES = (
    Route("WEBSOCKET", "/live", open_live, Role.VIEWER),
    Route("GET", "/panels", list_page_panels, Role.VIEWER),
    Route(
        "GET",
        "/panels/{capability}/{file}",
        read_panel,
        Role.VIEWER,
        media_type="text/javascript",
        listed=False,
    ),
)
