"""Commands and workers of an environment that harness is installed into."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

Run = Callable[..., subprocess.CompletedProcess[str]]


def site_packages(environment: Path) -> Path:
    script = "import site; print(site.getsitepackages()[0])"
    said = subprocess.check_output([environment / "python", "-c", script], text=True)
    return Path(said.strip())


@contextmanager
def running_worker(
    environment: Path, project: Path, env: dict[str, str], agent: str = "agent.py:agent"
) -> Generator[None]:
    process = subprocess.Popen(
        [environment / "harness", "worker", agent],
        cwd=project, env=env, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        name = "counter" if agent.startswith("agent.py") else "plain"
        assert any(name in line for line in process.stdout), "it says what it serves"
        yield
    finally:
        process.terminate()
        process.wait()
