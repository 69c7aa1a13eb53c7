"""What goes wrong at a provider is called the same, whichever protocol it speaks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from harness.contracts.errors import ProviderError
from tests.fakes.asking import EVERY_KIND, KEY, KINDS, Asker, asker
from tests.fakes.fixtures import model_server
from tests.fakes.model_server import ModelServer
from tests.fakes.steps import (
    Drop,
    Fail,
    Raw,
    Say,
    Step,
    Used,
    cut,
    empty,
    fail,
    garbage,
    hang,
    say,
    stall,
    stop_short,
)

__all__ = ["model_server"]


@pytest.fixture(params=EVERY_KIND)
async def ask(request: pytest.FixtureRequest, model_server: ModelServer) -> AsyncIterator[Asker]:
    made = asker(model_server, request.param)
    yield made
    await made.models.close()


async def error_of(ask: Asker, server: ModelServer, step: Step) -> ProviderError:
    server.script(step)
    with pytest.raises(ProviderError) as caught:
        await ask.ask()
    return caught.value


STATUSES: list[tuple[Fail, str]] = [
    (fail(400), "bad_request"),
    (fail(400, "This model's maximum context length is 8192 tokens."), "context_overflow"),
    (fail(400, "prompt is too long: 210000 tokens > 200000 maximum"), "context_overflow"),
    (fail(400, "Your credit balance is too low to access the API."), "quota"),
    (fail(401, "Incorrect API key provided."), "authentication"),
    (fail(402), "quota"),
    (fail(403), "permission"),
    (fail(404, "The model `x` does not exist."), "not_found"),
    (fail(408), "timeout"),
    (fail(413), "context_overflow"),
    (fail(422), "bad_request"),
    (fail(429), "rate_limit"),
    (fail(500), "server"),
    (fail(502, body=b"<html>Bad Gateway</html>"), "server"),
    (fail(503, body=b""), "overloaded"),
    (fail(504, body=b"{}"), "timeout"),
    (fail(529), "overloaded"),
]
CODES: list[tuple[Fail, str]] = [
    (fail(400, code="context_length_exceeded"), "context_overflow"),
    (fail(400, code="content_filter"), "refusal"),
    (fail(429, code="insufficient_quota"), "quota"),
    (fail(400, code="model_not_found"), "not_found"),
]


@pytest.mark.parametrize(
    ("step", "category"), STATUSES + CODES, ids=lambda v: v if isinstance(v, str) else v.status
)
async def test_statuses(ask: Asker, model_server: ModelServer, step: Fail, category: str) -> None:
    if step.code and ask.kind == "ollama":
        pytest.skip("its errors have no codes")
    error = await error_of(ask, model_server, step)
    assert error.code == f"provider.{category}"
    assert error.message.startswith(f"p/model-1: {step.status}")
    if step.body is None:
        assert step.message in error.message


BROKEN: list[tuple[str, Step, str]] = [
    ("the connection drops in the middle", cut(), "cut_stream"),
    ("the stream ends without its closing event", stop_short(), "cut_stream"),
    ("the connection drops before the first event", cut(after="first"), "cut_stream"),
    ("the stream ends before its first event", stop_short(after="first"), "cut_stream"),
    ("the connection drops before an answer", Drop(), "network"),
    ("an event is no JSON", garbage(), "invalid_reply"),
    ("a good answer with nothing in it", empty(), "invalid_reply"),
    ("a page in place of a stream", Raw(b"<html>", content_type="text/html"), "protocol"),
    ("no stream at all", Raw(b'{"id": 1}'), "protocol"),
    ("an error in the middle", Say("Once", error=fail(500, "boom", code="api_error")), "server"),
]  # fmt: skip
NAMED: list[tuple[str, Step, str]] = [
    ("the model refuses", Say(refusal="I would rather not."), "refusal"),
    ("the filter stops it", Say(text="Once", finish="content_filter"), "refusal"),
    ("too busy in the middle", Say("Once", error=fail(529, code="overloaded_error")), "overloaded"),
    ("too fast in the middle", Say("Once", error=fail(429, code="rate_limit_error")), "rate_limit"),
]  # fmt: skip


@pytest.mark.parametrize(("step", "category"), [b[1:] for b in BROKEN], ids=[b[0] for b in BROKEN])
async def test_broken_answers(
    ask: Asker, model_server: ModelServer, step: Step, category: str
) -> None:
    error = await error_of(ask, model_server, step)
    assert error.code == f"provider.{category}"
    assert error.message.startswith("p/model-1: ")


@pytest.mark.parametrize(("step", "category"), [b[1:] for b in NAMED], ids=[b[0] for b in NAMED])
async def test_broken_answers_that_have_a_code(
    ask: Asker, model_server: ModelServer, step: Step, category: str
) -> None:
    if ask.kind == "ollama":
        pytest.skip("its answers have no codes")
    error = await error_of(ask, model_server, step)
    assert error.code == f"provider.{category}"
    assert error.message.startswith("p/model-1: ")


async def test_a_refusal_is_in_the_models_words(ask: Asker, model_server: ModelServer) -> None:
    if ask.kind == "ollama":
        pytest.skip("its models refuse in plain text")
    error = await error_of(ask, model_server, Say(refusal="I would rather not."))
    assert "I would rather not." in error.message
    assert not error.retryable


ODD_SHAPES = {
    "openai": (
        {"type": "response.output_item.done"},
        {"type": "response.completed", "response": {"output": [{"type": "message"}]}},
        {"type": "response.completed", "response": {"output": [{"type": "function_call"}]}},
        {"type": "response.completed", "response": []},
        [],
    ),
    "anthropic": (
        {"type": "content_block_delta", "index": 3, "delta": {"type": "text_delta", "text": "a"}},
        {"type": "content_block_start", "index": 0},
        {"type": "message_start", "message": "hello"},
        "message_start",
    ),
    "chat": (
        {"choices": [{"delta": {"tool_calls": [3]}}]},
        {"choices": [{"delta": {"tool_calls": [{"id": 3}]}, "finish_reason": "stop"}]},
        {"choices": "none"},
        7,
    ),
    "gemini": (
        {"candidates": "none"},
        {"candidates": [{"content": {"parts": [3]}}]},
        {"candidates": [{"content": {"parts": [{"functionCall": {"args": []}}]}}]},
        {"candidates": [{"content": {"parts": [{"functionCall": {"name": 3, "args": 7}}]}}]},
        7,
    ),
    "ollama": (
        {"message": "hello"},
        {"message": {"tool_calls": [3]}},
        {"message": {"tool_calls": [{"function": {"name": "add", "arguments": "{}"}}]}},
        {"message": {"content": [1]}},
    ),
}
ODD_SHAPES["groq"] = ODD_SHAPES["mistral"] = ODD_SHAPES["chat"]


async def test_what_is_not_as_the_protocol_says(ask: Asker, model_server: ModelServer) -> None:
    for shape in ODD_SHAPES[ask.kind]:
        start = "" if ask.kind == "ollama" else "data: "
        body = f"{start}{json.dumps(shape)}\n\n".encode()
        error = await error_of(ask, model_server, Raw(body, content_type="text/event-stream"))
        assert error.code == "provider.invalid_reply", shape
        assert error.retryable


@pytest.mark.parametrize("header", ["2", "0.5", "date", "ms"])
async def test_retry_after(ask: Asker, model_server: ModelServer, header: str) -> None:
    if header == "ms":
        step = fail(429, headers={"retry-after-ms": "1500", "retry-after": "2"})
    elif header == "date":
        step = fail(503, retry_after=format_datetime(datetime.now(UTC) + timedelta(minutes=1)))
    else:
        step = fail(429, retry_after=header)
    error = await error_of(ask, model_server, step)
    expected = {"2": 2.0, "0.5": 0.5, "ms": 1.5, "date": 60.0}[header]
    assert error.retry_after == pytest.approx(expected, abs=10 if header == "date" else 0)
    assert error.retryable


async def test_no_key_in_a_message(ask: Asker, model_server: ModelServer) -> None:
    error = await error_of(ask, model_server, fail(401, f"Incorrect API key provided: {KEY}."))
    assert KEY not in error.message
    assert error.__cause__ is None  # the engine would store its text too


async def test_silence_is_a_timeout(model_server: ModelServer) -> None:
    for kind in KINDS:
        made = asker(model_server, kind, timeout_seconds=0.2)
        for step in (hang(), stall()):
            error = await error_of(made, model_server, step)
            assert error.code == "provider.timeout"
        await made.models.close()


async def test_nobody_listens(model_server: ModelServer) -> None:
    for kind in KINDS:
        made = asker(model_server, kind, base_url="http://127.0.0.1:1/v1")
        error = await error_of(made, model_server, say("never asked"))
        assert error.code == "provider.network"
        assert "connect" in error.message.lower()
        await made.models.close()


@pytest.mark.parametrize("step", [hang(), stall(), Say("x" * 100, pieces=100, delay=0.05)])
async def test_cancel_closes_the_stream(ask: Asker, model_server: ModelServer, step: Step) -> None:
    model_server.script(step)
    task = asyncio.create_task(ask.ask())
    call = await model_server.called()
    if step != hang():
        await model_server.wait_for(lambda: call.sent > 0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await model_server.disconnected()
    assert call.done_at is None


CLOSED_LATER = ("chat", "groq", "mistral")
"""Protocols whose last event only says that nothing follows a complete answer."""


@pytest.mark.parametrize("then", ["cut", "stop", "hang"])
@pytest.mark.parametrize("after", ["last", "all"])
async def test_a_complete_answer_counts_however_the_connection_ends(
    model_server: ModelServer, then: str, after: str
) -> None:
    """Calling again would pay for it twice."""
    for kind in KINDS if after == "all" else CLOSED_LATER:
        made = asker(model_server, kind, idle_seconds=0.3)
        model_server.script(Say("fine", then=then, after=after))  # type: ignore[arg-type]
        answer = await made.ask()
        assert answer.reply.message.text == "fine"
        assert (answer.reply.usage.input, answer.reply.usage.output) == (100, 20), kind
        assert answer.reply.usage.estimated is None
        await made.models.close()


@pytest.mark.parametrize(
    "step",
    [Say(refusal="No."), Say(), Say("Once", finish="content_filter")],
    ids=["refused", "empty", "filtered"],
)
async def test_what_the_provider_charges_for_a_useless_answer_is_known(
    ask: Asker, model_server: ModelServer, step: Say
) -> None:
    if ask.kind == "ollama" and step != Say():
        pytest.skip("its answers have no codes")
    error = await error_of(ask, model_server, replace(step, used=Used(input=70, output=7)))
    assert error.usage is not None
    assert (error.usage.input, error.usage.output) == (70, 7)


async def test_what_the_provider_counted_before_a_cut_is_known(model_server: ModelServer) -> None:
    made = asker(model_server, "anthropic")
    for after, counted in (("half", (100, 0)), ("last", (100, 20))):
        error = await error_of(made, model_server, cut(after=after))
        assert error.usage is not None
        assert (error.usage.input, error.usage.output) == counted
    await made.models.close()


async def test_a_failure_does_not_spoil_the_next_call(
    ask: Asker, model_server: ModelServer
) -> None:
    for step in (fail(500), cut(), stop_short(), garbage()):
        await error_of(ask, model_server, step)
        model_server.script(say("fine"))
        answer = await ask.ask()
        assert answer.reply.message.text == "fine"
