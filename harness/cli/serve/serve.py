"""`harness serve`: serve the HTTP API, and agents beside it, until a signal stops it."""

from __future__ import annotations

from argparse import Namespace
from contextlib import AsyncExitStack

from harness.api.route import TEMPORAL_PATH
from harness.api.settings import ApiSettings
from harness.capabilities.registry import enabled_capabilities
from harness.cli.context import open_client
from harness.cli.out import Out
from harness.cli.runs.serve import load_served_agents, watch_stop_signals
from harness.commons.extras import require_extra
from harness.terminal import exit_codes


async def serve_api(args: Namespace, out: Out) -> int:
    require_extra("serve", "`harness serve`", "fastapi", "uvicorn", "httptools")
    from harness.temporal_page.place import find_page
    from harness_daemon.daemon import Address, open_daemon
    from harness_workers.worker import serve

    agents = [] if args.no_worker else load_served_agents(args.agents)
    stop = watch_stop_signals()
    async with AsyncExitStack() as stack:
        opening = open_client(out, index=True, page=_serves_page())
        client = await stack.enter_async_context(opening)
        settings = client.connection.settings.section(ApiSettings)
        address = Address(
            settings.host if args.host is None else args.host,
            settings.port if args.port is None else args.port,
        )
        if agents:
            await stack.enter_async_context(serve(client.connection, *agents))
        daemon = await stack.enter_async_context(open_daemon(client.connection, settings, address))
        link = await daemon.make_sign_in_link()
        names = [agent.name for agent in agents]
        if out.json:
            out.line({"url": daemon.url, "sign_in": link, "serving": names})
        else:
            out.raw(f"API: {daemon.url}/api/v1. Ctrl-C stops.")
            out.raw(f"Sign in (works once, within 10 minutes): {link}")
            out.note(f"Serving {', '.join(names)}." if names else "Serving no agents.")
            if _serves_page() and find_page(client.connection):
                out.note(f"Temporal's page, for admins: {daemon.url}{TEMPORAL_PATH}")
            out.note("For programs: harness token create")
        await stop.wait()
        out.note("\nStopping: streams end, and clients resume them elsewhere.")
    return exit_codes.DONE


def _serves_page() -> bool:
    """Whether the daemon serves Temporal's page, which a local Temporal then needs."""
    return any(each.name == "temporal_page" for each in enabled_capabilities())
