"""A real Loki, as the demo runs it; tests that need it are skipped where it was not built."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from harness.care.demo.log_store import find_loki, write_config
from harness.care.demo.project import find_ports

STARTS_S = 60.0
Line = tuple[float, str]
"""Seconds since 1970, and the text."""


class LokiServer:
    """One process of it. It may be stopped, killed, and started again at the same address."""

    def __init__(self, program: Path, folder: Path) -> None:
        http, grpc = find_ports(2)
        self.url = f"http://127.0.0.1:{http}"
        self._program, self._folder = program, folder
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "loki.yml").write_text(write_config(http, grpc, str(folder / "data")))

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with (self._folder / "loki.log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._program, f"-config.file={self._folder}/loki.yml"], stdout=log, stderr=log
            )
        until = time.monotonic() + STARTS_S
        while not self._is_ready():
            assert time.monotonic() < until, "Loki did not start"
            assert self._process.poll() is None, "Loki ended"
            time.sleep(0.05)

    def signal(self, kind: signal.Signals) -> None:
        """Such as SIGSTOP: it then takes connections, and answers none."""
        assert self._process is not None
        self._process.send_signal(kind)

    def kill(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    async def push(
        self,
        labels: Mapping[str, str],
        lines: Sequence[Line],
        replacing: Mapping[bytes, bytes] | None = None,
    ) -> None:
        """Store lines as a shipper does; `replacing`: bytes that JSON has no word for."""
        values = [[str(int(at * 1e9) + n), text] for n, (at, text) in enumerate(lines)]
        body = json.dumps({"streams": [{"stream": labels, "values": values}]}).encode()
        for old, new in (replacing or {}).items():
            body = body.replace(old, new)
        await asyncio.to_thread(self._post, body)

    def _post(self, body: bytes) -> None:
        headers = {"Content-Type": "application/json"}
        asked = urllib.request.Request(f"{self.url}/loki/api/v1/push", body, headers)
        try:
            with urllib.request.urlopen(asked, timeout=30) as reply:
                assert reply.status == 204
        except urllib.error.HTTPError as error:
            raise AssertionError(error.read()[:500]) from error

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/ready", timeout=2) as reply:
                return reply.status == 200
        except OSError:
            return False


@pytest.fixture(scope="session")
def loki_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LokiServer]:
    program = find_loki()
    if program is None:
        pytest.skip("Loki is not built: make loki")
    server = LokiServer(program, tmp_path_factory.mktemp("loki"))
    try:
        server.start()
        yield server
    finally:
        server.kill()


@pytest.fixture
def loki(loki_process: LokiServer) -> LokiServer:
    """The Loki of this test process; tests use labels of their own."""
    return loki_process
