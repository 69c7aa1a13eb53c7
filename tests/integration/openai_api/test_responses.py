"""The official client's responses, answered by an agent."""

from __future__ import annotations

from typing import Any

import openai
import pytest

from harness import Agent, Harness
from harness.openai_api.ids import read_response_id
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import add, eventually, send
from tests.fakes.steps import Hang, Say, call, cut, fail, say
from tests.integration.api.conftest import Api
from tests.integration.openai_api.conftest import Clients

ADD = Say(text="I add.", calls=(("add", {"a": 1, "b": 2}),))
LETTER = {"to": "ann", "text": "hi"}
ORDER = [
    "response.created",
    "response.in_progress",
    "response.output_item.added",
    "response.content_part.added",
    "response.output_text.delta",
    "response.output_text.done",
    "response.content_part.done",
    "response.output_item.done",
    "response.completed",
]


async def test_a_response(
    clients: Clients, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name, tools=[add]))
    model_server.script(ADD, say("Three."))
    response = await clients.operator.responses.create(
        model=name, input="1 + 2?", instructions="Be brief.", metadata={"team": "billing"}
    )
    assert (response.status, response.error) == ("completed", None)
    assert [item.phase for item in response.output] == ["commentary", "final_answer"]  # pyright: ignore
    assert response.output[-1].content[0].text == "Three."  # pyright: ignore
    assert response.usage is not None and response.usage.total_tokens == 240
    assert response.metadata == {"team": "billing"}
    again = await clients.operator.responses.retrieve(response.id)
    assert again == response
    assert "Be brief." in str(model_server.calls[0].body["input"][0])


async def test_previous_response_id(
    clients: Clients, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name))
    model_server.always(say("Noted."))
    create = clients.operator.responses.create
    first = await create(model=name, input="My name is Alice.")
    second = await create(model=name, input="And now?", previous_response_id=first.id)
    assert second.previous_response_id == first.id
    # Two responses may continue the same one.
    other = await create(model=name, input="Or else?", previous_response_id=first.id)
    third = await create(model=name, input="At last?", previous_response_id=second.id)
    sent = str(model_server.calls[-1].body["input"])
    assert "Alice" in sent and "And now?" in sent and "Or else?" not in sent
    assert len({first.id, second.id, other.id, third.id}) == 4
    assert (await clients.operator.responses.retrieve(third.id)).previous_response_id == second.id


async def test_a_previous_response_that_is_still_running(
    clients: Clients, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name))
    model_server.always(Hang())
    create = clients.operator.responses.create
    first = await create(model=name, input="Hello.", background=True)
    with pytest.raises(openai.ConflictError) as caught:
        await create(model=name, input="More.", previous_response_id=first.id)
    assert caught.value.code == "run.busy"
    cancelled = await clients.operator.responses.cancel(first.id)
    assert cancelled.status == "cancelled"
    assert (await clients.operator.responses.cancel(first.id)).status == "cancelled"


async def test_in_the_background(
    clients: Clients, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name))
    model_server.script(say("Done.", wait=0.2))
    begun = await clients.operator.responses.create(model=name, input="Hello.", background=True)
    assert (begun.status, begun.background) == ("queued", True)

    async def poll() -> str | None:
        return (await clients.operator.responses.retrieve(begun.id)).status

    await eventually(poll, lambda status: status not in ("queued", "in_progress"))
    ended = await clients.operator.responses.retrieve(begun.id)
    assert (ended.status, ended.output_text, ended.background) == ("completed", "Done.", True)
    with pytest.raises(openai.ConflictError):
        await clients.operator.responses.cancel(begun.id)


async def test_a_stream(
    clients: Clients, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name, tools=[add]))
    model_server.script(ADD, say("The sum is three."))
    stream = await clients.operator.responses.create(model=name, input="1 + 2?", stream=True)
    events: list[Any] = [event async for event in stream]
    kinds = [event.type for event in events]
    assert list(dict.fromkeys(kinds)) == ORDER
    numbers = [event.sequence_number for event in events]
    assert numbers == sorted(set(numbers))
    deltas = [e.delta for e in events if e.type == "response.output_text.delta"]
    assert "".join(deltas) == "I add.The sum is three."
    final = events[-1].response
    assert final == await clients.operator.responses.retrieve(final.id)
    added = [e.item.id for e in events if e.type == "response.output_item.added"]
    assert added == [item.id for item in final.output]


@pytest.mark.slow
async def test_a_stream_resumes_after_every_event(
    clients: Clients, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name, tools=[add]))
    model_server.script(ADD, say("The sum is three.", pieces=8, delay=0.02))
    client = clients.operator.responses
    stream = await client.create(model=name, input="1 + 2?", stream=True, background=True)
    events: list[Any] = [event async for event in stream]
    whole = "I add.The sum is three."
    id, read = events[0].response.id, ""
    for place, event in enumerate(events):
        read += event.delta if event.type == "response.output_text.delta" else ""
        after = event.sequence_number
        resumed = await client.retrieve(id, stream=True, starting_after=after)
        rest: list[Any] = [each async for each in resumed]
        assert all(each.sequence_number > after for each in rest)
        assert rest[-1].type == "response.completed"
        more = [each.delta for each in rest if each.type == "response.output_text.delta"]
        assert read + "".join(more) == whole
        done = [e.type for e in events[place + 1 :] if "delta" not in e.type]
        assert [e.type for e in rest if "delta" not in e.type] == (done or [rest[-1].type])


async def test_a_reply_that_begins_again_in_another_way(
    clients: Clients, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name))
    model_server.script(cut("one two three four", delay=0.1), say("Else."))
    stream = await clients.operator.responses.create(model=name, input="Count.", stream=True)
    events: list[Any] = [event async for event in stream]
    deltas = [event for event in events if event.type == "response.output_text.delta"]
    assert deltas[0].delta.startswith("one")
    (done,) = [event for event in events if event.type == "response.output_text.done"]
    assert done.text == events[-1].response.output_text == "Else."
    numbers = [event.sequence_number for event in events]
    assert numbers == sorted(set(numbers))


async def test_the_stream_helper_of_the_client(
    clients: Clients, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name))
    model_server.script(say("Hello there."))
    async with clients.operator.responses.stream(model=name, input="Hello.") as stream:
        async for _ in stream:
            pass
        assert (await stream.get_final_response()).output_text == "Hello there."


async def test_an_approval(
    clients: Clients, api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name, tools=[send]))
    model_server.script(call("send", **LETTER), say("Sent."))
    waiting = await clients.operator.responses.create(model=name, input="Write to Ann.")
    assert waiting.status == "incomplete"
    assert waiting.incomplete_details is not None
    assert waiting.incomplete_details.reason == "waiting_for_decision"
    run = read_response_id(waiting.id)
    assert f"harness approve {run}" in waiting.output_text
    stream = await clients.operator.responses.retrieve(waiting.id, stream=True)
    events: list[Any] = [event async for event in stream]
    assert events[-1].type == "response.incomplete"
    await api.operator.post(f"/api/v1/runs/{run}/decide", json={"verdict": "approve"})
    after = events[-1].sequence_number
    rest = await clients.operator.responses.retrieve(waiting.id, stream=True, starting_after=after)
    more: list[Any] = [event async for event in rest]
    assert more[-1].type == "response.completed"
    assert more[-1].response.output_text == "Sent."
    assert all(event.sequence_number > after for event in more)


async def test_a_run_that_fails(
    clients: Clients, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name))
    model_server.always(fail(400, "that is nonsense"))
    response = await clients.operator.responses.create(model=name, input="Hello.")
    assert response.status == "failed" and response.error is not None
    assert response.error.code.startswith("provider.") and "nonsense" in response.error.message
    stream = await clients.operator.responses.create(model=name, input="Hello.", stream=True)
    events: list[Any] = [event async for event in stream]
    assert events[-1].type == "response.failed"


async def test_a_chain_is_one_family(
    clients: Clients, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name))
    model_server.always(say("Noted."))
    create = clients.operator.responses.create
    first = await create(model=name, input="One.")
    second = await create(model=name, input="Two.", previous_response_id=first.id)
    third = await create(model=name, input="Three.", previous_response_id=second.id)
    vault = harness.connection.vault
    families = {await vault.family_of(read_response_id(each.id)) for each in (first, second, third)}
    assert families == {read_response_id(first.id)}


async def test_a_stream_is_sent_whatever_the_client_has(
    api: Api, clients: Clients, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name))
    model_server.always(say("Hello."))
    response = await clients.operator.responses.create(model=name, input="Hello.")
    url, headers = f"/v1/responses/{response.id}", {"If-None-Match": "*"}
    stream = await api.operator.get(url, params={"stream": "true"}, headers=headers)
    assert (stream.status_code, "etag" in stream.headers) == (200, False)
    assert "response.completed" in stream.text
    known = await api.operator.get(url, headers=headers)
    assert known.status_code == 304
    assert "etag" in known.headers and "x-harness-run" in known.headers
