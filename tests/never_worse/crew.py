"""Who is killed: workers, the engine, the database, subjects and the source of their metrics. All
come back."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.fakes.postgres import Postgres
from tests.fakes.servers import Engine
from tests.fakes.shop import Shop
from tests.fakes.worker_process import Forge
from tests.never_worse.plan import Strike

WORKERS = 2
AWAY_S = 4.0
"""How long no metrics are there: several evaluations."""
SERVES = "tests.fakes.care_worker"


class Crew:
    """Two workers, and what they depend on."""

    def __init__(
        self, options: dict[str, Any], env: dict[str, str], project: Path, engine: Engine,
        postgres: Postgres,
    ) -> None:  # fmt: skip
        self._forge = Forge(SERVES)
        self._asked = json.dumps({"options": options, "env": env, "project": str(project)})
        self._engine, self._postgres = engine, postgres
        self._pids = [self._forge.make(self._asked) for _ in range(WORKERS)]
        self.killed = Counter[str]()
        self.struck = set[str]()
        """The subjects whose process was killed."""

    async def strike(self, strike: Strike, shops: Sequence[Shop]) -> None:
        match strike.victim:
            case "worker":
                number = int(strike.which * WORKERS)
                _kill(self._pids[number])
                self._pids[number] = await asyncio.to_thread(self._forge.make, self._asked)
            case "engine":
                await self._engine.kill()
                await self._engine.back()
            case "database":
                await asyncio.to_thread(self._postgres.kill)
                await asyncio.to_thread(self._postgres.start)
            case "subject":
                shop = shops[int(strike.which * len(shops))]
                self.struck.add(shop.name)
                shop.kill()
            case "metrics":
                shops[0].metrics.away = True
                await asyncio.sleep(AWAY_S)
                shops[0].metrics.away = False
        self.killed[strike.victim] += 1

    def close(self) -> None:
        for pid in self._pids:
            _kill(pid)
        self._forge.close()


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
