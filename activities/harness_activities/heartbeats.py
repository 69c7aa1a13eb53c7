"""Send heartbeats during long calls: they show Temporal that the worker is alive, and deliver
cancellations from Temporal versions that do not push them."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from temporalio import activity

EVERY_S = 1.0


@contextmanager
def sending_heartbeats(*details: Any) -> Generator[None]:
    """Send heartbeats while the block runs. Costs one timer; a quick call never sends any.
    `details`: what the next attempt must know, as a heartbeat without them would erase it."""
    if activity.info().is_local:
        yield
        return
    loop = asyncio.get_running_loop()

    def send_beat() -> None:
        nonlocal timer
        activity.heartbeat(*details)
        timer = loop.call_later(EVERY_S, send_beat)

    timer = loop.call_later(EVERY_S, send_beat)
    try:
        yield
    finally:
        timer.cancel()
