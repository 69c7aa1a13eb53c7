# pyright: basic
# (the SDK types its streams by overloads on literals; this is the loop that a user would write)
"""The floor: the same loop written by hand, as lean as Temporal and the official SDK allow.

Same SDKs, same streaming, unsandboxed, uvloop, eager start, the tool as a local activity, the
system prompt and the tool's schema kept at the worker. No events, no live text, no chain, no
summaries, no steering: what is left when everything is taken away that a user would want.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import openai
from temporalio import activity, workflow

from bench.contestants.temporal import Context, serve
from bench.work import ADD_CHAT, ADD_RESPONSES, MODEL, SYSTEM

LIMIT = timedelta(seconds=60)
Json = dict[str, Any]


class Model:
    def __init__(self, options: dict[str, str]) -> None:
        self.client = openai.AsyncOpenAI(
            base_url=f"{options['model']}/v1", api_key="x", max_retries=0
        )
        self.responses = options.get("wire") == "responses"

    @activity.defn
    async def call_model(self, messages: list[Json]) -> Json:
        return await (self._responses(messages) if self.responses else self._chat(messages))

    async def _chat(self, messages: list[Json]) -> Json:
        text: list[str] = []
        calls: dict[int, Json] = {}
        stream: Any = await self.client.chat.completions.create(
            model=MODEL,
            messages=[{"role": "system", "content": SYSTEM}, *messages],  # type: ignore[list-item]
            tools=[ADD_CHAT],  # type: ignore[list-item]
            stream=True,
            stream_options={"include_usage": True},
        )
        async for chunk in stream:
            if not chunk.choices:
                continue
            delta = chunk.choices[0].delta
            if delta.content:
                text.append(delta.content)
            for part in delta.tool_calls or ():
                function = part.function
                call = calls.setdefault(
                    part.index,
                    {
                        "id": part.id,
                        "type": "function",
                        "function": {"name": function and function.name, "arguments": ""},
                    },
                )
                call["function"]["arguments"] += (function and function.arguments) or ""
        message: Json = {"role": "assistant", "content": "".join(text) or None}
        if calls:
            message["tool_calls"] = list(calls.values())
        return message

    async def _responses(self, messages: list[Json]) -> Json:
        items = [part for m in messages for part in m.get("items") or [_input(m)]]
        stream: Any = await self.client.responses.create(
            model=MODEL,
            instructions=SYSTEM,
            input=items,  # type: ignore[arg-type]
            tools=[ADD_RESPONSES],  # type: ignore[list-item]
            stream=True,
            store=False,
        )
        output: list[Any] = []
        async for event in stream:
            if event.type == "response.completed":
                output = event.response.output
        kept: list[Json] = [item.model_dump(exclude_none=True) for item in output]
        message: Json = {"role": "assistant", "content": None, "items": kept}
        for item in output:
            if item.type == "message":
                message["content"] = item.content[0].text
            elif item.type == "function_call":
                function = {"name": item.name, "arguments": item.arguments}
                message.setdefault("tool_calls", []).append(
                    {"id": item.call_id, "function": function}
                )
        return message


def _input(message: Json) -> Json:
    if message["role"] == "tool":
        return {
            "type": "function_call_output",
            "call_id": message["tool_call_id"],
            "output": message["content"],
        }
    return {"role": message["role"], "content": message["content"]}


@activity.defn
async def call_tool(name: str, arguments: str) -> str:
    assert name == "add"
    values = json.loads(arguments)
    return str(values["a"] + values["b"])


@workflow.defn
class Loop:
    @workflow.run
    async def run(self, prompt: str) -> str:
        messages: list[Json] = [{"role": "user", "content": prompt}]
        while True:
            reply = await workflow.execute_activity(
                "call_model", args=[messages], start_to_close_timeout=LIMIT, result_type=dict
            )
            messages.append(reply)
            if not reply.get("tool_calls"):
                return reply["content"]
            for call in reply["tool_calls"]:
                function = call["function"]
                result = await workflow.execute_local_activity(
                    call_tool,
                    args=[function["name"], function["arguments"]],
                    start_to_close_timeout=LIMIT,
                )
                messages.append({"role": "tool", "tool_call_id": call["id"], "content": result})


@asynccontextmanager
async def setup(options: dict[str, str]) -> AsyncGenerator[Context]:
    model = Model(options)
    async with serve(options, Loop, [model.call_model, call_tool], lean=True) as context:
        yield context
    await model.client.close()
