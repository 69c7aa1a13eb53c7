"""The worker processes of a trial. There is always one: where one dies, another one is started."""

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
from tests.crash import line
from tests.crash.agent import Ground, agent_of
from tests.crash.proxy import Proxy
from tests.fakes.stack import lives
from tests.fakes.worker_process import Forge, forge

BOOT_S = 60.0
"""A worker that has not come up by then is replaced."""
PAUSE_S = 0.2


@dataclass
class Crew:
    """The workers of one trial."""

    make: Callable[[str], int]
    asked: dict[str, Any]
    """What a worker is told."""
    restarts: list[tuple[float, str]] = field(default_factory=list[tuple[float, str]])
    """When workers died, and why."""
    proxy: Proxy | None = None
    pids: set[int] = field(default_factory=set[int])
    _over: bool = False
    _killed: set[int] = field(default_factory=set[int])
    _tasks: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])

    def start(self, options: dict[str, Any] | None = None) -> int:
        """Another worker, beside those that there are."""
        asked = self.asked | ({"options": options} if options else {})
        pid = self.make(json.dumps(asked))
        self.pids.add(pid)
        task = asyncio.create_task(self._watch(pid))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return pid

    def kill(self, pid: int | None = None) -> float:
        """kill -9, of all where none is named; returns when."""
        for each in [pid] if pid else list(self.pids):
            self._killed.add(each)
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        return time.monotonic()

    def died(self, pid: int) -> None:
        """Its line was cut, or it is gone: the next one, where it was the last."""
        if pid not in self.pids:
            return
        self.pids.discard(pid)
        by = "killed" if pid in self._killed else "by itself"
        self.restarts.append((time.monotonic(), by))
        if not self.pids and not self._over:
            self.start()

    def end(self) -> None:
        self._over = True
        self.kill()
        for task in self._tasks:
            task.cancel()
        if self.proxy is not None:
            self.proxy.close()

    async def _watch(self, pid: int) -> None:
        """One that dies before it has a line at all, or that hangs as it starts."""
        deadline = time.monotonic() + BOOT_S
        while lives(pid):
            await asyncio.sleep(PAUSE_S)
            up = (Path(self.asked["folder"]) / f"up-{pid}").exists()
            if not up and time.monotonic() > deadline:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        self.died(pid)


def new_forge() -> Forge:
    return Forge("tests.crash.worker")


async def _serve(argument: str) -> None:
    asked = json.loads(argument)
    folder = Path(asked["folder"])
    log = os.open(folder / "worker.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    ground = Ground(asked["trial"], folder, Path(asked["socket"]), asked["services"])
    line_to_campaign = await line.live(ground.socket, ground.trial)
    print(f"{time.time():.3f} worker {os.getpid()} starts", file=sys.stderr, flush=True)
    settings = settings_model().model_validate(asked["options"])
    async with Harness.local(project=Path(asked["project"]), settings=settings) as harness:
        await harness.serve(agent_of(asked["name"], ground, files=asked["files"]))
        (folder / f"up-{os.getpid()}").touch()
        print(f"{time.time():.3f} worker {os.getpid()} serves", file=sys.stderr, flush=True)
        await line_to_campaign


async def _serve_to_the_end(argument: str) -> None:
    """Leaves at once, whatever happens: threads of the engine's SDK may hold up an orderly exit."""
    try:
        await _serve(argument)
    except Exception:
        traceback.print_exc()
    finally:
        os._exit(1)


if __name__ == "__main__":
    forge(_serve_to_the_end)
