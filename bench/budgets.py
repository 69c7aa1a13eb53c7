"""50 runs share a budget of tokens and money; the model server keeps books of its own.

    python -m bench.budgets [--runs 50] [--tokens 400000]

Runs go on until all of them wait for the budget. What the server charged is then compared with the
account, with the ledger, and with the limit.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import Agent, Harness, tool
from harness.budgets import client
from harness.budgets.views import SharedBudget
from harness.config.settings import settings_model
from tests.fakes.model_server import ModelServer
from tests.fakes.steps import Say, Used

AGENT = "spender"
PRICE = {"input": 2.0, "output": 10.0}


@dataclass
class Books:
    """What the server charged."""

    calls: int = 0
    tokens: int = 0
    micros: int = 0
    longest: int = 0
    """Most output that a call asked for."""

    def answer(self, body: dict[str, Any]) -> Say:
        """Answer a call, with a random part of what it allows as output."""
        most = body["max_output_tokens"]
        used = Used(input=len(json.dumps(body["input"])) // 4, output=random.randint(1, most))  # nosec B311
        self.calls += 1
        self.tokens += used.input + used.output
        self.micros += round(used.input * PRICE["input"] + used.output * PRICE["output"])
        self.longest = max(self.longest, most)
        return Say(calls=(("note", {"number": self.calls}),), used=used, wait=0.02)


@dataclass(frozen=True)
class Measured:
    """The server's books, the account and the ledger."""

    runs: int
    calls: int
    limit: int
    charged: int
    counted: int
    booked: int
    limit_micros: int
    charged_micros: int
    counted_micros: int

    def __str__(self) -> str:
        return (
            f"{self.runs} runs, {self.calls} calls\n"
            f"tokens: limit {self.limit:,}, charged {self.charged:,} "
            f"({self.charged / self.limit:.1%}), counted {self.counted:,}, booked {self.booked:,}\n"
            f"micros: limit {self.limit_micros:,}, charged {self.charged_micros:,} "
            f"({self.charged_micros / self.limit_micros:.1%}), counted {self.counted_micros:,}"
        )


@tool(effect="read")
def note(number: int) -> str:
    """Note a number."""
    return f"noted {number}"


async def measure_runs(
    harness: Harness, server: ModelServer, agent: str, runs: int, limits: tuple[int, int]
) -> Measured:
    """Let runs of an agent go on until its budget of the day stops all of them."""
    books = Books()
    server.always(books.answer)
    spender = Agent(agent, model="openai/spender", tools=[note])
    handles = [await harness.start(spender, "Spend.") for _ in range(runs)]
    # A query, over the network.
    while (found := await _find_budget(harness, agent)) is None or found.waiting < runs:  # noqa: ASYNC110
        await asyncio.sleep(0.2)
    spent = await client.read_spending(harness.connection, (), filters={"agent": agent})
    for handle in handles:
        await handle.abort("measured")
    return Measured(
        runs=runs, calls=books.calls, limit=limits[0], charged=books.tokens,
        counted=found.spent_tokens, booked=spent.total.input + spent.total.output,
        limit_micros=limits[1], charged_micros=books.micros, counted_micros=found.spent_micros,
    )  # fmt: skip


async def _find_budget(harness: Harness, agent: str) -> SharedBudget | None:
    found = await client.list_budgets(harness.connection, name=f"agent:{agent}", limit=1)
    return found[0] if found else None


async def measure(runs: int, tokens: int) -> Measured:
    """Measure on the stack that is configured, with a server of its own."""
    from bench.backends import backends
    from bench.contestants.harness import settings_for

    micros = tokens * 15 // 2
    day = {"tokens_per_day": tokens, "cost_per_day": str(micros / 1e6)}
    async with backends() as back, ModelServer() as server:
        options = {"temporal": back.temporal, "postgres": back.postgres, "model": server.openai}
        base = settings_for(options).model_dump(exclude_unset=True)
        settings = settings_model().model_validate(
            {
                **base,
                "providers": {"openai": {"base_url": server.openai, "api_key": "key"}},
                "prices": {"openai/spender": PRICE},
                "budgets": {"agents": {AGENT: day}},
            }
        )
        with tempfile.TemporaryDirectory() as project:
            async with Harness.local(project=Path(project), settings=settings) as harness:
                return await measure_runs(harness, server, AGENT, runs, (tokens, micros))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--tokens", type=int, default=400_000)
    asked = parser.parse_args()
    print(asyncio.run(measure(asked.runs, asked.tokens)))


if __name__ == "__main__":
    main()
