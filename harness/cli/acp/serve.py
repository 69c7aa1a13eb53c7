"""`harness acp`: serve an agent to an editor, until it closes stdin."""

from __future__ import annotations

from argparse import Namespace
from contextlib import AsyncExitStack

from harness.cli.context import open_client
from harness.cli.out import Out
from harness.cli.runs.agents import choose_agent
from harness.cli.runs.run import hosting_agent
from harness.commons.extras import require_extra
from harness.terminal import exit_codes


async def serve_acp(args: Namespace, out: Out) -> int:
    require_extra("acp", "`harness acp`", "acp")
    from harness.acp.stdio import serve_editor
    from harness.commons.claimed_stdio import claim_stdio

    async with AsyncExitStack() as stack:
        wire = stack.enter_context(claim_stdio())  # before anything of the user's can print
        agent = choose_agent(args.agent)
        client = await stack.enter_async_context(open_client(out, index=True))
        harness = await stack.enter_async_context(hosting_agent(client, agent))
        await serve_editor(harness, agent, wire)
    return exit_codes.DONE
