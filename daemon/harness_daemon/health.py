"""Whether the daemon lives, and whether it can do its work. Open to everyone, so it names no
addresses."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel

from harness.api.context import Context
from harness_daemon.stack_check import check_stack


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
    found = await check_stack(context.connection)
    whole = found.temporal and found.postgres
    if not whole:
        response.status_code = 503
    return Ready(
        ready=whole,
        temporal="ok" if found.temporal else "unreachable",
        postgres="ok" if found.postgres else "unreachable",
    )
