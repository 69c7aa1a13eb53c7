"""Files that callers upload: what becomes of them, and who can use them."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from harness import Agent, Harness
from harness.api.caller import Caller, Role
from harness.api.settings import ApiSettings
from harness.contracts.errors import TooManyCalls
from harness.crypto.keyring import new_key
from harness.runs import uploads
from harness.runs.uploads import UploadSlots, clean_name, read_media_type
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import eventually
from tests.fakes.steps import say
from tests.integration.api.conftest import Api
from tests.integration.api.test_api_streams import another_daemon

FILES = "/api/v1/files"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
TEXT = b"a,b\n1,2\n"


@pytest.fixture(params=["plain", "encrypted"])
def options(
    options: dict[str, Any], database_url: str, request: pytest.FixtureRequest
) -> dict[str, Any]:
    options = {**options, "database": {"url": database_url, "pool_size": 4}}
    return options if request.param == "plain" else {**options, "encryption": {"key": new_key()}}


@pytest.fixture
async def agent(harness: Harness, model_server: ModelServer, name: str) -> str:
    await harness.serve(Agent(name))
    model_server.always(say("Read."))
    return name


async def upload(client: httpx.AsyncClient, content: Any, name: str, **headers: str) -> Any:
    answer = await client.post(FILES, params={"name": name}, content=content, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def in_parts(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), 100_000):
        yield content[start : start + 100_000]


async def files_of(client: httpx.AsyncClient, run: str) -> list[dict[str, Any]]:
    return (await client.get(f"/api/v1/runs/{run}/artifacts")).json()["artifacts"]


async def test_files_reach_a_run_and_a_conversation(
    api: Api, harness: Harness, model_server: ModelServer, agent: str
) -> None:
    large = b"".join(number.to_bytes(4) for number in range(500_000))
    table = await upload(api.operator, TEXT, "../secret/table.csv")
    picture = await upload(api.operator, PNG, "dot.png", **{"Content-Type": "image/png"})
    whole = await upload(api.operator, in_parts(large), "large.bin")
    assert (table["name"], table["media_type"], table["size"]) == ("table.csv", "text/csv", 8)
    assert whole["size"] == len(large)
    asked = {
        "agent": agent, "prompt": "Read them.", "id": f"{agent}-files",
        "files": [table["id"], picture["id"], whole["id"]],
    }  # fmt: skip
    run = (await api.operator.post("/api/v1/runs", json=asked)).json()["id"]
    again = await api.operator.post("/api/v1/runs", json=asked)
    assert (again.status_code, again.json()["id"]) == (201, run), "the same request"
    found = await files_of(api.viewer, run)
    assert [each["size"] for each in found] == [8, len(PNG), len(large)]
    for each, content in zip(found, (TEXT, PNG, large), strict=True):
        answer = await api.viewer.get(f"/api/v1/runs/{run}/artifacts/{each['id']}")
        assert answer.content == content
    await harness.get_run(run).outcome()
    assert "image_url" in json.dumps(model_server.calls[-1].body), "the model sees the picture"

    talk = (await api.operator.post("/api/v1/conversations", json={"agent": agent})).json()["id"]
    said = {"content": "And this?", "files": [table["id"]]}
    url = f"/api/v1/conversations/{talk}"
    sent = await api.operator.post(f"{url}/messages", json=said)
    assert sent.status_code == 202, sent.text

    async def answered() -> bool:
        return len((await api.operator.get(url)).json()["messages"]) == 2

    await eventually(answered)
    (first, _) = (await api.operator.get(url)).json()["messages"]
    assert [each["type"] for each in first["parts"]] == ["text", "file"]
    assert first["parts"][1]["name"] == "table.csv"


@pytest.mark.parametrize("options", ["plain"], indirect=True)
async def test_nobody_uses_a_file_of_others(
    api: Api, harness: Harness, agent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = await upload(api.operator, TEXT, "mine.txt")
    mac, _, data = mine["id"].partition(".")
    forged = json.loads(base64.urlsafe_b64decode(data))
    forged[4] = f"other-{agent}"
    changed = base64.urlsafe_b64encode(json.dumps(forged).encode()).decode()
    for client, id in (
        (api.stranger, mine["id"]),
        (api.admin, mine["id"]),
        (api.stranger, mine["artifact"]),
        (api.operator, mine["artifact"]),
        (api.stranger, f"{mac}.{changed}"),
        (api.operator, mine["id"][:-4]),
        (api.operator, f"é.{data}"),
        (api.operator, "../../etc/passwd"),
    ):
        for path, body in (
            ("/api/v1/runs", {"agent": agent, "prompt": "x", "files": [id]}),
            (f"/api/v1/conversations/{agent}/messages", {"content": "x", "files": [id]}),
        ):
            answer = await client.post(path, json=body)
            assert (answer.status_code, answer.json()["code"]) == (404, "store.upload_not_found")
    many = {"agent": agent, "prompt": "x", "files": [mine["id"]] * 21}
    assert (await api.operator.post("/api/v1/runs", json=many)).status_code == 400
    refused = await api.viewer.post(FILES, params={"name": "a"}, content=TEXT)
    assert (refused.status_code, refused.json()["code"]) == (403, "access.not_allowed")
    monkeypatch.setattr(uploads.time, "time", lambda: 9e9)
    late = {"agent": agent, "prompt": "x", "files": [mine["id"]]}
    assert (await api.operator.post("/api/v1/runs", json=late)).status_code == 404
    monkeypatch.undo()
    await harness.connection.stores.artifacts.delete(mine["artifact"])
    assert (await api.operator.post("/api/v1/runs", json=late)).status_code == 404


@pytest.mark.parametrize("options", ["plain"], indirect=True)
async def test_uploads_are_bounded(api: Api, harness: Harness) -> None:
    brackets = b"[" * 150_000  # more values than a body of JSON may have
    await upload(api.operator, brackets, "brackets.txt")
    async with another_daemon(api, harness, ApiSettings(max_file_bytes=1000)) as small:
        for content in (in_parts(brackets), brackets):
            answer = await small.post(FILES, params={"name": "a"}, content=content)
            assert (answer.status_code, answer.json()["code"]) == (413, "api.too_large")
        # The bound of files is that of this route alone.
        for path in ("/api/v1/files/", "/api/v1/runs", "/api/v1/files%2f"):
            answer = await small.post(path, content=brackets)
            assert answer.status_code in (404, 413), path


@pytest.mark.parametrize("options", ["plain"], indirect=True)
async def test_an_upload_that_breaks_off_is_not_stored(api: Api) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield TEXT
        raise ConnectionError

    for _ in range(5):  # more than may be in progress
        with pytest.raises(ConnectionError):
            await upload(api.operator, broken(), "broken")

    async def stored() -> bool:
        answer = await api.operator.post(FILES, params={"name": "a"}, content=TEXT)
        return answer.status_code == 201

    await eventually(stored)


def test_slots_are_taken_and_given_back() -> None:
    slots, mine = UploadSlots(), Caller("me", Role.OPERATOR, "")
    with ExitStack() as stack:
        for _ in range(slots.most_each):
            stack.enter_context(slots.take(mine))
        with pytest.raises(TooManyCalls, match="Too many uploads"), slots.take(mine):
            pass
        with slots.take(Caller("you", Role.OPERATOR, "")):
            pass
        for number in range(slots.most - slots.most_each):
            stack.enter_context(slots.take(Caller(str(number), Role.OPERATOR, "")))
        with pytest.raises(TooManyCalls), slots.take(Caller("you", Role.OPERATOR, "")):
            pass
    with slots.take(mine):
        pass


def test_names_and_types_are_harmless() -> None:
    assert clean_name("..\\..\\a/b\r\nSet-Cookie: x.html") not in ("", "..")
    assert "\n" not in clean_name("a\nb") and "/" not in clean_name("/etc/passwd")
    assert clean_name("...") == clean_name("") == "file"
    assert clean_name("x" * 500 + ".png").endswith(".png")
    assert read_media_type("text/html; charset=utf-8") == "text/html"
    for hostile in (None, "", "text", "a/b\r\nX: y", "application/octet-stream", "x/" + "y" * 99):
        assert read_media_type(hostile) is None
