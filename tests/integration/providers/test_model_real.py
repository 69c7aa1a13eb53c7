"""Smoke tests against the real providers; they run where a key is set, and cost next to nothing."""

from __future__ import annotations

import os

import pytest

from harness.config import load_settings
from harness.contracts.message import Message, ToolCall, ToolResult, tool_results, user_message
from harness.contracts.model import Candidate, ModelParams, ModelPlan, ModelRequest
from harness.providers.plan import Models
from tests.fakes.asking import ADD, CALLER

PROVIDERS = {
    "OPENAI_API_KEY": "openai/gpt-5.4-nano",
    "ANTHROPIC_API_KEY": "anthropic/claude-haiku-4-5",
    "GROQ_API_KEY": "groq/llama-3.3-70b-versatile",
    "MISTRAL_API_KEY": "mistral/mistral-small-latest",
    "GEMINI_API_KEY": "gemini/gemini-2.5-flash",
}


@pytest.mark.parametrize(("key", "ref"), PROVIDERS.items())
async def test_a_tool_call_and_an_answer(key: str, ref: str) -> None:
    if not os.environ.get(key):
        pytest.skip(f"{key} is not set")
    candidates = (Candidate(model=ref, params=ModelParams(max_output_tokens=2000)),)
    plan, heard = ModelPlan(candidates=candidates), list[str]()
    models = Models(load_settings())
    messages: tuple[Message, ...] = (
        user_message("What is 41 + 1? Use the tool, then say the number."),
    )
    made: list[ToolCall] = []
    try:
        for _ in range(4):
            request = ModelRequest(
                model="", instructions="Use the add tool.", messages=messages, tools=(ADD,)
            )
            answer = await models.answer(
                CALLER, candidates, plan, request, heard.append, lambda _: None
            )
            reply = answer.reply
            messages += (reply.message,)
            if reply.finish != "tool_calls":
                break
            made += reply.message.calls
            messages += (
                tool_results(
                    tuple(
                        ToolResult(call=call.id, name=call.name, content="42")
                        for call in reply.message.calls
                    )
                ),
            )
    finally:
        await models.close()
    assert made and made[0].name == "add"
    assert "42" in messages[-1].text
    assert "".join(heard).endswith(messages[-1].text)
    assert reply.usage.input > 0 and reply.usage.output > 0
