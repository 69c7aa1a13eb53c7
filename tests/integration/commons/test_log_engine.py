"""What the native part of Temporal's SDK says leaves by our door too, in our format."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

SCRIPT = """
import asyncio, logging, sys
from pathlib import Path
from temporalio import activity
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker
from harness.engine.native import native_runtime
from harness.commons.log import configure_logs

@activity.defn
async def act(): ...

async def main():
    configure_logs("debug", "json")
    loop, said = asyncio.get_running_loop(), asyncio.Event()
    def seen(record):
        loop.call_soon_threadsafe(said.set)
        return True
    logging.getLogger("temporalio.core").addFilter(seen)
    binary = str(Path(sys.executable).parent / "temporal")
    async with await WorkflowEnvironment.start_local(
        runtime=native_runtime("debug"),
        dev_server_existing_path=binary,
        dev_server_extra_args=["--log-level", "never"],
    ) as env:
        async with Worker(env.client, task_queue="q", activities=[act]):
            await asyncio.wait_for(said.wait(), 30)

asyncio.run(main())
"""


@pytest.mark.slow
def test_native_logs_are_json_on_stderr() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True)
    records = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    native = [record for record in records if "sdk_core" in record["logger"]]
    assert native, done.stderr
    assert "sdk_core" not in done.stdout
