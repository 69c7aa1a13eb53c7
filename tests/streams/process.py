"""Daemons and workers in processes of their own, to be killed: made by fork, so that the next one
is up in a moment."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from harness import Agent, Harness
from harness.api.settings import ApiSettings
from harness.config.settings import settings_model
from harness_daemon.daemon import Address, open_daemon
from tests.fakes.runs import look
from tests.fakes.worker_process import forge

AGENT = "followed"


def make_agent() -> Agent[None, str]:
    return Agent(AGENT, tools=[look])


async def serve(argument: str) -> None:
    asked: dict[str, Any] = json.loads(argument)
    project = Path(asked["project"])
    settings = settings_model().model_validate(asked["options"])
    if asked["role"] == "worker":
        async with Harness.local(project=project, settings=settings) as harness:
            await harness.serve(make_agent())
            await asyncio.Event().wait()
    address = Address("127.0.0.1", asked["port"])
    async with (
        Harness.connect(project=project, settings=settings) as harness,
        open_daemon(harness.connection, ApiSettings(), address),
    ):
        await asyncio.Event().wait()


if __name__ == "__main__":
    forge(serve)
