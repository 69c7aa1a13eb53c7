"""What makes no sense is refused before anything is asked of the engine."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import pytest

from harness.agent import Agent
from harness.contracts.errors import ConfigError, RunError, SteeringError
from harness.contracts.message import user_message
from harness.contracts.run import Budget
from harness.contracts.steering import MAX_BYTES
from harness.engine.connection import Connection
from harness.runs.start import Request
from harness.sdk.client import HarnessClient
from harness.sdk.handle import RunHandle
from harness.sdk.scope import Scope
from harness.sdk.session import Session

ASKED = (user_message("hi"),)
LARGE = "x" * (MAX_BYTES + 1)
Run = RunHandle[Any]


def nowhere() -> Connection:
    """Whatever was asked of it would fail the test."""
    return cast("Connection", object())


def run() -> Run:
    return RunHandle(Scope(nowhere(), cast("Any", object())), "r")


@pytest.mark.parametrize("timeout", [float("nan"), -1, "5", True])
async def test_a_timeout_that_is_none(timeout: Any) -> None:
    with pytest.raises(ConfigError, match="timeout"):
        await run().result(timeout)
    with pytest.raises(ConfigError, match="timeout"):
        await run().outcome(timeout=timeout)


@pytest.mark.parametrize(
    ("steer", "name"),
    [
        (lambda run: run.hint(LARGE), "hint"),
        (lambda run: run.abort(LARGE), "abort"),
        (lambda run: run.pause(LARGE), "pause"),
        (lambda run: run.resume(LARGE), "resume"),
        (lambda run: run.approve(note=LARGE), "decide"),
        (lambda run: run.reject(note=LARGE), "decide"),
        (lambda run: run.answer(LARGE), "decide"),
        (lambda run: run.decide("edit", arguments={"text": LARGE}), "decide"),
    ],
)
async def test_too_large(steer: Callable[[Run], Awaitable[object]], name: str) -> None:
    with pytest.raises(
        SteeringError, match=f"{name} has .* bytes; the limit is 1,000,000"
    ) as caught:
        await steer(run())
    assert caught.value.code == "steering.too_large"


@pytest.mark.parametrize(
    ("steer", "words"),
    [
        (lambda run: run.hint(""), "the text is empty"),
        (lambda run: run.hint(" \n"), "the text is empty"),
        (lambda run: run.hint(7), "text: Input should be a valid string"),
        (lambda run: run.hint("x", interrupt="maybe"), "interrupt: Input should be a valid bool"),
        (lambda run: run.decide("edit"), '"edit" needs "arguments"'),
        (lambda run: run.decide("edit", arguments=[1]), "arguments: Input should be a valid dict"),
        (lambda run: run.decide("answer"), '"answer" needs "answer"'),
        (lambda run: run.decide("allow"), "verdict: Input should be 'approve'"),
    ],
)
async def test_steering_that_means_nothing(
    steer: Callable[[Run], Awaitable[object]], words: str
) -> None:
    with pytest.raises(SteeringError) as caught:
        await steer(run())
    assert caught.value.code == "steering.bad_payload"
    assert words in caught.value.message
    assert "Example: {" in caught.value.message


@pytest.mark.parametrize("limit", ["turns", "tokens", "cost_micros", "seconds"])
@pytest.mark.parametrize("value", [-5, 0, float("nan"), float("inf")])
def test_a_budget_that_is_no_limit(limit: str, value: float) -> None:
    budget = Budget().model_copy(update={limit: value})
    for make in (lambda: Request(messages=ASKED, budget=budget), lambda: Agent("a", budget=budget)):
        with pytest.raises(ConfigError, match=f"The budget has {limit}=") as caught:
            make()
        assert caught.value.code == "config.invalid_value"


@pytest.mark.parametrize("folder", [__file__, "/no/such/folder"])
def test_a_workspace_that_is_not_a_folder(folder: str) -> None:
    with pytest.raises(ConfigError, match="is not a folder on this host"):
        Request(messages=ASKED, workspace=Path(folder))


@pytest.mark.parametrize("id", ["", " ", "a\nb", "a\0b", "x" * 251])
def test_a_wrong_id(id: str) -> None:
    for make in (lambda: Request(messages=ASKED, id=id), lambda: Session(client(), id)):
        with pytest.raises(ConfigError, match="is not a valid") as caught:
            make()
        assert caught.value.code == "config.invalid_value"
        assert len(caught.value.message) < 100


@pytest.mark.parametrize(
    "id", ["harness", "harness.archive.1", "session/ada", "attached/x", "mine.undo"]
)
def test_an_id_that_harness_uses_itself(id: str) -> None:
    with pytest.raises(ConfigError, match="harness reserves it"):
        Request(messages=ASKED, id=id)
    assert Session(client(), id).id == id


def test_no_id_at_all() -> None:
    with pytest.raises(RunError) as caught:
        client().get_run("")
    assert caught.value.code == "run.not_found"


def test_ids_that_are_right() -> None:
    for id in ("r", "shop/42", "größe 3", "x" * 240):
        assert Request(messages=ASKED, id=id).id == id
        assert client().get_run(id).id == id
        assert Session(client(), id).id == id
    assert Session(client()).id.startswith("session-")


@pytest.mark.parametrize("model", ["", "gpt-5", "openai/", "/gpt-5", "open ai/gpt-5", "OpenAI/x"])
def test_a_wrong_model(model: str) -> None:
    with pytest.raises(ConfigError, match="is not a model name") as caught:
        Request(messages=ASKED, model=model)
    assert "openai/gpt-5" in caught.value.fix


def client() -> HarnessClient:
    stores = type("Stores", (), {"sessions": None})()
    connection: Any = type("Closed", (), {"stores": stores})()
    return HarnessClient(connection)
