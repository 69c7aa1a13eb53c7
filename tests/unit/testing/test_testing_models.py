"""Test models answer as scripted, in the form of a provider's reply."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from pydantic import BaseModel

from harness.contracts.errors import BrokenTestModel, ModelNotFound, RateLimited
from harness.contracts.message import Message, Text, ToolCall, user_message
from harness.contracts.model import ModelReply, ModelRequest, Usage
from harness.testing import FunctionModel, Reply, ScriptedModel, TestModel, call
from harness.testing.models import TestModels


class Person(BaseModel):
    name: str


def request(*messages: Message, output: dict[str, Any] | None = None) -> ModelRequest:
    asked = messages or (user_message("Hello."),)
    return ModelRequest(model="model-1", instructions="Be brief.", messages=asked, output=output)


async def ask(model: TestModel, asked: ModelRequest | None = None) -> ModelReply:
    pieces: list[str] = []
    reply = await model.stream(asked or request(), pieces.append)
    assert "".join(pieces) == reply.message.text, "all text is streamed"
    return reply


async def test_a_script_is_played_in_order() -> None:
    model = ScriptedModel("One  word.\n", call("add", a=1), [call("add", a=2), call("look")])
    assert (await ask(model)).message.text == "One  word.\n"
    first = await ask(model)
    assert (first.finish, first.message.calls) == (
        "tool_calls",
        (ToolCall(id="call_1", name="add", arguments={"a": 1}),),
    )
    assert model.left == ([call("add", a=2), call("look")],)
    both = await ask(model, request(user_message("Go."), first.message))
    assert [each.id for each in both.message.calls] == ["call_2", "call_3"]
    assert model.left == ()
    assert [each.instructions for each in model.requests] == ["Be brief."] * 3


async def test_a_script_that_has_run_out_says_so() -> None:
    for replies, words in (
        ((), "Reply 1 was requested, but the script has no replies"),
        (("Yes.",), "Reply 2 was requested, but the script has 1 reply"),
        (("Yes.", "No."), "Reply 3 was requested, but the script has 2 replies"),
    ):
        model = ScriptedModel(*replies)
        for _ in replies:
            await ask(model)
        with pytest.raises(BrokenTestModel, match=words) as caught:
            await ask(model)
        assert caught.value.code == "provider.test_model"
        assert not caught.value.retryable


async def test_an_error_is_raised_and_the_next_reply_follows() -> None:
    model = ScriptedModel(RateLimited("Slow down."), "Yes.")
    with pytest.raises(RateLimited):
        await ask(model)
    assert (await ask(model)).message.text == "Yes."


async def test_a_reply_in_full() -> None:
    used = Usage(input=5, output=7)
    reply = await ask(ScriptedModel(Reply(text="So", calls=(call("add"),), usage=used)))
    assert reply.message.parts[0] == Text(text="So")
    assert (reply.usage, reply.finish) == (used, "tool_calls")
    assert (await ask(ScriptedModel(Reply(text="So", cut_off=True)))).finish == "length"


@pytest.mark.parametrize(
    ("fields", "said"),
    [({"name": {}}, '{"name":"Ann"}'), ({"value": {}}, '{"value":{"name":"Ann"}}')],
)
async def test_a_value_of_the_output_type(fields: dict[str, Any], said: str) -> None:
    asked = request(output={"type": "object", "properties": fields})
    assert (await ask(ScriptedModel(Person(name="Ann")), asked)).message.text == said


async def test_a_function_of_the_messages_or_of_the_whole_request() -> None:
    def count(messages: Sequence[Message]) -> str:
        return f"{len(messages)} messages"

    async def repeat(messages: Sequence[Message], asked: ModelRequest) -> str:
        return asked.instructions

    assert (await ask(FunctionModel(count))).message.text == "1 messages"
    assert (await ask(FunctionModel(repeat))).message.text == "Be brief."


async def test_a_function_that_breaks_fails_the_run_at_once() -> None:
    def broken(messages: Sequence[Message]) -> str:
        raise KeyError("prices")

    with pytest.raises(BrokenTestModel, match="broken raised KeyError: 'prices'"):
        await ask(FunctionModel(broken))
    with pytest.raises(
        BrokenTestModel, match="The function <lambda> returned 7, which is not a reply"
    ):
        await ask(FunctionModel(lambda messages: 7))  # type: ignore[arg-type, return-value]


@pytest.mark.parametrize("reply", [7, None, ["Yes."], ToolCall(id="1", name="add", arguments={})])
async def test_a_malformed_reply_says_which_one(reply: Any) -> None:
    model = ScriptedModel("Yes.", reply)
    await ask(model)
    with pytest.raises(BrokenTestModel, match="Reply 2 of 2 in the script is") as caught:
        await ask(model)
    assert repr(reply)[:20] in caught.value.message
    assert caught.value.fix


async def test_a_model_is_served_until_its_block_ends() -> None:
    models, pieces = TestModels(), list[str]()
    with models.serve_model(ScriptedModel("Yes.", "Again.")) as first:
        with models.serve_model(ScriptedModel("No.")) as second:
            assert first != second
            for name, text in ((first, "Yes."), (second, "No.")):
                asked = request().model_copy(update={"model": name})
                assert (await models.stream(asked, pieces.append)).message.text == text
        with pytest.raises(ModelNotFound, match=f"'{second}' is not served"):
            await models.stream(request().model_copy(update={"model": second}), pieces.append)
        asked = request().model_copy(update={"model": first})
        assert (await models.stream(asked, pieces.append)).message.text == "Again."
    with pytest.raises(ModelNotFound, match="Keep the run_agent"):
        await models.stream(request().model_copy(update={"model": first}), pieces.append)
