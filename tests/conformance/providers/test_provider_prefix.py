"""What a call sends begins with what the call before it sent, so that providers' caches hit."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.contracts.message import Message, ToolResult, tool_results, user_message
from harness.contracts.model import ContextPolicy
from harness.providers.context.fit import fit_messages
from tests.fakes.asking import ADD, KINDS, asker
from tests.fakes.fixtures import model_server
from tests.fakes.model_server import ModelServer
from tests.fakes.steps import call

__all__ = ["model_server"]

TURNS = 7
POLICY = ContextPolicy(keep_results=3)
STUBBED = {6}
"""Turns whose call has more stubs than the one before."""


@pytest.mark.parametrize("kind", KINDS)
async def test_a_prompt_begins_with_the_one_before(kind: str, model_server: ModelServer) -> None:
    model_server.script(*(call("add", a=turn, b=1) for turn in range(TURNS)))
    made = asker(model_server, kind)
    messages: list[Message] = [user_message("Add them all.")]
    for turn in range(TURNS):
        reply = (await made.ask(fit_messages(messages, POLICY).messages, tools=(ADD,))).reply
        asked = reply.message.calls[0]
        result = ToolResult(call=asked.id, name="add", content=f"{turn + 1} " + "and so on " * 40)
        # As a worker reads them that did not make the call.
        messages.append(Message.model_validate_json(reply.message.wire()))
        messages.append(tool_results((result,)))
    await made.models.close()
    bodies = [_prompt_of(each.body) for each in model_server.calls]
    for turn in range(1, TURNS):
        (fixed, before), (again, after) = bodies[turn - 1], bodies[turn]
        assert again == fixed
        assert after.startswith(before) is (turn not in STUBBED), f"turn {turn}"


def _prompt_of(body: dict[str, Any]) -> tuple[str, str]:
    """The constant part of a request, and its messages. Where Anthropic's marks stand does not
    change what is cached."""
    messages = body.pop("input", None) or body.pop("contents", None) or body.pop("messages")
    for message in messages:
        for block in message["content"] if isinstance(message.get("content"), list) else ():
            block.pop("cache_control", None)
    return json.dumps(body), json.dumps(messages)[:-1]
