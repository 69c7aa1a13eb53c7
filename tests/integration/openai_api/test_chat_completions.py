"""The official client's chat completions, answered by an agent."""

from __future__ import annotations

import base64

import openai
import pytest
from openai.types.chat import ChatCompletionChunk, ChatCompletionUserMessageParam

from harness import Agent, Budget, Harness
from harness.contracts.run import RunState
from harness.openai_api.chat import RESTARTED
from harness.openai_api.ids import read_response_id
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import add, eventually, send
from tests.fakes.steps import Hang, Say, call, cut, fail, say
from tests.integration.api.conftest import Api
from tests.integration.openai_api.conftest import Clients

LETTER = {"to": "ann", "text": "hi"}
PIXEL = base64.b64encode(b"\x89PNG\r\n\x1a\n not really").decode()


def ask(text: str) -> ChatCompletionUserMessageParam:
    return {"role": "user", "content": text}


async def test_a_completion(
    clients: Clients, api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name, tools=[add]))
    model_server.script(Say(text="I add.", calls=(("add", {"a": 1, "b": 2}),)), say("Three."))
    answer = await clients.operator.chat.completions.create(
        model=name,
        messages=[
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Hello."},
            {"role": "assistant", "content": "Hello!"},
            {"role": "user", "content": "1 + 2?"},
        ],
        temperature=0.2,
        max_tokens=7,
        user="u-1",
        metadata={"team": "billing"},
    )
    (choice,) = answer.choices
    assert (choice.message.content, choice.finish_reason) == ("Three.", "stop")
    assert (answer.object, answer.model) == ("chat.completion", name)
    assert answer.usage is not None and answer.usage.total_tokens == 240
    sent = [each["content"] for each in model_server.calls[0].body["input"]]
    assert "Be brief." in str(sent[0]) and "1 + 2?" in str(sent[-1])
    run = read_response_id(answer.id)
    spec = (await api.operator.get(f"/api/v1/runs/{run}")).json()
    assert (spec["asked"], spec["owner"], spec["by"]) == ("1 + 2?", api.user, api.user)


async def read_all(stream: openai.AsyncStream[ChatCompletionChunk]) -> list[ChatCompletionChunk]:
    return [chunk async for chunk in stream]


def text_of(chunks: list[ChatCompletionChunk]) -> str:
    return "".join(each.choices[0].delta.content or "" for each in chunks if each.choices)


async def test_a_stream(
    clients: Clients, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name, tools=[add]))
    model_server.script(Say(text="I add.", calls=(("add", {"a": 1, "b": 2}),)), say("Three."))
    chunks = await read_all(
        await clients.operator.chat.completions.create(
            model=name,
            messages=[ask("1 + 2?")],
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    assert text_of(chunks) == "I add.\n\nThree."
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].choices == [] and chunks[-1].usage is not None
    assert chunks[-1].usage.total_tokens == 240
    assert len({chunk.id for chunk in chunks}) == 1


async def test_a_reply_that_is_cut_off_and_begins_again(
    clients: Clients, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name))
    model_server.script(cut("one two three four", delay=0.05), say("one two three four"))
    stream = await clients.operator.chat.completions.create(
        model=name, messages=[ask("Count.")], stream=True
    )
    assert text_of(await read_all(stream)) == "one two three four"


async def test_a_reply_that_begins_again_in_another_way(
    clients: Clients, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name))
    model_server.script(cut("one two three four", delay=0.1), say("Something else."))
    stream = await clients.operator.chat.completions.create(
        model=name, messages=[ask("Count.")], stream=True
    )
    text = text_of(await read_all(stream))
    assert text.startswith("one") and text.endswith(f"{RESTARTED}Something else.")


async def test_an_image(
    clients: Clients, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name))
    model_server.script(say("A cat."))
    url = f"data:image/png;base64,{PIXEL}"
    answer = await clients.operator.chat.completions.create(
        model=name,
        messages=[
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What is it?"},
                    {"type": "image_url", "image_url": {"url": url}},
                ],
            }
        ],
    )
    assert answer.choices[0].message.content == "A cat."
    assert PIXEL in str(model_server.calls[0].body)


async def test_a_run_that_waits_does_not_hang(
    clients: Clients, api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name, tools=[send]))
    model_server.always(call("send", **LETTER))
    message = ask("Write to Ann.")
    answer = await clients.operator.chat.completions.create(model=name, messages=[message])
    run = read_response_id(answer.id)
    (choice,) = answer.choices
    assert choice.finish_reason == "length"
    assert run in (choice.message.content or "") and "approve" in (choice.message.content or "")
    decided = await api.operator.post(f"/api/v1/runs/{run}/decide", json={"verdict": "approve"})
    assert decided.status_code == 200

    async def waits() -> bool:
        card = (await api.operator.get(f"/api/v1/runs/{run}")).json()
        return card["state"] == RunState.WAITING and card["turn"] == 2

    await eventually(waits)
    response = await clients.operator.responses.retrieve(answer.id)
    assert response.status == "incomplete"
    stream = await clients.operator.chat.completions.create(
        model=name, messages=[message], stream=True
    )
    chunks = await read_all(stream)
    assert "waits for a decision" in text_of(chunks)
    assert chunks[-1].choices[0].finish_reason == "length"


async def test_a_run_that_fails(
    clients: Clients, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name))
    model_server.always(fail(400, "that is nonsense"))
    message = ask("Hello.")
    with pytest.raises(openai.APIStatusError) as caught:
        await clients.operator.chat.completions.create(model=name, messages=[message])
    assert str(caught.value.code).startswith("provider.")
    assert len(model_server.calls) == 1  # not sent again by the client: it would be another run
    stream = await clients.operator.chat.completions.create(
        model=name, messages=[message], stream=True
    )
    with pytest.raises(openai.APIError, match="nonsense"):
        await read_all(stream)


async def test_a_budget_cuts_the_answer(
    clients: Clients, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name, tools=[add], budget=Budget(turns=1)))
    model_server.always(Say(text="I add.", calls=(("add", {"a": 1, "b": 2}),)))
    answer = await clients.operator.chat.completions.create(model=name, messages=[ask("1 + 2?")])
    (choice,) = answer.choices
    assert (choice.message.content, choice.finish_reason) == ("I add.", "length")


async def test_the_same_key_is_the_same_run(
    clients: Clients, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name))
    model_server.always(say("Hello."))

    async def start(client: openai.AsyncOpenAI) -> str:
        answer = await client.chat.completions.create(
            model=name,
            messages=[ask("Hello.")],
            extra_headers={"Idempotency-Key": "k"},
        )
        return answer.id

    assert await start(clients.operator) == await start(clients.operator)
    assert await start(clients.operator) != await start(clients.stranger)


async def test_a_client_that_leaves_does_not_stop_the_run(
    clients: Clients, api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name))
    model_server.script(say("one two three four", delay=0.1))
    stream = await clients.operator.chat.completions.create(
        model=name, messages=[ask("Count.")], stream=True
    )
    first = await anext(aiter(stream))
    await stream.close()

    async def completed() -> bool:
        return (await clients.operator.responses.retrieve(first.id)).status == "completed"

    await eventually(completed)


async def test_an_aborted_run(
    clients: Clients, api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name))
    model_server.always(Hang())
    stream = await clients.operator.chat.completions.create(
        model=name, messages=[ask("Hello.")], stream=True
    )
    first = await anext(aiter(stream))
    await clients.operator.responses.cancel(first.id)
    with pytest.raises(openai.APIError, match="aborted"):
        await read_all(stream)


async def test_models(clients: Clients, harness: Harness, name: str) -> None:
    await harness.serve(Agent(name))
    listed = [model.id async for model in clients.operator.models.list()]
    assert name in listed
    assert (await clients.operator.models.retrieve(name)).owned_by == "harness"
    with pytest.raises(openai.NotFoundError):
        await clients.operator.models.retrieve("nope")
