"""A daemon in a process of its own, to be killed: `python -m tests.browser.daemon_process`."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
from pathlib import Path
from typing import Any

from tests.fakes.stack import answers, until
from tests.fakes.worker_process import Forge, forge


class DaemonProcess:
    """Serves the API and the page on one port, also when it is started again."""

    def __init__(self, made_by: Forge, options: dict[str, Any], project: Path) -> None:
        self._forge = made_by
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._argument = json.dumps(
            {"options": options, "project": str(project), "port": self.port}
        )
        self._pid: int | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Returns when it answers."""
        self._pid = self._forge.make(self._argument)
        await until(lambda: answers(f"127.0.0.1:{self.port}"))

    def kill(self) -> None:
        """kill -9."""
        if self._pid is not None:
            os.kill(self._pid, signal.SIGKILL)
            self._pid = None


async def _serve(argument: str) -> None:
    from harness import Harness
    from harness.api.settings import ApiSettings
    from harness.config.settings import settings_model
    from harness_daemon.daemon import Address, open_daemon

    asked = json.loads(argument)
    settings = settings_model().model_validate(asked["options"])
    address = Address("127.0.0.1", asked["port"])
    async with (
        Harness.connect(project=Path(asked["project"]), settings=settings) as harness,
        open_daemon(harness.connection, settings.section(ApiSettings), address),
    ):
        await asyncio.Event().wait()


if __name__ == "__main__":
    import fastapi

    import harness_daemon.daemon

    assert fastapi and harness_daemon.daemon  # loaded once, for all that are made
    forge(_serve)
