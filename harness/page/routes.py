"""The route of the live socket."""

from __future__ import annotations

from fastapi import WebSocket

from harness.api.caller import Role
from harness.api.client_socket import ClientSocket
from harness.api.context import CallerOf, Context
from harness.api.route import Route
from harness.page.live import LiveClient


async def open_live(websocket: WebSocket, context: Context, caller: CallerOf) -> None:
    """Follow any number of topics on one connection."""
    await LiveClient(ClientSocket(websocket, context, caller), context, caller).serve()


ROUTES = (Route("WEBSOCKET", "/live", open_live, Role.VIEWER),)
