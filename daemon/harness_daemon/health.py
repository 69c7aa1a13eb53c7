"""Whether the daemon lives, and whether it can do its work. Open to everyone, so it names no
addresses."""

from __future__ import annotations

import asyncio
from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel
from temporalio.service import RPCError

from harness.api.context import Context
from harness.contracts.errors import HarnessError
from harness.engine.connection import Connection

CHECK_S = 2.0


class Live(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Ready(BaseModel):
    """What the daemon needs, and whether it answers."""

    ready: bool
    temporal: Literal["ok", "unreachable"]
    postgres: Literal["ok", "unreachable"]


def make_health_router() -> APIRouter:
    """The routes of health."""
    router = APIRouter(tags=["health"])
    router.get("/health/live")(check_live)
    router.get("/health/ready", responses={503: {"model": Ready}})(check_ready)
    return router


async def check_live() -> Live:
    """Whether the process answers."""
    return Live()


async def check_ready(context: Context, response: Response) -> Ready:
    """Whether Temporal and Postgres answer the daemon."""
    temporal, postgres = await asyncio.gather(
        _check_temporal(context.connection), _check_postgres(context.connection)
    )
    whole = temporal and postgres
    if not whole:
        response.status_code = 503
    return Ready(
        ready=whole,
        temporal="ok" if temporal else "unreachable",
        postgres="ok" if postgres else "unreachable",
    )


async def _check_temporal(connection: Connection) -> bool:
    try:
        async with asyncio.timeout(CHECK_S):
            return await connection.temporal.service_client.check_health()
    except (TimeoutError, RPCError):
        return False


async def _check_postgres(connection: Connection) -> bool:
    try:
        async with asyncio.timeout(CHECK_S):
            await connection.database.fetch("SELECT 1")
    except (TimeoutError, HarnessError):
        return False
    return True
