"""`harness mcp serve`: serve runs to an MCP client, until it closes stdin."""

from __future__ import annotations

from argparse import Namespace
from contextlib import AsyncExitStack

from harness.cli.context import open_client
from harness.cli.out import Out
from harness.cli.runs.serve import load_served_agents
from harness.commons.extras import require_extra
from harness.terminal import exit_codes


async def serve_mcp(args: Namespace, out: Out) -> int:
    require_extra("mcp", "`harness mcp serve`", "mcp")
    from harness.commons.claimed_stdio import claim_stdio
    from harness.mcp_server.stdio import serve_stdio
    from harness_workers.worker import serve

    async with AsyncExitStack() as stack:
        wire = stack.enter_context(claim_stdio())  # before anything of the user's can print
        agents = load_served_agents([args.target]) if args.target else []
        client = await stack.enter_async_context(open_client(out, index=True))
        if agents:
            await stack.enter_async_context(serve(client.connection, *agents))
        await serve_stdio(client.connection, wire)
    return exit_codes.DONE
