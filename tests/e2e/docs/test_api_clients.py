"""The programs of docs/how-to/api-clients.md, as they are there, over connections that break."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import httpx
import pytest

from tests.e2e.api.test_serve import make_token, serving
from tests.fakes.documents import read_fences
from tests.fakes.npm import FOLDER as NPM
from tests.fakes.npm import install_packages, run_node
from tests.fakes.relay import Relay, breaking
from tests.fakes.warm_python import warm_python

PAGE = "docs/how-to/api-clients.md"
EMBEDDING = "docs/how-to/embed-the-api.md"
CONNECTIONS = 3
"""Each program must have followed its run over at least so many."""


@pytest.fixture
def relay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Relay]:
    """A daemon that serves the page's agent, behind a relay whose streams break."""
    (tmp_path / "payments.py").write_text(read_fences(PAGE, "python")[0])
    with socket.create_server(("127.0.0.1", 0)) as listening:
        name = f"127.0.0.1:{listening.getsockname()[1]}"
        monkeypatch.setenv("HARNESS_API__HOSTS", f'["{name}"]')
        with serving(tmp_path, "payments.py") as (_, told), breaking(listening, told["url"]) as it:
            yield it


def environment(relay: Relay, folder: Path) -> dict[str, str]:
    return {"HARNESS_URL": relay.url, "HARNESS_TOKEN": make_token(folder)}


def expected() -> list[str]:
    """What the page says that each program prints."""
    return read_fences(PAGE, "text")[0].splitlines()


def run_program(command: list[str], folder: Path, relay: Relay) -> list[str]:
    done = subprocess.run(
        command, cwd=folder, env=os.environ | environment(relay, folder),
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


@pytest.mark.slow
def test_python(relay: Relay, tmp_path: Path) -> None:
    (tmp_path / "client.py").write_text(read_fences(PAGE, "python")[1])
    assert run_program(warm_python("client.py"), tmp_path, relay) == expected()
    assert relay.streams >= CONNECTIONS


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("jq"), reason="the program needs jq")
def test_curl(relay: Relay, tmp_path: Path) -> None:
    program = next(text for text in read_fences(PAGE, "sh") if text.startswith("#!"))
    (tmp_path / "client.sh").write_text(program)
    assert run_program(["sh", "client.sh"], tmp_path, relay) == expected()
    assert relay.streams >= CONNECTIONS


@pytest.mark.slow
def test_typescript(relay: Relay, tmp_path: Path) -> None:
    install_packages()
    (program,) = read_fences(PAGE, "ts")
    (tmp_path / "client.ts").write_text(program)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "node_modules").symlink_to(NPM / "node_modules")
    node = "declare const process: { env: Record<string, string | undefined> };\n"
    (tmp_path / "node.d.ts").write_text(node)
    code, out, err = asyncio.run(
        run_node(
            "node_modules/typescript/bin/tsc", "--strict", "--noEmit", "--target", "es2022",
            "--module", "nodenext", "--lib", "es2022,dom,dom.asynciterable",
            str(tmp_path / "client.ts"), str(tmp_path / "node.d.ts"),
        )
    )  # fmt: skip
    assert code == 0, out + err
    program_path = str(tmp_path / "client.ts")
    code, out, err = asyncio.run(run_node(program_path, **environment(relay, tmp_path)))
    assert code == 0, out + err
    assert out.splitlines() == expected()
    assert relay.streams >= CONNECTIONS


@pytest.mark.slow
def test_the_embedding_app(tmp_path: Path) -> None:
    """The app of the page about embedding, as uvicorn serves it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (program,) = read_fences(EMBEDDING, "python")
    assert "127.0.0.1:8000" in program
    (tmp_path / "app.py").write_text(program.replace("127.0.0.1:8000", f"127.0.0.1:{port}"))
    uvicorn = [sys.executable, "-m", "uvicorn", "app:app", "--port", str(port)]
    with subprocess.Popen(uvicorn, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            said = next(
                (line for line in process.stderr if "running on" in line or "rror" in line), ""
            )
            assert "running on" in said, process.stderr.read()
            api = httpx.Client(base_url=f"http://127.0.0.1:{port}/agents/", timeout=30)
            assert api.get("health/ready").json()["ready"]
            assert api.get("api/v1/me").status_code == 401
            token = {"Authorization": f"Bearer {make_token(tmp_path)}"}
            assert api.get("api/v1/me", headers=token).json()["user"] == "local"
            document = api.get("api/v1/openapi.json", headers=token).json()
            assert document["servers"] == [{"url": "/agents"}]
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)
