"""Requests of OpenAI clients that are wrong, or meant to harm."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import openai
import pytest

from harness import Agent, Harness
from harness.api.settings import ApiSettings
from harness.openai_api.ids import completion_id, response_id
from tests.fakes.model_server import ModelServer
from tests.fakes.steps import say
from tests.integration.api.conftest import Api, serve_api
from tests.integration.openai_api.conftest import Clients

HELLO = [{"role": "user", "content": "Hello."}]
FUNCTION = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
CHAT = "/v1/chat/completions"
RESPONSES = "/v1/responses"


BAD_CHATS: list[tuple[dict[str, Any], str]] = [
    ({"tools": [FUNCTION]}, "tools"),
    ({"functions": [{"name": "f"}]}, "functions"),
    ({"tool_choice": "required"}, "tool_choice"),
    ({"response_format": {"type": "json_object"}}, "response_format"),
    ({"n": 2}, "n"),
    ({"stop": ["x"]}, "stop"),
    ({"logprobs": True}, "logprobs"),
    ({"audio": {"voice": "x"}}, "audio"),
    ({"temprature": 1}, "temprature"),
    ({"metadata": {"openai.previous": "someone-elses-run"}}, "metadata"),
    ({"messages": [{"role": "tool", "tool_call_id": "c", "content": "3"}]}, "messages[0]"),
    ({"messages": [*HELLO, {"role": "assistant", "content": "Hi."}]}, "messages"),
    (
        {"messages": [{"role": "assistant", "content": None, "tool_calls": [FUNCTION]}]},
        "messages[0]",
    ),
    (
        {"messages": [{"role": "user", "content": [{"type": "input_audio"}]}]},
        "messages[0].content[0]",
    ),
    (
        {"messages": [{"role": "user", "content": [{"type": "text", "text": 7}]}]},
        "messages[0].content[0]",
    ),
]
BAD_RESPONSES: list[dict[str, Any]] = [
    {"tools": [{"type": "web_search"}]},
    {"text": {"format": {"type": "json_object"}}},
    {"conversation": "conv_1"},
    {"max_tool_calls": 0},
    {"input": [{"type": "function_call_output", "call_id": "c", "output": "3"}]},
    {"input": [{"type": "item_reference", "id": "msg_1"}]},
    {"input": [{"content": "no role"}]},
]
BAD_IMAGES = [
    "file:///etc/passwd",
    "data:text/html;base64,PHNjcmlwdD4=",
    "data:image/png;base64,%%%",
    "data:image/png,raw",
    "http://a b",
    "",
]


async def test_foreign_responses_are_not_found(
    clients: Clients, api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name))
    model_server.always(say("A secret."))
    theirs = (await clients.operator.responses.create(model=name, input="Hello.")).id
    ownerless = response_id((await harness.start(Agent(name), "Hello.")).id)
    texts: set[str] = set()
    for id in (theirs, ownerless, response_id("no-such-run"), "resp_%00", "resp_"):
        answers = [
            await api.stranger.get(f"{RESPONSES}/{id}"),
            await api.stranger.get(f"{RESPONSES}/{id}", params={"stream": "true"}),
            await api.stranger.post(f"{RESPONSES}/{id}/cancel"),
            await api.stranger.post(
                RESPONSES, json={"model": name, "input": "x", "previous_response_id": id}
            ),
        ]
        assert [answer.status_code for answer in answers] == [404] * 4, id
        for answer in answers:
            error = answer.json()["error"]
            assert error["code"] == "openai_api.response_not_found"
            texts.add(error["message"].replace(repr(id[:80]), "ID").replace(repr("resp_\0"), "ID"))
    assert len(texts) == 1  # nothing tells a foreign response from one that does not exist
    assert (await api.admin.get(f"{RESPONSES}/{ownerless}")).status_code == 200


async def test_an_id_has_one_form(
    clients: Clients, api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name))
    model_server.always(say("Hello."))
    id = (await clients.operator.responses.create(model=name, input="Hello.")).id
    for other in (f"{id}=", f"{id}A", id.upper(), f"{id[:-1]}", "resp_" + "A" * 5_000):
        answer = await api.operator.get(f"{RESPONSES}/{other}")
        assert answer.status_code == 404, other


async def test_what_an_agent_cannot_do_is_refused(api: Api, harness: Harness, name: str) -> None:
    await harness.serve(Agent(name))
    for more, param in BAD_CHATS:
        answer = await api.operator.post(CHAT, json={"model": name, "messages": HELLO, **more})
        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (400, "openai_api.unsupported"), error
        assert (error["param"], error["type"]) == (param, "invalid_request_error")


async def test_what_a_response_cannot_do_is_refused(api: Api, harness: Harness, name: str) -> None:
    await harness.serve(Agent(name))
    for more in BAD_RESPONSES:
        answer = await api.operator.post(RESPONSES, json={"model": name, "input": "Hello.", **more})
        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (400, "openai_api.unsupported"), error


async def test_images_that_are_none(api: Api, harness: Harness, name: str) -> None:
    await harness.serve(Agent(name))
    for url in BAD_IMAGES:
        part = {"type": "image_url", "image_url": {"url": url}}
        messages = [{"role": "user", "content": [part]}]
        answer = await api.operator.post(CHAT, json={"model": name, "messages": messages})
        assert answer.status_code == 400, answer.text


async def test_requests_that_are_malformed(api: Api, harness: Harness, name: str) -> None:
    await harness.serve(Agent(name))
    for path, content in (
        (CHAT, b"{"),
        (CHAT, b"[]"),
        (CHAT, b"\xff\xfe"),
        (CHAT, b"[" * 100_000),
        (CHAT, b'{"messages": [{"role": "user", "content": "x"}]}'),
        (CHAT, b'{"model": "m", "messages": []}'),
        (CHAT, b'{"model": "m", "messages": [{"role": "root", "content": "x"}]}'),
        (CHAT, b'{"model": "m", "messages": "x"}'),
        (RESPONSES, b'{"model": "m"}'),
        (RESPONSES, b'{"model": "m", "input": ""}'),
        (RESPONSES, b'{"model": "m", "input": "x", "metadata": {"a": {"b": 1}}}'),
    ):
        answer = await api.operator.post(
            path, content=content, headers={"Content-Type": "application/json"}
        )
        assert answer.status_code == 400, (content[:40], answer.text)
        error = answer.json()["error"]
        assert set(error) == {"message", "type", "code", "param"}
        assert (error["code"], error["type"]) == ("api.invalid_request", "invalid_request_error")


async def test_empty_messages(api: Api, harness: Harness, name: str) -> None:
    await harness.serve(Agent(name))
    for content in ("", "  ", [], [{"type": "text", "text": ""}], None):
        messages = [{"role": "user", "content": content}]
        answer = await api.operator.post(CHAT, json={"model": name, "messages": messages})
        assert answer.status_code == 400, (content, answer.text)


async def test_giant_inputs(api: Api, harness: Harness, name: str) -> None:
    await harness.serve(Agent(name))
    many = {"model": name, "messages": HELLO * 6_000}
    assert (await api.operator.post(CHAT, json=many)).status_code == 413
    async with serve_api(harness, ApiSettings(max_body_bytes=1000)) as small:
        answer = await api.operator.post(
            f"{small.url}{CHAT}",
            json={"model": name, "messages": [{"role": "user", "content": "x" * 2000}]},
            headers={"Host": urlsplit(small.url).netloc},
        )
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "api.too_large")
    keys = {"model": name, "messages": HELLO, "metadata": {f"k{n}": "x" for n in range(17)}}
    assert (await api.operator.post(CHAT, json=keys)).status_code == 400


async def test_errors_are_those_of_the_client(clients: Clients, api: Api) -> None:
    with pytest.raises(openai.NotFoundError) as unknown:
        await clients.operator.responses.create(model="nope", input="Hello.")
    assert (unknown.value.param, unknown.value.type) == ("model", "invalid_request_error")
    wrong = openai.AsyncOpenAI(api_key="sk-nope", base_url=f"{api.daemon.url}/v1")
    with pytest.raises(openai.AuthenticationError) as refused:
        await wrong.models.list()
    assert refused.value.code == "access.not_signed_in"
    reader = openai.AsyncOpenAI(api_key=api.tokens["viewer"], base_url=f"{api.daemon.url}/v1")
    with pytest.raises(openai.PermissionDeniedError):
        await reader.responses.create(model="nope", input="Hello.")
    with pytest.raises(openai.APIStatusError) as kept:
        await clients.operator.responses.delete(response_id("some-run"))
    assert (kept.value.status_code, kept.value.code) == (405, "api.wrong_method")
    for path in ("/v1/nothing", "/v1/responses/nope"):
        missing = await api.operator.get(path)
        assert (missing.status_code, missing.json()["error"]["code"]) == (404, "api.no_route")
    compact = await api.operator.post("/v1/responses/compact", json={})
    assert compact.status_code == 404


def test_ids_can_be_read_back() -> None:
    from harness.openai_api.ids import read_response_id

    for run in ("a", "x.1", "agent/ü b%2F", "r" * 250, "漢字" * 60):
        assert read_response_id(response_id(run)) == run
        assert read_response_id(completion_id(run)) == run
