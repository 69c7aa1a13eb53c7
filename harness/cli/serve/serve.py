"""`harness serve`: serve the web page, the HTTP API and agents, until a signal stops it."""

from __future__ import annotations

from argparse import Namespace
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

from harness.api.route import TEMPORAL_PATH
from harness.api.settings import ApiSettings
from harness.capabilities.registry import enabled_capabilities
from harness.cli.context import open_client
from harness.cli.out import Out
from harness.cli.patience import Patience
from harness.cli.runs.serve import load_served_agents, watch_stop_signals
from harness.commons.extras import require_extra
from harness.config import check_restrictions, load_project
from harness.terminal import exit_codes


async def serve_api(args: Namespace, out: Out) -> int:
    require_extra("serve", "`harness serve`", "fastapi", "uvicorn", "httptools")
    from harness.temporal_page.place import find_page
    from harness_daemon.daemon import Address, bind_address, open_daemon
    from harness_workers.worker import serve

    agents = [] if args.no_worker else load_served_agents(args.agents)
    stop = watch_stop_signals()
    patience = Patience(out.note, stop)
    async with AsyncExitStack() as stack:
        # Before anything is started or migrated: it must not be for nothing.
        address = Address(*_find_address(args))
        listening = bind_address(address)
        stack.callback(listening.close)
        client = await stack.enter_async_context(
            open_client(out, index=True, page=_serves_page(), patience=patience)
        )
        connection = client.connection
        if agents:
            await patience.enter(stack, partial(serve, connection, *agents))
        settings = connection.settings.section(ApiSettings)
        opening = open_daemon(connection, settings, address, listening)
        daemon = await stack.enter_async_context(opening)
        link = await patience.attempt(daemon.make_sign_in_link)
        names = [agent.name for agent in agents]
        if out.json:
            out.line({"url": daemon.url, "sign_in": link, "serving": names})
        else:
            out.raw(f"Page (the link signs a browser in once, within 10 minutes): {link}")
            out.raw(f"API: {daemon.url}/api/v1. Ctrl-C stops.")
            out.note(f"Serving {', '.join(names)}." if names else "Serving no agents.")
            if _serves_page() and find_page(connection):
                out.note(f"Temporal's page, for admins: {daemon.url}{TEMPORAL_PATH}")
            out.note("For programs: harness token create")
        await stop.wait()
        out.note("\nStopping: streams end, and clients resume them elsewhere.")
    return exit_codes.DONE


def _find_address(args: Namespace) -> tuple[str, int]:
    """Where to listen. The project is not opened yet, so its settings are read for this."""
    _, loaded = load_project(Path.cwd())
    check_restrictions(loaded)
    settings = loaded.section(ApiSettings)
    return (
        settings.host if args.host is None else args.host,
        settings.port if args.port is None else args.port,
    )


def _serves_page() -> bool:
    """Whether the daemon serves Temporal's page, which a local Temporal then needs."""
    return any(each.name == "temporal_page" for each in enabled_capabilities())
