"""What the contestants stand on: a fresh tuned engine and database each, and one model server."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.measure import until
from harness.config.settings import Settings
from harness.stack import lease, open_stack
from harness.stack.layout import layout_of

ROOT = Path(__file__).parents[1]
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Backends:
    temporal: str
    postgres: str
    pids: dict[str, int]


@asynccontextmanager
async def backends() -> AsyncGenerator[Backends]:
    """The local stack as `harness up` starts it, in a folder of its own, gone afterwards."""
    settings = Settings()
    with tempfile.TemporaryDirectory(prefix="harness-bench-") as folder:
        project = Path(folder)
        async with open_stack(settings, project) as endpoints:
            status = await lease.read_status(layout_of(settings.state_dir, project))
            assert status is not None
            pids = {
                {"temporal": "engine", "postgres": "database"}[name]: part["pid"]
                for name, part in status["parts"].items()
            }
            yield Backends(endpoints.temporal_address, endpoints.database_url, pids)

        async def stopped() -> bool:
            return await lease.read_status(layout_of(settings.state_dir, project)) is None

        await until(stopped)  # a moment after the last lease ended; then the folder may go


@asynccontextmanager
async def model_server() -> AsyncGenerator[tuple[str, int]]:
    """Its address and its process id."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.model_server", cwd=ROOT, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        port = int(await process.stdout.readline())
        yield f"http://127.0.0.1:{port}", process.pid
    finally:
        process.kill()
        await process.wait()


async def peers_python(folder: Path = HERE) -> Path:
    """The interpreter that has the peers' packages, which do not go together with ours: those of
    the requirements.txt in `folder`."""
    wanted = (folder / "requirements.txt").read_bytes()
    place = folder / ".venv"
    python, ready = place / "bin" / "python", place / ".ready"
    if not ready.exists() or ready.read_bytes() != wanted:
        print(f"installing the peers into {place.relative_to(ROOT)}", flush=True)
        uv = Path(sys.executable).parent / "uv"
        pinned = ("--require-hashes", str(folder / "requirements.txt"))
        for command in (
            (uv, "venv", "--quiet", "--clear", "--python", sys.executable, place),
            (uv, "pip", "sync", "--quiet", "--python", python, *pinned),
        ):
            process = await asyncio.create_subprocess_exec(*map(str, command))
            if await process.wait():
                raise SystemExit("the peers could not be installed; ours alone: --only harness")
        ready.write_bytes(wanted)
    return python
