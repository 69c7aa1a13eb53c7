"""Workers in processes of their own, to be killed.

`python -m tests.fakes.worker_process` loads everything once, then makes a worker by fork for each
line of JSON that it is told: a worker is up in a moment, however busy the machine is.

The tool `dig` stays in the middle while a file called `hold` lies in the project folder.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from harness import Agent, ContextPolicy, Harness, tool
from harness.config.settings import settings_model
from harness_workers.shared import open_process_parts
from harness_workers.worker import AgentWorker
from tests.fakes.runs import add, look, send

BOSS = "-boss"
LONG = "-long"


def agent(name: str, project: Path) -> Agent[None, str]:
    @tool(effect="read")
    async def dig(where: str) -> str:
        """Dig."""
        (project / "digging").write_text(str(os.getpid()))
        while (project / "hold").exists():  # noqa: ASYNC110 - another process takes it away
            await asyncio.sleep(0.01)
        return f"dug at {where}"

    if name.endswith(LONG):
        return Agent(name, tools=[look], context=ContextPolicy(compact_at=1_000, keep_last=2))
    return Agent(name, tools=[add, look, send, dig])


def boss(clerk: Agent[None, str]) -> Agent[None, str]:
    """An agent that calls the other one, and is served alone."""
    asks = clerk.as_tool(name="ask", description="Digs.", parallel=True)
    over = clerk.as_handover(name="hand_over", description="Digs on.")
    return Agent(clerk.name + BOSS, tools=[asks, over], parallel=True)


class Forge:
    """Makes worker processes, one for each test process."""

    def __init__(self, module: str = "tests.fakes.worker_process") -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C is for who made it
        )

    def make(self, argument: str) -> int:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(argument + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        self._process.communicate()


class WorkerProcess:
    """The only worker of an agent; another one takes over when it is killed."""

    def __init__(self, forge: Forge, options: dict[str, Any], name: str, project: Path) -> None:
        self._forge = forge
        self._argument = json.dumps({"options": options, "name": name, "project": str(project)})
        self._pid: int | None = None

    def start(self) -> None:
        self._pid = self._forge.make(self._argument)

    def kill(self) -> None:
        if self._pid is not None:
            os.kill(self._pid, signal.SIGKILL)
            self._pid = None

    def replace(self) -> None:
        self.kill()
        self.start()


async def _serve(argument: str) -> None:
    asked = json.loads(argument)
    project = Path(asked["project"])
    settings = settings_model().model_validate(asked["options"])
    name = asked["name"]
    made = agent(name.removesuffix(BOSS), project)
    async with Harness.local(project=project, settings=settings) as harness:
        if name.endswith(BOSS):
            parts = open_process_parts(harness.connection)
            async with parts as process, AgentWorker(process, boss(made)):
                await asyncio.Event().wait()
        await harness.serve(made)
        await asyncio.Event().wait()


def forge(serve: Callable[[str], Coroutine[Any, Any, None]]) -> None:
    """Make a process that serves what it is told, for each line of standard input."""
    import openai

    assert openai  # loading it in a worker would hold up its heartbeats
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # killed workers leave nothing behind
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            asyncio.run(serve(line))
            return
        print(pid, flush=True)


if __name__ == "__main__":
    forge(_serve)
