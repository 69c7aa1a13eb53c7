"""The fake model server is as strict as the real ones: a test that it passes means something."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from typing import Any

import httpx2
import pytest

from tests.fakes import calculator
from tests.fakes.fixtures import model_server
from tests.fakes.model_server import ModelServer
from tests.fakes.steps import say

__all__ = ["model_server"]

HI = {"role": "user", "content": "hi"}
CALL = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
OUTPUT = {"type": "function_call_output", "call_id": "c", "output": "1"}
ASKS = {"role": "assistant", "content": [{"type": "tool_use", "id": "c", "name": "f", "input": {}}]}
TELLS = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c", "content": "1"}]}
CALLED = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
CALLS = {"role": "assistant", "content": None, "tool_calls": [CALLED]}
TOLD = {"role": "tool", "tool_call_id": "c", "content": "1"}
TOOLS = [{"name": "f", "input_schema": {"type": "object"}}]

REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("responses", {"input": [HI]}),
    ("responses", {"model": "m", "input": []}),
    ("responses", {"model": "m", "input": [HI], "stop": ["x"]}),
    ("responses", {"model": "m", "input": [HI, OUTPUT]}),
    ("responses", {"model": "m", "input": [HI, CALL]}),
    ("responses", {"model": "m", "input": [{"role": "tool", "content": "1"}]}),
    ("responses", {"model": "m", "input": [{"type": "reasoning", "id": "r", "summary": []}, HI]}),
    ("responses", {"model": "m", "input": [HI], "tools": [{"type": "function", "name": "a b"}]}),
    ("messages", {"model": "m", "messages": [HI]}),
    ("messages", {"model": "m", "max_tokens": 1, "messages": []}),
    ("messages", {"model": "m", "max_tokens": 1, "messages": [ASKS], "tools": TOOLS}),
    ("messages", {"model": "m", "max_tokens": 1, "messages": [HI, ASKS, HI], "tools": TOOLS}),
    ("messages", {"model": "m", "max_tokens": 1, "messages": [HI, ASKS, TELLS]}),
    ("messages", {"model": "m", "max_tokens": 1, "messages": [HI, TELLS], "tools": TOOLS}),
    ("messages", {"model": "m", "max_tokens": 1, "messages": [HI], "stop": ["x"]}),
    ("messages", {"model": "m", "max_tokens": 1, "messages": [{"role": "user", "content": " "}]}),
    ("chat/completions", {"model": "m", "messages": []}),
    ("chat/completions", {"model": "m", "messages": [HI, CALLS]}),
    ("chat/completions", {"model": "m", "messages": [{"role": "tool", "tool_call_id": "c"}]}),
    ("chat/completions", {"model": "m", "messages": [HI, CALLS, HI]}),
    ("chat/completions", {"model": "m", "messages": [HI], "tools": []}),
    ("chat/completions", {"model": "m", "messages": [HI], "stream_options": {}, "x": 1}),
]  # fmt: skip
TAKEN: list[tuple[str, dict[str, Any]]] = [
    ("responses", {"model": "m", "input": "hi"}),
    ("responses", {"model": "m", "input": [HI, CALL, OUTPUT]}),
    ("messages", {"model": "m", "max_tokens": 1, "messages": [HI, ASKS, TELLS], "tools": TOOLS}),
    ("chat/completions", {"model": "m", "messages": [HI, CALLS, TOLD]}),
]  # fmt: skip


async def post(server: ModelServer, path: str, body: dict[str, Any], key: str = "k") -> int:
    async with httpx2.AsyncClient() as client:
        headers = {"authorization": f"Bearer {key}"}
        answer = await client.post(f"{server.url}/v1/{path}", json=body, headers=headers)
        return answer.status_code


@pytest.mark.parametrize(("path", "body"), REFUSED)
async def test_refuses_what_the_real_one_refuses(
    model_server: ModelServer, path: str, body: dict[str, Any]
) -> None:
    model_server.always(say("never"))
    assert await post(model_server, path, body) == 400
    assert model_server.calls[0].refused


@pytest.mark.parametrize(("path", "body"), TAKEN)
async def test_takes_the_rest(model_server: ModelServer, path: str, body: dict[str, Any]) -> None:
    model_server.always(say("fine"))
    assert await post(model_server, path, body) == 200
    assert model_server.calls[0].done_at is not None


async def test_keys(model_server: ModelServer) -> None:
    model_server.key = "right"
    model_server.always(say("fine"))
    body = {"model": "m", "input": "hi"}
    assert await post(model_server, "responses", body, "wrong") == 401
    assert await post(model_server, "responses", body, "right") == 200
    assert await post(model_server, "nowhere", body) == 404


async def test_an_empty_script_says_so(model_server: ModelServer) -> None:
    assert await post(model_server, "responses", {"model": "m", "input": "hi"}) == 400


async def test_as_a_process_it_calculates() -> None:
    """What the benches run: three additions, then a sentence."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.fakes.model_server", "--port", "0", stdout=PIPE
    )
    try:
        assert process.stdout is not None
        port = int(await process.stdout.readline())
        tool = {"type": "function", "name": "add", "parameters": {"type": "object"}}
        items: list[dict[str, Any]] = [HI]
        seen: list[dict[str, Any]] = []
        async with httpx2.AsyncClient(headers={"authorization": "Bearer k"}) as client:
            for i in range(4):
                body = {"model": "m", "input": items, "tools": [tool], "stream": True}
                answer = await client.post(f"http://127.0.0.1:{port}/v1/responses", json=body)
                last = json.loads(answer.text.rstrip().rpartition("data: ")[2])
                item = last["response"]["output"][0]
                seen.append(item)
                if item["type"] == "function_call":
                    items += [item, {**OUTPUT, "call_id": item["call_id"], "output": str(i)}]
        assert [json.loads(item["arguments"]) for item in seen[:3]] == [
            {"a": 0, "b": 1},
            {"a": 1, "b": 2},
            {"a": 2, "b": 3},
        ]
        assert seen[3]["content"][0]["text"] == calculator.FINAL
    finally:
        process.kill()
        await process.wait()
