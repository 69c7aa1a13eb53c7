"""`python -m tests.never_worse [--subjects 40] [--kills 12] [--rounds 1] [--seed 1]`."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from harness import Harness
from harness.config.settings import settings_model
from tests.fakes.metrics_server import serving_metrics
from tests.fakes.postgres import Postgres
from tests.fakes.servers import Engine, started_engine
from tests.fakes.shop import add_shop
from tests.never_worse.campaign import remove_shops, run_round
from tests.never_worse.crew import Crew
from tests.never_worse.plan import make_plan

KEY = "signing-key-of-the-campaign-32-bytes"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.never_worse", description=__doc__)
    parser.add_argument("--subjects", type=int, default=40)
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    logging.getLogger("harness").setLevel(logging.ERROR)  # that activities fail is the point
    postgres = Postgres()
    postgres.start()
    try:
        with (
            started_engine() as engine,
            tempfile.TemporaryDirectory(prefix="harness-worse-", ignore_cleanup_errors=True) as it,
        ):
            return asyncio.run(_run(asked, engine, postgres, Path(it)))
    finally:
        postgres.kill()


async def _run(asked: argparse.Namespace, engine: Engine, postgres: Postgres, folder: Path) -> int:
    project = folder / "project"
    project.mkdir()
    violations, killed = list[str](), Counter[str]()
    async with serving_metrics() as metrics:
        options: dict[str, Any] = {
            "model": "care/rules",
            "providers": {"care": {"kind": "care"}},
            "care": {"evaluate_seconds": 1, "metrics": {"url": metrics.url}},
            "temporal": {"address": engine.address},
            "database": {"url": postgres.create(), "pool_size": 8},
            "worker": {"graceful_shutdown_seconds": 0.5},
            "archive": {"enabled": False},
            "signing": {"key": KEY},
        }
        env = {
            "HARNESS_TEMPORAL__ADDRESS": engine.address,
            "HARNESS_DATABASE__URL": options["database"]["url"],
            "HARNESS_CARE__METRICS__URL": metrics.url,
            "HARNESS_SIGNING__KEY": KEY,
        }
        settings = settings_model().model_validate(options)
        async with Harness.connect(project=project, settings=settings) as harness:
            for seed in range(asked.seed, asked.seed + asked.rounds):
                began = time.monotonic()
                plan = make_plan(seed, asked.subjects, asked.kills)
                crew = Crew(options, env, project, engine, postgres)
                shops = [
                    await add_shop(
                        harness.connection, metrics, folder,
                        changes="automatic" if kind == "automatic" else "ask",
                    )
                    for kind in plan.kinds
                ]  # fmt: skip
                try:
                    found, given_up = await run_round(harness, shops, crew, plan)
                finally:
                    crew.close()
                    await remove_shops(shops)
                killed += crew.killed
                violations += found
                for words in found:
                    print(f"VIOLATION (seed {seed}): {words}")
                took = time.monotonic() - began
                print(
                    f"seed {seed}: {len(shops)} subjects, killed {dict(crew.killed)}, "
                    f"{len(found)} violations, {given_up} handed to a person, {took:.0f} s",
                    flush=True,
                )
    print(
        f"{'FAIL' if violations else 'OK'}: {len(violations)} violations in "
        f"{asked.rounds * asked.subjects} combinations; killed {dict(killed)}"
    )
    return 1 if violations else 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # see docs/explanation/decisions.md: exit
