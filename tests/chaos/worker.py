"""The worker processes of a campaign: each serves all agents, until it is killed."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness import Harness
from harness.config.settings import settings_model
from tests.chaos.agents import make_agents
from tests.fakes.worker_process import Forge, forge


def new_forge() -> Forge:
    return Forge("tests.chaos.worker")


@dataclass
class Crew:
    """The workers of a campaign. Each has a name, which it shows to providers as its key."""

    make: Callable[[str], int]
    asked: dict[str, Any]
    """What a worker is told."""
    killed: dict[str, float] = field(default_factory=dict[str, float])
    """When workers were killed, by time.monotonic()."""
    _pids: dict[str, int] = field(default_factory=dict[str, int])

    def start(self) -> str:
        name = f"worker-{len(self._pids) + 1}"
        self._pids[name] = self.make(json.dumps(self.asked | {"name": name}))
        return name

    def kill(self, name: str) -> None:
        if name in self.killed:
            return
        with suppress(ProcessLookupError):
            os.kill(self._pids[name], signal.SIGKILL)
        self.killed[name] = time.monotonic()

    def end(self) -> None:
        for pid in (pid for name, pid in self._pids.items() if name not in self.killed):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


async def _serve(argument: str) -> None:
    parent = os.getppid()
    asked = json.loads(argument)
    log = os.open(asked["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    options = asked["options"]
    for provider in options["providers"].values():
        provider["api_key"] = asked["name"]
    settings = settings_model().model_validate(options)
    async with Harness.local(project=Path(asked["project"]), settings=settings) as harness:
        for agent in make_agents(asked["tag"], asked["port"]).values():
            await harness.serve(agent)
        print(f"{time.time():.3f} {asked['name']} {os.getpid()} serves", file=sys.stderr)
        while os.getppid() == parent:  # noqa: ASYNC110 - it ends with the campaign, however that ends
            await asyncio.sleep(1)


async def _serve_to_the_end(argument: str) -> None:
    try:
        await _serve(argument)
    except Exception:
        traceback.print_exc()
    finally:
        os._exit(1)


if __name__ == "__main__":
    forge(_serve_to_the_end)
