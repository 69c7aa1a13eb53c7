"""Whether a long session stays within its window, at the same cost for each turn.

python -m bench.context [--turns 10000]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import Agent, ContextPolicy, Harness
from harness.config.settings import settings_model
from harness.contracts.event import ContextCompacted
from harness.providers.context.compaction import ASK
from tests.fakes.model_server import ModelServer
from tests.fakes.steps import Say, Step, Used

WINDOW, COMPACT_AT = 8_000, 5_000
ANSWER = "A sentence of the answer that is as long as such sentences are. " * 12
POLICY = ContextPolicy(max_input_tokens=WINDOW, compact_at=COMPACT_AT, keep_last=5)
PARTS, HUNDRED = 4, 100


@dataclass
class Reads:
    """What the model has read: about as many tokens as the text has quarters of characters."""

    most: int = 0
    summaries: int = 0

    def answer(self, body: dict[str, Any]) -> Step:
        tokens = len(json.dumps(body["input"])) // 4
        if body.get("instructions") == ASK:
            self.summaries += 1
            return Say("What was said. " * 20, used=Used(input=tokens, output=60))
        self.most = max(self.most, tokens)
        return Say(ANSWER, used=Used(input=tokens, output=200))


async def measure(turns: int, folder: Path) -> None:
    reads = Reads()
    async with ModelServer() as server:
        server.always(reads.answer)
        provider = {"kind": "openai", "base_url": server.openai, "api_key": "none"}
        settings = settings_model().model_validate({"providers": {"p": provider}, "model": "p/m"})
        agent = Agent("talker", context=POLICY)
        async with Harness.local(project=folder, settings=settings) as harness:
            session, costs, took = harness.session("long"), list[float](), list[float]()
            await session.run(agent, "Begin.")
            for part in range(PARTS):
                begun = time.process_time()
                for turn in range(turns // PARTS):
                    asked = time.perf_counter()
                    await session.run(agent, f"Question {part}.{turn}?")
                    took.append(time.perf_counter() - asked)
                    server.calls.clear()
                costs.append((time.process_time() - begun) / (turns // PARTS) * 1e3)
            ids = (await session.list_runs())[-50:]
            events = [await harness.get_run(id).trace() for id in ids]
            temporal = harness.connection.temporal
            described = [await temporal.get_workflow_handle(id).describe() for id in ids]
    shown = ", ".join(f"{cost:.1f}" for cost in costs)
    compacted = sum(isinstance(each, ContextCompacted) for run in events for each in run)
    print(
        f"{turns:,} turns, {reads.summaries:,} summaries ({compacted} in the last {len(ids)} runs)"
    )
    print(f"most tokens of one call: {reads.most:,} of a window of {WINDOW:,}")
    print(f"CPU of each turn with the model server, in quarters of the session: {shown} ms")
    first, last = (statistics.median(each) for each in (took[:HUNDRED], took[-HUNDRED:]))
    print(
        f"elapsed time of a turn, median of the last {HUNDRED} against that of the first: "
        f"{last / first:.2f} ({first * 1e3:.0f} ms, {last * 1e3:.0f} ms)"
    )
    longest = max(each.history_length for each in described)
    print(f"most events of one run: {max(map(len, events)):,}, in Temporal's history {longest:,}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--turns", type=int, default=120)
    turns = parser.parse_args().turns
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(max(turns, PARTS), Path(folder)))


if __name__ == "__main__":
    main()
