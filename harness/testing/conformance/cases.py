"""The cases: what an agent counts on from a provider, whichever protocol it speaks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Final

from harness.contracts.errors import ProviderError
from harness.contracts.message import (
    Message,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
    tool_results,
    user_message,
)
from harness.contracts.model import ModelReply, ModelRequest
from harness.contracts.tool import ToolSpec
from harness.testing.conformance.provider import Case, Provider, Trait
from harness.testing.conformance.steps import Fail, Hang, Say, Step, Used

KEY: Final = "sk-conformance-0123456789"
"""The key that the adapter is made with."""
MODEL = "model-1"
ADD = ToolSpec(
    name="add",
    description="Add two integers.",
    parameters={
        "type": "object",
        "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
        "required": ["a", "b"],
        "additionalProperties": False,
    },
)
STATUSES: tuple[tuple[Fail, str], ...] = (
    (Fail(400), "bad_request"),
    (Fail(400, "This model's maximum context length is 8192 tokens."), "context_overflow"),
    (Fail(401), "authentication"),
    (Fail(402), "quota"),
    (Fail(403), "permission"),
    (Fail(404), "not_found"),
    (Fail(429), "rate_limit"),
    (Fail(500), "server"),
    (Fail(503), "overloaded"),
    (Fail(529), "overloaded"),
)
BROKEN: tuple[tuple[str, Step, str], ...] = (
    ("the connection drops", Say("half of this is never sent", then="cut"), "cut_stream"),
    ("the body ends early", Say("half of this is never sent", then="stop"), "cut_stream"),
    ("an answer is empty", Say(), "invalid_reply"),
)


class _Asked:
    """Asks the adapter, and keeps what it passes on as it arrives."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self.heard: list[str] = []

    async def ask(
        self, messages: Sequence[Message] = (user_message("hello"),), *, tools: bool = False
    ) -> ModelReply:
        request = ModelRequest(
            model=MODEL,
            instructions="Be brief.",
            messages=tuple(messages),
            tools=(ADD,) if tools else (),
        )
        return await self.provider.adapter.stream(request, self.heard.append)

    async def fail(self, step: Step) -> ProviderError:
        self.provider.play(step)
        try:
            reply = await self.ask()
        except ProviderError as error:
            return error
        raise AssertionError(f"{step} was answered with {reply.message}, not with an error.")


def _expect(what: str, found: object, wanted: object) -> None:
    if found != wanted:
        raise AssertionError(f"{what}: {found!r}, expected {wanted!r}.")


async def _stream_text(provider: Provider) -> None:
    provider.play(Say("Once upon a time, Zürich met 東京.", pieces=5))
    asked = _Asked(provider)
    reply = await asked.ask()
    wanted = Message(role="assistant", parts=(Text(text="Once upon a time, Zürich met 東京."),))
    _expect("The message", reply.message, wanted)
    _expect("The text as it arrived", "".join(asked.heard), wanted.text)
    _expect("It arrived in pieces", len(asked.heard) > 1, True)
    _expect("The reason for the end", reply.finish, "stop")


async def _count_tokens(provider: Provider) -> None:
    provider.play(Say("Hello.", used=Used(input=1234, output=56)))
    usage = (await _Asked(provider).ask()).usage
    _expect("Tokens of input and output", (usage.input, usage.output), (1234, 56))


async def _cut_at_the_limit(provider: Provider) -> None:
    provider.play(Say("Once upon", finish="length"))
    reply = await _Asked(provider).ask()
    _expect("The text", reply.message.text, "Once upon")
    _expect("The reason for the end", reply.finish, "length")


async def _call_tools(provider: Provider) -> None:
    wanted: list[tuple[str, dict[str, Any] | str]] = [("add", {"a": n, "b": -1}) for n in range(3)]
    provider.play(Say("Let me see.", calls=tuple(wanted), pieces=8))
    reply = await _Asked(provider).ask(tools=True)
    made = reply.message.calls
    _expect("The calls", [(each.name, each.arguments) for each in made], wanted)
    _expect("Calls with different ids", len({each.id for each in made}), 3)
    _expect("The text", reply.message.text, "Let me see.")
    _expect("The reason for the end", reply.finish, "tool_calls")


async def _keep_raw_arguments(provider: Provider) -> None:
    for raw in ('{"a": 1,', "[1, 2]", "add one"):
        provider.play(Say(calls=(("add", raw),)), Say("Sorry."))
        asked = _Asked(provider)
        reply = await asked.ask(tools=True)
        (found,) = reply.message.calls
        _expect("Arguments that are not an object", found.arguments, raw)
        failed = ToolResult(call=found.id, name="add", content="not an object", error=True)
        history = (user_message("1+2"), reply.message, tool_results((failed,)))
        _expect("The answer", (await asked.ask(history, tools=True)).message.text, "Sorry.")


async def _return_results(provider: Provider) -> None:
    provider.play(Say(calls=(("add", {"a": 1, "b": 2}),)), Say("It is three."))
    asked = _Asked(provider)
    first = await asked.ask(tools=True)
    result = ToolResult(call=first.message.calls[0].id, name="add", content="three-of-it")
    history = (user_message("1+2"), first.message, tool_results((result,)))
    _expect("The answer", (await asked.ask(history, tools=True)).message.text, "It is three.")
    _expect("The result was sent", "three-of-it" in provider.received[-1], True)


async def _continue_from_elsewhere(provider: Provider) -> None:
    call = ToolCall(id="functions.add:0", name="add", arguments={"a": 1, "b": 2})
    thought = Reasoning(provider="another", text="Hm.", opaque={"type": "alien"})
    history = (
        user_message("1+2"),
        Message(role="assistant", parts=(thought, call)),
        tool_results((ToolResult(call=call.id, name="add", content="3"),)),
    )
    provider.play(Say("3"))
    _expect("The answer", (await _Asked(provider).ask(history, tools=True)).message.text, "3")
    _expect("Another provider's thought was sent", "alien" in provider.received[-1], False)


async def _name_the_status(fault: Fail, category: str, provider: Provider) -> None:
    error = await _Asked(provider).fail(fault)
    _expect("The error", error.code, f"provider.{category}")
    _expect("The message has the server's words", fault.message in error.message, True)


async def _name_the_break(step: Step, category: str, provider: Provider) -> None:
    error = await _Asked(provider).fail(step)
    _expect("The error", error.code, f"provider.{category}")
    _expect("It may be tried again", error.retryable, True)


async def _read_retry_after(provider: Provider) -> None:
    error = await _Asked(provider).fail(Fail(429, headers={"retry-after": "2"}))
    _expect("Seconds until it may be tried again", error.retry_after, 2.0)


async def _hide_the_key(provider: Provider) -> None:
    error = await _Asked(provider).fail(Fail(401, f"Incorrect API key provided: {KEY}."))
    _expect("The key is in the message", KEY in error.message, False)
    _expect("The error has a cause, whose text is stored too", error.__cause__, None)


async def _wait_until(test: Callable[[], bool]) -> None:
    while not test():  # noqa: ASYNC110 - the server of somebody else has no event to wait for
        await asyncio.sleep(0.01)


async def _close_when_cancelled(step: Step, provider: Provider) -> None:
    provider.play(step)
    before, waits = len(provider.received), step == Hang()
    asked = _Asked(provider)
    task = asyncio.create_task(asked.ask())
    await _wait_until(lambda: len(provider.received) > before and (waits or bool(asked.heard)))
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        await provider.wait_until_closed()
    else:
        raise AssertionError("A cancelled request was answered.")


async def _recover(provider: Provider) -> None:
    asked = _Asked(provider)
    for step in (Fail(500), Say("half of this is never sent", then="cut")):
        await asked.fail(step)
        provider.play(Say("Fine."))
        _expect(f"The answer after {step}", (await asked.ask()).message.text, "Fine.")


def _case(name: str, check: Callable[[Provider], Awaitable[None]], *needs: Trait) -> Case:
    return Case(name=name, check=check, needs=frozenset(needs))


PROVIDER_CASES: tuple[Case, ...] = (
    _case("text arrives in pieces", _stream_text),
    _case("tokens are counted", _count_tokens),
    _case("an answer is cut off at the limit", _cut_at_the_limit),
    _case("several tools are called at once", _call_tools, "tools"),
    _case("arguments that are not an object", _keep_raw_arguments, "tools", "raw_arguments"),
    _case("results go back to the model", _return_results, "tools"),
    _case("a conversation began elsewhere", _continue_from_elsewhere, "tools"),
    *(
        _case(f"status {fault.status} is {category}", partial(_name_the_status, fault, category))
        for fault, category in STATUSES
    ),
    *(_case(what, partial(_name_the_break, step, kind)) for what, step, kind in BROKEN),
    _case("the server says when to try again", _read_retry_after, "retry_after"),
    _case("the key is in no message", _hide_the_key),
    _case("silence is cancelled", partial(_close_when_cancelled, Hang())),
    _case("a stream is cancelled", partial(_close_when_cancelled, Say("x" * 40, then="hang"))),
    _case("a failure does not spoil the next call", _recover),
)
