"""Which candidate answers, over real sockets."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from harness.config.settings import ProviderSettings, Settings
from harness.contracts.errors import ProviderError, RateLimited
from harness.contracts.message import user_message
from harness.contracts.model import Candidate, ModelParams, ModelPlan, ModelReply, ModelRequest
from harness.interceptors import ModelCall, NextModel
from harness.providers import circuit
from harness.providers.circuit import FAILURES
from harness.providers.plan import Answer, Models
from tests.fakes.asking import CALLER, provider
from tests.fakes.fixtures import model_server
from tests.fakes.model_server import ModelServer
from tests.fakes.steps import cut, fail, hang, say

__all__ = ["model_server"]


class Asked:
    """A plan over two providers, `one` and `two`, both at the fake server."""

    def __init__(self, models: Models) -> None:
        self.models = models
        self.heard: list[str] = []
        self.attempts: list[str] = []

    async def __call__(self, *refs: str, **plan: Any) -> Answer:
        candidates = tuple(Candidate(model=ref) for ref in refs or ("one/a", "two/b"))
        request = ModelRequest(model="-", instructions="", messages=(user_message("hi"),))
        return await self.models.answer(
            CALLER,
            candidates,
            ModelPlan(candidates=candidates, **plan),
            request,
            self.heard.append,
            self.attempt,
        )

    def attempt(self, model: str) -> None:
        self.attempts.append(model)
        self.heard.clear()


@pytest.fixture
async def asked(model_server: ModelServer) -> AsyncIterator[Asked]:
    providers = {
        "one": provider(model_server, "openai", idle_seconds=3),
        "two": provider(model_server, "anthropic"),
        "nokey": ProviderSettings(kind="openai"),
    }
    models = Models(Settings(providers=providers))
    yield Asked(models)
    await models.close()


async def test_the_first_answers(asked: Asked, model_server: ModelServer) -> None:
    model_server.script(say("hello"))
    answer = await asked()
    assert (answer.model, answer.fallbacks) == ("one/a", ())
    assert asked.attempts == ["one/a"]
    assert answer.cost_micros is None


@pytest.mark.parametrize(
    "step", [fail(429, retry_after=3600), fail(500), fail(529), fail(401), fail(404), cut()]
)
async def test_the_next_is_taken_without_waiting(
    asked: Asked, model_server: ModelServer, step: Any
) -> None:
    model_server.script(step, say("from two"))
    answer = await asked()
    assert answer.model == "two/b"
    assert answer.reply.message.text == "from two"
    (passed,) = answer.fallbacks
    assert passed.model == "one/a"
    assert passed.message.startswith("one/a: ")
    assert "".join(asked.heard) == "from two", "what the first one said is void"
    assert model_server.calls[1].body["model"] == "b"


async def test_a_bad_request_is_not_passed_on(asked: Asked, model_server: ModelServer) -> None:
    model_server.script(fail(400))
    with pytest.raises(ProviderError) as caught:
        await asked()
    assert caught.value.code == "provider.bad_request"
    assert len(model_server.calls) == 1


async def test_the_plan_says_what_falls_through(asked: Asked, model_server: ModelServer) -> None:
    model_server.script(fail(400), say("ok"))
    assert (await asked(fall_through=("bad_request",))).model == "two/b"
    model_server.script(fail(500))
    with pytest.raises(ProviderError):
        await asked(fall_through=())


async def test_the_last_error_is_raised(asked: Asked, model_server: ModelServer) -> None:
    model_server.script(fail(500), fail(429, "slow down", retry_after=7))
    with pytest.raises(ProviderError) as caught:
        await asked()
    assert caught.value.code == "provider.rate_limit"
    assert caught.value.retry_after == 7
    assert asked.attempts == ["one/a", "two/b"]


async def test_parameters_of_the_candidate(asked: Asked, model_server: ModelServer) -> None:
    model_server.script(say("ok"))
    candidates = (Candidate(model="one/a", params=ModelParams(temperature=0.1)),)
    request = ModelRequest(
        model="-", instructions="", messages=(user_message("hi"),), params=ModelParams(top_p=0.2)
    )
    await asked.models.answer(
        CALLER, candidates, ModelPlan(candidates=candidates), request, _ignore, _ignore
    )
    body = model_server.calls[0].body
    assert body["temperature"] == 0.1
    assert "top_p" not in body


async def test_what_cannot_do_it_is_passed_over(asked: Asked) -> None:
    refs = ("openai/gpt-4o", "openai/gpt-4.1", "offline/demo")
    answer = await asked(*refs, requires=("tools",), min_context=1_000_000)
    assert answer.model == "offline/demo"
    assert answer.cost_micros == 0
    codes = [passed.code for passed in answer.fallbacks]
    assert codes == ["provider.unsupported", "provider.authentication"]
    with pytest.raises(ProviderError) as caught:
        await asked("offline/demo", requires=("vision",))
    assert caught.value.code == "provider.unsupported"
    assert "vision" in caught.value.message


async def test_a_name_that_nobody_has(asked: Asked) -> None:
    with pytest.raises(ProviderError) as caught:
        await asked("opnai/gpt-5")
    assert caught.value.code == "provider.unknown"
    assert "openai" in caught.value.message
    assert (await asked("opnai/gpt-5", "offline/demo")).model == "offline/demo"


async def test_a_key_that_is_missing(asked: Asked, model_server: ModelServer) -> None:
    with pytest.raises(ProviderError) as caught:
        await asked("nokey/x")
    assert caught.value.code == "provider.authentication"
    assert "nokey" in caught.value.fix
    assert model_server.calls == []


async def test_a_broken_provider_is_left_alone(asked: Asked, model_server: ModelServer) -> None:
    model_server.script(*[fail(503, "Down for repairs.")] * FAILURES)
    for _ in range(FAILURES):
        with pytest.raises(ProviderError):
            await asked("one/a")
    model_server.script(say("from two"))
    answer = await asked()
    assert answer.model == "two/b"
    assert len(model_server.calls) == FAILURES + 1
    assert answer.fallbacks[0].code == "provider.circuit_open"
    assert "Down for repairs." in answer.fallbacks[0].message


async def test_the_only_candidate_is_called_after_the_rest(
    asked: Asked, model_server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refusal would use up an attempt of the run, and hide what is wrong."""
    monkeypatch.setattr(circuit, "REST_SECONDS", 0.2)
    model_server.script(*[fail(503)] * FAILURES, say("here again"))
    for _ in range(FAILURES):
        with pytest.raises(ProviderError):
            await asked("one/a")
    assert (await asked("one/a")).reply.message.text == "here again"


async def test_exactly_one_of_many_probes(
    asked: Asked, model_server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also while a call that began before the provider failed ends in the middle of the probe."""
    monkeypatch.setattr(circuit, "REST_SECONDS", 1.0)
    model_server.script(hang(), *[fail(503)] * FAILURES, hang())
    straggler = asyncio.create_task(asked("one/a"))
    await model_server.called(1)
    for _ in range(FAILURES):
        with pytest.raises(ProviderError):
            await asked("one/a")
    many = [asyncio.create_task(asked("one/a")) for _ in range(30)]
    await model_server.called(FAILURES + 2)
    straggler.cancel()
    await model_server.disconnected(1)
    late = [asyncio.create_task(asked("one/a")) for _ in range(10)]
    passed = await asyncio.gather(*late, *many, return_exceptions=True)
    codes = [each.code for each in passed if isinstance(each, ProviderError)]
    assert len(model_server.calls) == FAILURES + 2
    assert set(codes) <= {"provider.circuit_open", "provider.timeout"}
    assert codes.count("provider.timeout") == 1


async def test_no_limit_is_held_while_a_provider_rests(
    model_server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call that waits for it is not admitted yet: the provider counts it when it arrives."""
    monkeypatch.setattr(circuit, "REST_SECONDS", 0.3)
    entered = list[float]()

    class Clocked:
        async def call_model(self, call: ModelCall, next: NextModel) -> ModelReply:
            entered.append(time.monotonic())
            return await next(call)

    models = Models(Settings(providers={"one": provider(model_server, "openai")}), [Clocked()])
    asked = Asked(models)
    model_server.script(*[fail(503)] * FAILURES, say("here again"))
    for _ in range(FAILURES):
        with pytest.raises(ProviderError):
            await asked("one/a")
    failed_at = time.monotonic()
    await asked("one/a")
    await models.close()
    assert len(entered) == FAILURES + 1
    assert entered[-1] >= failed_at + 0.2


def _ignore(text: str) -> None:
    """Nobody reads this."""


class _Recorder:
    """Notes what passes it, in a list that interceptors share."""

    def __init__(self, name: str, passed: list[tuple[str, str, int]]) -> None:
        self.name = name
        self.passed = passed

    async def call_model(self, call: ModelCall, next: NextModel) -> ModelReply:
        changed = call.request.model_copy(update={"instructions": f"told by {self.name}"})
        reply = await next(replace(call, request=changed))
        self.passed.append((self.name, call.model, reply.usage.total))
        return reply


class _Closed:
    """Refuses one model, as a limit would."""

    async def call_model(self, call: ModelCall, next: NextModel) -> ModelReply:
        if call.model == "one/a":
            raise RateLimited("No tokens are left.", retry_after=7)
        return await next(call)


async def test_interceptors_stand_around_each_candidate(model_server: ModelServer) -> None:
    providers = {"one": provider(model_server, "openai"), "two": provider(model_server, "openai")}
    passed = list[tuple[str, str, int]]()
    chain = [_Recorder("outer", passed), _Closed(), _Recorder("inner", passed)]
    models = Models(Settings(providers=providers), chain)
    model_server.script(say("ok"))
    answer = await Asked(models)()
    await models.close()
    assert answer.model == "two/b"
    assert [(each.model, each.code) for each in answer.fallbacks] == [
        ("one/a", "provider.rate_limit")
    ]
    total = answer.reply.usage.total
    assert passed == [("inner", "two/b", total), ("outer", "two/b", total)]
    assert len(model_server.calls) == 1, "the refused candidate was not called"
    assert "told by inner" in str(model_server.calls[0].body)
