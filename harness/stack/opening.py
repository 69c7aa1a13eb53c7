"""Open, find and stop the stack of a project."""

from __future__ import annotations

import logging
import sys
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.commons.cut_short import cut_short
from harness.contracts.errors import (
    StackError,
    StackStartFailed,
    StackStopped,
    rebuild_error,
)
from harness.stack import lease as leases
from harness.stack.connect import TemporalServer, find_configured_temporal, find_web_page
from harness.stack.endpoints import Endpoints
from harness.stack.failures import Failure
from harness.stack.layout import layout_of
from harness.stack.users import join_users

if TYPE_CHECKING:
    from harness.config.settings import Settings

_log = logging.getLogger(__name__)
_Acquire = Callable[[], Coroutine[Any, Any, leases.Lease]]


@asynccontextmanager
async def open_stack(
    settings: Settings,
    project: Path,
    *,
    keep: bool = False,
    page: bool = False,
    progress: Callable[[str], None] = _log.info,
) -> AsyncGenerator[Endpoints]:
    """Start or join what is not configured; it runs until its last user leaves.

    With `keep` it runs until it is stopped; with `page` Temporal's web page is served as well. If
    the supervisor dies, its users start another one, at the same addresses. If the stack is stopped
    or its folder removed, the block is cancelled and StackError raised: by the time the stack is
    back, it may have been restored from a backup.
    """
    server = find_configured_temporal(settings)
    parts = _parts_to_start(settings, project, server, page=page)
    if not parts:
        yield _make_endpoints(settings, server, {})
        return
    _refuse_windows()
    layout = layout_of(settings.state_dir, project)

    async def acquire() -> leases.Lease:
        return await leases.acquire_lease(layout, parts, keep=keep, progress=progress)

    async with AsyncExitStack() as stack:
        try:
            held = await acquire()
            current = [held]
            stack.callback(lambda: current[0].release())
            stack.enter_context(join_users(layout))
        except Failure as failure:
            raise stack_error(failure) from failure
        await stack.enter_async_context(cut_short(_hold_lease(current, acquire)))
        yield _make_endpoints(settings, server, held.parts)


async def find_stack(settings: Settings, project: Path) -> Endpoints | None:
    """Find the configured or running stack; None if a part is neither. Starts nothing."""
    server = find_configured_temporal(settings)
    parts = _parts_to_start(settings, project, server, page=False)
    if not parts:
        return _make_endpoints(settings, server, {})
    found = await leases.read_status(layout_of(settings.state_dir, project))
    if found is None or found["stopping"]:
        return None
    running = {name: found["parts"][name]["endpoints"] for name in parts if name in found["parts"]}
    if any(running.get(name) is None for name in parts):
        return None
    return _make_endpoints(settings, server, running)


async def stop_stack(settings: Settings, project: Path) -> bool:
    """Stop the local stack, even if it is in use. False if none runs."""
    try:
        return await leases.stop_supervisor(layout_of(settings.state_dir, project))
    except Failure as failure:
        raise stack_error(failure) from failure


async def _hold_lease(current: list[leases.Lease], acquire: _Acquire) -> StackError:
    """Keep the lease in `current`: take a new one if the supervisor dies. Returns why it ended."""
    try:
        while (why := await current[0].wait_until_lost()) == "died":
            _log.warning("the supervisor of the local stack died; starting another one")
            current[0].release()
            current[0] = await acquire()
    except Failure as failure:
        return stack_error(failure)
    if why == "removed":
        return StackStopped("The state folder of the local stack was removed.")
    return StackStopped("The local stack was stopped.")


def _parts_to_start(
    settings: Settings, project: Path, server: TemporalServer | None, *, page: bool
) -> dict[str, dict[str, Any]]:
    """Return the parts that are not configured, each with its options."""
    parts: dict[str, dict[str, Any]] = {}
    temporal = settings.temporal
    if server is None:
        parts["temporal"] = {
            "binary": str((project / temporal.binary).absolute()) if temporal.binary else None,
            "port": temporal.port,
            "namespace": temporal.namespace,
            "retention_days": temporal.retention_days,
            "synchronous": temporal.synchronous,
            "page": page,
        }
    if settings.database.url is None:
        parts["postgres"] = {}
    return parts


def _make_endpoints(
    settings: Settings, server: TemporalServer | None, local: dict[str, dict[str, Any]]
) -> Endpoints:
    notes: list[str] = []
    if server is None:
        temporal = local["temporal"]
        address, namespace = temporal["address"], settings.temporal.namespace
        page = settings.temporal.ui or temporal["ui"]
        notes += temporal["notes"]
    else:
        address, namespace = server.address, server.namespace
        page = find_web_page(settings, address)
        notes.append(f"Temporal: {address} ({server.why})")
    if settings.database.url is None:
        database = local["postgres"]["url"]
        notes += local["postgres"]["notes"]
    else:
        database = settings.database.url.get_secret_value()
        notes.append("Postgres: database.url is set")
    return Endpoints(
        temporal_address=address,
        namespace=namespace,
        ui_url=page,
        database_url=database,
        local_temporal=server is None,
        local_database=settings.database.url is None,
        local_ui_url=local["temporal"]["ui"] if server is None else None,
        notes=tuple(notes),
    )


def stack_error(failure: Failure) -> StackError:
    """Convert a failure of the supervisor to the error that commands raise."""
    error = rebuild_error(f"stack.{failure.category}", failure.message, failure.fix)
    assert isinstance(error, StackError)
    return error


def _refuse_windows() -> None:
    if sys.platform == "win32":
        raise StackStartFailed(
            "The local stack runs on Linux and macOS only.",
            fix="Set TEMPORAL_ADDRESS and DATABASE_URL, or use WSL.",
        )
