"""A script that used the SDK ends as any other: nothing native outlives its last line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

SCRIPT = """
import asyncio, atexit, os, sys
from pathlib import Path

def count_threads():  # registered first, so it runs last, just before the interpreter ends
    print("threads", len(os.listdir("/proc/self/task")))

if sys.platform == "linux":
    atexit.register(count_threads)

from harness.config.settings import settings_model
from harness.config.settings import settings_model
from harness import Harness
from harness.config.settings import Settings

kept = []

async def main(keep):
    settings = settings_model().model_validate_json(sys.argv[1])
    async with Harness.connect(project=Path(sys.argv[2]), settings=settings) as harness:
        [run async for run in harness.list_runs()]
        if keep:
            kept.append(harness)

asyncio.run(main(False))
asyncio.run(main(True))
"""


def test_no_native_thread_outlives_a_script(options: dict[str, Any], tmp_path: Path) -> None:
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, json.dumps(options), str(tmp_path)],
            capture_output=True,
            text=True,
        )
        assert (done.returncode, done.stderr) == (0, ""), done
        if sys.platform == "linux":
            assert done.stdout == "threads 1\n"
