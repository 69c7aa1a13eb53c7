"""Serves an agent over stdin and stdout, to the editor that started this process."""

from __future__ import annotations

import asyncio
import os
from typing import Any

from harness.acp.agent import AcpAgent
from harness.agent import Agent
from harness.commons.claimed_stdio import Wire
from harness.sdk.client import HarnessClient

MOST_BYTES = 10_000_000
"""Bytes of a message."""


async def serve_editor(client: HarnessClient, agent: Agent[Any, Any] | str, wire: Wire) -> None:
    """Serve until the editor closes stdin."""
    import acp

    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=MOST_BYTES)
    protocol = asyncio.StreamReaderProtocol(reader)
    await loop.connect_read_pipe(lambda: protocol, os.fdopen(wire.read, "rb", buffering=0))
    transport, flow = await loop.connect_write_pipe(
        asyncio.streams.FlowControlMixin, os.fdopen(wire.write, "wb", buffering=0)
    )
    writer = asyncio.StreamWriter(transport, flow, None, loop)
    answering: Any = AcpAgent(client, agent)  # without the optional methods of the protocol
    await acp.run_agent(answering, writer, reader)
