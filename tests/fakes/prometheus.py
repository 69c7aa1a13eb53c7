"""A real Prometheus that scrapes itself each second; tests that need it are skipped without it."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

CONFIG = """
global:
  scrape_interval: 1s
  scrape_timeout: 1s
scrape_configs:
  - job_name: self
    static_configs:
      - targets: ["127.0.0.1:{port}"]
"""
STARTS_S = 30.0


class PrometheusServer:
    """One process of it. It may be killed, and started again at the same address."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port: int = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "prometheus.yml").write_text(CONFIG.format(port=self._port))

    def start(self) -> None:
        """Start it, and wait until it has scraped itself."""
        self._process = subprocess.Popen(
            [
                "prometheus", f"--config.file={self._folder}/prometheus.yml",
                f"--storage.tsdb.path={self._folder}/data", "--log.level=error",
                f"--web.listen-address=127.0.0.1:{self._port}",
            ],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        until = time.monotonic() + STARTS_S
        while not self._has_scraped():
            assert time.monotonic() < until, "Prometheus did not start"
            assert self._process.poll() is None, "Prometheus ended"
            time.sleep(0.05)

    def kill(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    async def back(self) -> None:
        """Start it if a test has killed it."""
        if self._process is None:
            await asyncio.to_thread(self.start)

    def _has_scraped(self) -> bool:
        query = urllib.parse.urlencode({"query": "up == 1"})
        try:
            with urllib.request.urlopen(f"{self.url}/api/v1/query?{query}", timeout=2) as reply:
                found: Any = json.load(reply)
        except (OSError, ValueError):
            return False
        return bool(found["data"]["result"])


@pytest.fixture(scope="session")
def prometheus_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrometheusServer]:
    if shutil.which("prometheus") is None:
        pytest.skip("prometheus is not installed")
    server = PrometheusServer(tmp_path_factory.mktemp("prometheus"))
    try:
        server.start()
        yield server
    finally:
        server.kill()


@pytest.fixture
async def prometheus(prometheus_process: PrometheusServer) -> PrometheusServer:
    """The Prometheus of this test process."""
    await prometheus_process.back()
    return prometheus_process
