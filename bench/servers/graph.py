"""The agent of LangGraph's servers. Runs in the peers' environment."""

from __future__ import annotations

import os

from langchain.agents import create_agent
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI

from bench.work import MODEL, SYSTEM


@tool
async def add(a: int, b: int) -> int:
    """Add two integers."""
    return a + b


def _make(model: str):
    chat = ChatOpenAI(
        model=model,
        base_url=f"{os.environ['BENCH_MODEL']}/v1",
        api_key="x",  # type: ignore[arg-type]
        max_retries=0,
        streaming=True,
    )
    return create_agent(chat, [add], system_prompt=SYSTEM)


calculator = _make(MODEL)
slow = _make(os.environ["BENCH_SLOW"])
