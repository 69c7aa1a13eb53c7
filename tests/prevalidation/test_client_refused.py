"""Invalid arguments are refused before anything is sent to Temporal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import pytest

import harness
from harness.agent import Agent
from harness.contracts.errors import ConfigError, RunError, SteeringError
from harness.contracts.message import FileRef, Message, user_message
from harness.contracts.run import Budget
from harness.contracts.steering import MAX_BYTES
from harness.engine.connection import Connection
from harness.runs.start_request import Request, as_messages
from harness.sdk.client import HarnessClient
from harness.sdk.handle import RunHandle
from harness.sdk.handle_context import HandleContext
from harness.sdk.session import Session

ASKED = (user_message("hi"),)
LARGE = "x" * (MAX_BYTES + 1)
Run = RunHandle[Any]


def nowhere() -> Connection:
    """Using it fails the test."""
    return cast("Connection", object())


def run() -> Run:
    return RunHandle(HandleContext(nowhere(), cast("Any", object())), "r")


@pytest.mark.parametrize("timeout", [float("nan"), -1, "5", True])
async def test_an_invalid_timeout(timeout: Any) -> None:
    agent = Agent("a")
    for wait in (
        lambda: run().result(timeout),
        lambda: run().outcome(timeout=timeout),
        lambda: harness.run(agent, "hi", timeout=timeout),
        lambda: client().run(agent, "hi", timeout=timeout),
        lambda: Session(client()).run(agent, "hi", timeout=timeout),
    ):
        with pytest.raises(ConfigError, match="timeout"):
            await wait()


START: Any = [
    lambda *given, **more: harness.run(*given, **more),
    lambda *given, **more: client().run(*given, **more),
    lambda *given, **more: client().start(*given, **more),
    lambda *given, **more: Session(client()).run(*given, **more),
    lambda *given, **more: Session(client()).start(*given, **more),
]
"""Each way to start a run. The connection of `client()` cannot be used."""


@pytest.mark.parametrize("start", START)
@pytest.mark.parametrize(
    ("agent", "prompt", "options", "words"),
    [
        (7, "hi", {}, "agent is 7, not an Agent"),
        (None, "hi", {}, "agent is None, not an Agent"),
        (Agent, "hi", {}, "not an Agent"),
        (Agent("a"), "", {}, "The prompt is empty"),
        (Agent("a"), " \n\t", {}, "The prompt is empty"),
        (Agent("a"), [], {}, "The prompt is empty"),
        (Agent("a"), user_message("  "), {}, "The prompt is empty"),
        (Agent("a"), None, {}, "prompt is None, not a str, a Message or a list of Messages"),
        (Agent("a"), 7, {}, "prompt is 7, not"),
        (Agent("a"), ["hi"], {}, "prompt is .'hi'., not"),
        (Agent("a"), "hi", {"budget": 1}, "budget=1 is not a Budget"),
        (Agent("a"), "hi", {"workspace": "src"}, "workspace='src' is not a Path"),
        (Agent("a"), "hi", {"model": 7}, "7 is not a model name"),
    ],
)
async def test_a_wrong_argument(
    start: Any, agent: Any, prompt: Any, options: Any, words: str
) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        await start(agent, prompt, **options)
    assert caught.value.code == "config.invalid_value"
    assert caught.value.fix


def test_run_sync_names_the_wrong_argument() -> None:
    with pytest.raises(ConfigError, match="agent is 'greeter', not an Agent"):
        harness.run_sync("greeter", "hi")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="timeout"):
        harness.run_sync(Agent("a"), "hi", timeout=-1)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"id": 7}, "id=7 is not a str"),
        ({"labels": ["a"]}, "labels=.'a'. does not map"),
        ({"labels": {"a": 1}}, "labels={'a': 1} does not map"),
    ],
)
def test_a_wrong_option_of_run_sync(options: Any, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        harness.run_sync(Agent("a"), "hi", **options)


def test_an_attachment_alone_is_a_prompt() -> None:
    picture = Message(role="user", parts=(FileRef(name="a.csv", artifact="x"),))
    assert as_messages(picture) == (picture,)


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
async def test_malformed_steering(steer: Callable[[Run], Awaitable[object]], words: str) -> None:
    with pytest.raises(SteeringError) as caught:
        await steer(run())
    assert caught.value.code == "steering.bad_payload"
    assert words in caught.value.message
    assert "Example: {" in caught.value.message


@pytest.mark.parametrize("limit", ["turns", "tokens", "cost_micros", "seconds"])
@pytest.mark.parametrize("value", [-5, 0, float("nan"), float("inf")])
def test_an_invalid_budget(limit: str, value: float) -> None:
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


@pytest.mark.parametrize("owner", ["", " ", "a\nb", "x" * 251])
def test_a_wrong_owner(owner: str) -> None:
    with pytest.raises(ConfigError, match="is not a valid owner"):
        Request(messages=ASKED, owner=owner)


@pytest.mark.parametrize(
    "id", ["harness", "harness.archive.1", "session/ada", "attached/x", "mine.undo"]
)
def test_a_reserved_id(id: str) -> None:
    with pytest.raises(ConfigError, match="harness reserves it"):
        Request(messages=ASKED, id=id)
    assert Session(client(), id).id == id


def test_an_empty_id() -> None:
    with pytest.raises(RunError) as caught:
        client().get_run("")
    assert caught.value.code == "run.not_found"


def test_valid_ids() -> None:
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
