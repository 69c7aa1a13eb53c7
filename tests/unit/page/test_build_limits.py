"""The build of the page ends, and says why, if npm hangs or has no network."""

from __future__ import annotations

import importlib.util
import os
import select
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "web" / "build.py"


@pytest.fixture(scope="module")
def build() -> ModuleType:
    found = importlib.util.spec_from_file_location("page_build", SCRIPT)
    assert found is not None and found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def _run(build: ModuleType, folder: Path, script: str, limit_s: float = 60) -> None:
    command = ["/bin/sh", "-c", script]
    build.run_bounded("`npm ci`", command, folder, dict(os.environ), verbose=False, limit_s=limit_s)


def test_a_step_that_hangs_is_ended_with_all_that_it_started(
    build: ModuleType, tmp_path: Path
) -> None:
    pipe = tmp_path / "alive"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with pytest.raises(build.BuildFailed, match=r"`npm ci` did not end within .* network"):
        _run(build, tmp_path, "exec 9>alive; sleep 600 & wait", limit_s=0.3)
    # Readable at its end, which comes once no process has it open for writing.
    readable, _, _ = select.select([reader], [], [], 30)
    assert readable and os.read(reader, 1) == b""
    os.close(reader)


def test_a_missing_network_is_named(build: ModuleType, tmp_path: Path) -> None:
    script = "echo 'npm error code ENOTFOUND'; exit 1"
    with pytest.raises(build.BuildFailed, match="cannot reach the registry"):
        _run(build, tmp_path, script)


def test_another_failure_shows_its_reason(build: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(build.BuildFailed, match=r"failed \(error TS2304"):
        _run(build, tmp_path, "echo 'error TS2304: no name'; exit 2")
    _run(build, tmp_path, "true")
