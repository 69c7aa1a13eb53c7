"""Workers with the agent of care in processes of their own, to be killed: see worker_process."""

from __future__ import annotations

import asyncio
import json
import os
from contextlib import suppress
from pathlib import Path

from harness import Harness
from harness.care.repair.agent import make_care_agent
from harness.config.settings import settings_model
from harness.contracts.errors import StackUnreachable, StoreUnavailable
from tests.fakes.worker_process import forge


async def _serve(argument: str) -> None:
    parent = os.getppid()
    asked = json.loads(argument)
    os.chdir(asked["project"])
    os.environ.update(asked["env"])
    settings = settings_model().model_validate(asked["options"])
    while os.getppid() == parent:  # it ends with the test, however that ends
        with suppress(StackUnreachable, StoreUnavailable):  # a supervisor starts it again
            async with Harness.local(project=Path(asked["project"]), settings=settings) as harness:
                await harness.serve(make_care_agent())
                while os.getppid() == parent:  # noqa: ASYNC110
                    await asyncio.sleep(0.2)
        await asyncio.sleep(0.5)
    os._exit(0)


if __name__ == "__main__":
    forge(_serve)
