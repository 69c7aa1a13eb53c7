"""Run a campaign: provider, workers, runs, a person who grants more, and the evidence of it all."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.agent import Agent
from harness.budgets import client as budgets
from harness.budgets.views import GrantBody
from harness.config.settings import settings_model
from harness.contracts import event as e
from harness.contracts.errors import HarnessError
from harness.engine.connection import Connection, open_connection
from harness.sdk.client import HarnessClient
from harness.sdk.handle import RunHandle
from harness.stack import ensure_search_attributes, find_stack
from tests.chaos.agents import ENTRIES, SETUP, agent_name, make_agents, model_name
from tests.chaos.checks import (
    INPUT_PRICE,
    OUTPUT_PRICE,
    Account,
    Booked,
    Ended,
    Evidence,
)
from tests.chaos.plan import FRUGAL, KINDS, Kill, Plan
from tests.chaos.provider import Provider, Served
from tests.chaos.worker import Crew, new_forge
from tests.crash.world import Services
from tests.fakes.model_server import ModelServer

WORKERS = 2
GRANTS = 20
LATE_S = 0.05
"""After the moment at which a worker is to die."""
BOOKS = """
SELECT run, model, sum(calls)::bigint, sum(input)::bigint, sum(output)::bigint, sum(cost)::bigint,
  sum(estimated)::bigint
FROM harness_budgets.spending WHERE run LIKE %s GROUP BY run, model
"""
GRANTED = "SELECT key, granted FROM harness_limits.quota WHERE key LIKE %s"


def make_settings(base: dict[str, Any], plan: Plan, server: ModelServer) -> dict[str, Any]:
    """Settings with the providers, limits and budgets of a campaign."""
    tag = plan.tag
    providers = {
        f"{tag}-{name}": {
            "kind": kind, "base_url": server.base_url(kind), "api_key": "campaign",
            "timeout_seconds": 30, "idle_seconds": 4,
        }
        for name, kind in KINDS.items()
    }  # fmt: skip
    limit = {"requests_per_minute": plan.requests, "tokens_per_minute": plan.tokens}
    price = {"input": INPUT_PRICE, "output": OUTPUT_PRICE}
    return {
        **base,
        "providers": providers,
        "prices": {model_name(tag, name): price for name in KINDS},
        "limits": {"providers": {f"{tag}-{name}": limit for name in KINDS}},
        "budgets": {"agents": {agent_name(tag, FRUGAL): {"tokens_per_day": plan.budget}}},
    }


@dataclass
class Campaign:
    """One campaign on a stack that runs. `base`: the settings that say where it is."""

    plan: Plan
    base: dict[str, Any]
    folder: Path
    patience_s: float = 540.0
    grants: int = 0
    _strikes: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])

    async def run(self) -> Evidence:
        async with AsyncExitStack() as stack:
            server = await stack.enter_async_context(ModelServer(strict=True))
            provider = Provider(self.plan, server, self._strike)
            server.always(provider.answer)
            shop = await stack.enter_async_context(Services(_go_on))
            options = make_settings(self.base, self.plan, server)
            connection = await stack.enter_async_context(self._connect(options))
            for statement in SETUP:
                await connection.database.fetch(statement)
            forge = new_forge()
            stack.callback(forge.close)
            asked = {
                "options": options, "project": str(self.folder), "tag": self.plan.tag,
                "port": shop.port, "log": str(self.folder / "workers.log"),
            }  # fmt: skip
            self._crew = crew = Crew(forge.make, asked)
            stack.callback(crew.end)
            for _ in range(WORKERS):
                crew.start()
            client = HarnessClient(connection)
            handles = await self._start(client, make_agents(self.plan.tag, shop.port))
            await self._finish(connection, handles)
            await _wait_until_booked(connection, self.plan.tag)
            effects = [text for _, text in shop.of[0]["order"].effects]
            rows = await connection.database.fetch(ENTRIES, (self.plan.tag,))
            return Evidence(
                plan=self.plan,
                served=provider.served,
                killed=crew.killed,
                ended={number: await _read_end(run) for number, run in handles.items()},
                booked=await _read_books(connection, self.plan.tag),
                total=await _read_cost(connection, self.plan.tag),
                account=await self._read_account(connection),
                granted=await _read_granted(connection, self.plan.tag),
                effects=[*effects, *(text for (text,) in rows)],
                meters=provider.meters,
            )

    @asynccontextmanager
    async def _connect(self, options: dict[str, Any]) -> AsyncGenerator[Connection]:
        settings = settings_model().model_validate(options)
        endpoints = await find_stack(settings, self.folder)
        assert endpoints is not None
        async with open_connection(settings, endpoints, self.folder) as connection:
            await ensure_search_attributes(connection.temporal)
            yield connection

    def _strike(self, served: Served, kill: Kill) -> None:
        task = asyncio.ensure_future(self._kill_at(served, kill))
        self._strikes.add(task)

    async def _kill_at(self, served: Served, kill: Kill) -> None:
        if kill.moment == "half":
            while not served.call.sent:  # noqa: ASYNC110 - the server does not say so
                await asyncio.sleep(0.01)
        elif kill.moment == "end":
            await served.call.ended.wait()
        if kill.moment != "end":
            await asyncio.sleep(LATE_S)
        self._crew.kill(served.worker)
        self._crew.start()

    async def _start(
        self, client: HarnessClient, agents: dict[str, Agent[None, str]]
    ) -> dict[int, RunHandle[Any]]:
        starts = [
            client.start(
                agents[run.agent], f"This is run {run.number}.", id=f"{self.plan.tag}-{run.number}"
            )
            for run in self.plan.runs
        ]
        handles = await asyncio.gather(*starts)
        return {run.number: each for run, each in zip(self.plan.runs, handles, strict=True)}

    async def _finish(self, connection: Connection, handles: dict[int, RunHandle[Any]]) -> None:
        """Wait for all runs, and grant more of the budget whenever some wait for it."""
        ends = asyncio.gather(*(each.outcome() for each in handles.values()))
        until = time.monotonic() + self.patience_s
        while not ends.done() and time.monotonic() < until:
            await asyncio.wait([ends], timeout=1)
            row = await self._find_budget(connection)
            if row is not None and row.waiting and self.grants < GRANTS:
                self.grants += 1
                await budgets.grant_budget(connection, GrantBody(budget=row.budget))
        if not ends.done():
            ends.cancel()
        with suppress(asyncio.CancelledError):
            await ends

    async def _find_budget(self, connection: Connection) -> Any:
        name = f"agent:{agent_name(self.plan.tag, FRUGAL)}"
        found = await budgets.list_budgets(connection, name=name, limit=1)
        return found[0] if found else None

    async def _read_account(self, connection: Connection) -> Account | None:
        row = await self._find_budget(connection)
        if row is None:
            return None
        assert row.tokens is not None
        return Account(row.tokens, row.spent_tokens, row.spent_micros, row.lost_tokens)


async def _go_on(_: dict[str, Any]) -> None:
    """The shop answers at once."""


async def _read_end(run: RunHandle[Any]) -> Ended:
    try:
        result = await run.outcome(timeout=10)
    except HarnessError:
        return Ended(None)
    replies = [each for each in await run.trace() if isinstance(each, e.ModelReplied)]
    return Ended(
        state=result.state,
        code=result.error.code if result.error else None,
        output=str(result.output),
        totals=result.totals,
        replies=tuple(replies),
    )


async def _wait_until_booked(connection: Connection, tag: str) -> None:
    """Until the books do not change any more: calls without a shared budget are booked later."""
    before, same = None, 0
    while same < 4:
        now = await _read_books(connection, tag)
        same = same + 1 if now == before else 0
        before = now
        await asyncio.sleep(0.5)


async def _read_books(connection: Connection, tag: str) -> dict[tuple[int, str], Booked]:
    rows = await connection.database.fetch(BOOKS, (f"{tag}-%",))
    return {
        (int(run.rpartition("-")[2]), model.rpartition("/m-")[2]): Booked(*figures)
        for run, model, *figures in rows
    }


async def _read_cost(connection: Connection, tag: str) -> Booked:
    """What `harness cost --by agent` shows of the campaign's agents."""
    found = await budgets.read_spending(connection, ["agent"])
    own = [each for each in found.spending if (each.agent or "").startswith(f"{tag}-")]
    return Booked(
        calls=sum(each.calls for each in own),
        input=sum(each.input for each in own),
        output=sum(each.output for each in own),
        cost=sum(each.cost_micros for each in own),
        estimated=sum(each.estimated for each in own),
    )


async def _read_granted(connection: Connection, tag: str) -> dict[str, int]:
    rows = await connection.database.fetch(GRANTED, (f"provider:{tag}-%",))
    return {key.rpartition(f"{tag}-")[2]: granted for key, granted in rows}


@asynccontextmanager
async def own_stack() -> AsyncGenerator[dict[str, Any]]:
    """A local stack for a campaign alone; yields the settings that say where it is."""
    from bench.backends import backends

    async with backends() as back:
        yield {
            "temporal": {"address": back.temporal},
            "database": {"url": back.postgres, "pool_size": 4},
            "worker": {"graceful_shutdown_seconds": 0.5},
            "archive": {"enabled": False},
            "signing": {"key": "signing-key-of-the-campaign-32-bytes"},
        }


async def run_alone(plan: Plan) -> tuple[Evidence, Campaign]:
    """Run a campaign on a stack of its own."""
    with tempfile.TemporaryDirectory(prefix="harness-chaos-", ignore_cleanup_errors=True) as name:
        async with own_stack() as base:
            campaign = Campaign(plan, base, Path(name))
            return await campaign.run(), campaign
