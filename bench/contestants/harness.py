"""Ours, as a user has it: events, live text, transcript chain and summaries are on."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bench.contestants.temporal import storage
from bench.work import MODEL, PROMPT, SYSTEM
from harness import Agent, Harness, tool
from harness.config.settings import (
    DatabaseSettings,
    ProviderSettings,
    Settings,
    SigningSettings,
    TemporalSettings,
)


@tool(effect="read", inline=True)
def add(a: int, b: int) -> int:
    "Add two integers."
    return a + b


@dataclass
class Context:
    harness: Harness
    agent: Agent[Any, Any]
    follow: bool

    async def run_one(self, id: str) -> str:
        run = await self.harness.start(self.agent, PROMPT, id=id)
        if self.follow:
            async for _ in run.events():
                pass
        return (await run.result()).output

    async def storage(self, ids: list[str]) -> dict[str, float]:
        return await storage(self.harness.connection.temporal, ids)


def settings_for(options: dict[str, str]) -> Settings:
    kind = "openai" if options.get("wire") == "responses" else "chat"
    provider = ProviderSettings.model_validate(
        {"kind": kind, "base_url": f"{options['model']}/v1", "api_key": SecretStr("x")}
    )
    return Settings(
        temporal=TemporalSettings(address=options["temporal"]),
        database=DatabaseSettings(url=SecretStr(options["postgres"])),
        providers={"bench": provider},
        # Starters and workers have folders of their own, and must have one key.
        signing=SigningSettings(key=SecretStr("signing-key-of-the-benches-32-bytes")),
    )


@asynccontextmanager
async def setup(options: dict[str, str]) -> AsyncGenerator[Context]:
    agent = Agent("calculator", model=f"bench/{MODEL}", instructions=SYSTEM, tools=[add])
    with tempfile.TemporaryDirectory() as project:
        local = Harness.local(project=Path(project), settings=settings_for(options))
        async with local as harness:
            yield Context(harness, agent, follow="follow" in options)
