"""50 runs share a limit of tokens and requests, in two workers of which one is killed.

The model server enforces the same limit over real sockets, in a sliding window, and counts: how
many calls it refused, how much of the limit was used, and the most that a minute had.

    python -m bench.limits [--minutes 4] [--runs 50] [--requests 400] [--tokens 200000]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvloop

from bench.agents import agent_of
from bench.backends import ROOT, backends
from bench.contestants.harness import settings_for
from bench.measure import until
from bench.metered_server import Meter, metered_server
from harness import Harness
from harness.config.settings import Settings, settings_model
from harness.engine.connection import open_connection
from harness.stack import find_stack
from harness_workers import serve

MODEL = "turns-100000"
AGENT = f"limited:{MODEL}"


@dataclass(frozen=True)
class Measured:
    """What the server counted."""

    calls: int
    refused: int
    requests_used: float
    tokens_used: float
    most_requests: float
    """As a share of the limit."""
    most_tokens: float

    def __str__(self) -> str:
        return (
            f"{self.calls} calls, refused {self.refused} "
            f"({self.refused / max(1, self.calls):.2%})\n"
            f"used on average: requests {self.requests_used:.1%}, tokens {self.tokens_used:.1%}\n"
            f"most in a minute: requests {self.most_requests:.1%}, tokens {self.most_tokens:.1%}"
        )


def limited_settings(options: dict[str, Any]) -> Settings:
    """The settings of a bench, with a limit."""
    base = settings_for(options).model_dump(exclude_unset=True)
    limit = {
        "requests_per_minute": options["requests"],
        "tokens_per_minute": options["tokens"],
    }
    return settings_model().model_validate(
        {**base, "limits": {"models": {f"bench/{MODEL}": limit}}}
    )


async def measure(*, minutes: float, runs: int, requests: int, tokens: int) -> Measured:
    """Let the runs go on for some minutes; kill a worker in the middle."""
    meter = Meter(requests, tokens)
    async with backends() as back, metered_server(meter) as address:
        options = {
            "temporal": back.temporal, "postgres": back.postgres, "model": address,
            "requests": requests, "tokens": tokens,
        }  # fmt: skip
        async with _worker(options) as doomed, _worker(options), _client(options) as harness:
            starts = [harness.start(agent_of(AGENT), "Add.", id=f"run-{n}") for n in range(runs)]
            await asyncio.gather(*starts)

            async def begun() -> bool:
                return bool(meter.accepted)

            await until(begun)
            await asyncio.sleep(minutes * 30)
            doomed.kill()
            await asyncio.sleep(minutes * 30)
    requests_used, tokens_used = meter.measure_use()
    return Measured(
        calls=len(meter.accepted) + meter.refused,
        refused=meter.refused,
        requests_used=requests_used,
        tokens_used=tokens_used,
        most_requests=meter.most_requests / requests,
        most_tokens=meter.most_tokens / tokens,
    )


@asynccontextmanager
async def _client(options: dict[str, Any]) -> AsyncGenerator[Harness]:
    with tempfile.TemporaryDirectory() as project:
        settings = limited_settings(options)
        async with Harness.connect(project=Path(project), settings=settings) as harness:
            yield harness


@asynccontextmanager
async def _worker(options: dict[str, Any]) -> AsyncGenerator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.limits", "--worker", json.dumps(options)),
        cwd=ROOT,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        assert await process.stdout.readline() == b"ready\n"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _serve(options: dict[str, Any]) -> None:
    settings = limited_settings(options)
    with tempfile.TemporaryDirectory() as project:
        endpoints = await find_stack(settings, Path(project))
        assert endpoints is not None
        async with (
            open_connection(settings, endpoints, Path(project)) as connection,
            serve(connection, agent_of(AGENT)),
        ):
            print("ready", flush=True)
            await asyncio.Event().wait()


async def main(chosen: argparse.Namespace) -> None:
    if chosen.worker:
        return await _serve(json.loads(chosen.worker))
    measured = await measure(
        minutes=chosen.minutes, runs=chosen.runs, requests=chosen.requests, tokens=chosen.tokens
    )
    print(measured)
    return None


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=4)
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--requests", type=int, default=400)
    parser.add_argument("--tokens", type=int, default=200_000)
    parser.add_argument("--worker")
    uvloop.run(main(parser.parse_args()))
