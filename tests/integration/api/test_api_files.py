"""Files of runs over HTTP: whose they are, and that no browser executes them."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from harness import Agent, Harness
from harness.api.settings import ApiSettings
from harness.contracts.errors import ArtifactMissing
from harness.contracts.message import FileRef, Message, Text
from harness.runs import artifacts
from harness.runs.artifacts import NamedArtifacts, open_artifact
from harness.runs.published import find_published
from harness.runs.start import start_run
from harness.runs.start_request import Request
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import eventually
from tests.fakes.steps import say
from tests.integration.api.conftest import Api
from tests.integration.api.test_api_streams import (
    another_daemon,
    is_reset,
    request_without_reading,
)

HTML = b"<script>alert(document.cookie)</script>"
NAME = '../..\\evil"\r\nSet-Cookie: a=b.html'


CLIMB = quote("../../etc/passwd", safe="")


async def run_with_file(
    api: Api, harness: Harness, name: str, content: bytes, media: str
) -> tuple[str, str]:
    """A run of the operator's, to which a file was attached."""
    connection = harness.connection
    artifact = await connection.stores.artifacts.put(content, media_type=media)
    part = FileRef(artifact=artifact, name=NAME, media_type=media, size=len(content))
    message = Message(role="user", parts=(Text(text="Read it."), part))
    request = Request(messages=(message,), owner=api.user, by=api.user)
    agent = await find_published(connection, name)
    run = await start_run(connection, agent, request, eager=False)
    await harness.get_run(run).outcome()
    return run, artifact


async def test_a_page_is_downloaded_and_not_shown(
    api: Api, harness: Harness, model_server: ModelServer, name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    agent = Agent(name)
    await harness.serve(agent)
    model_server.always(say("Read."))
    await (await harness.start(agent, "Hello.")).outcome()  # published by now
    run, artifact = await run_with_file(api, harness, name, HTML, "text/html")
    (listed,) = (await api.viewer.get(f"/api/v1/runs/{run}/artifacts")).json()["artifacts"]
    assert (listed["id"], listed["size"], listed["media_type"]) == (
        artifact,
        len(HTML),
        "text/html",
    )
    url = f"/api/v1/runs/{run}/artifacts/{artifact}"
    answer = await api.viewer.get(url)
    assert (answer.status_code, answer.content) == (200, HTML)
    headers = answer.headers
    assert headers["content-type"] == "application/octet-stream"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-disposition"].startswith("attachment; ")
    assert "set-cookie" not in headers and ".." not in headers["content-disposition"]
    assert "sandbox" in headers["content-security-policy"]
    part = await api.viewer.get(url, headers={"Range": "bytes=1-6"})
    assert (part.status_code, part.content) == (206, b"script")
    assert part.headers["content-range"] == f"bytes 1-6/{len(HTML)}"
    beyond = await api.viewer.get(url, headers={"Range": "bytes=999-"})
    assert beyond.status_code == 416
    kept = await api.viewer.get(url, headers={"If-None-Match": headers["etag"]})
    assert (kept.status_code, kept.content) == (304, b"")
    # It was found: its run's history is not read again, but whether it is still stored.
    with monkeypatch.context() as patch:
        patch.setattr(artifacts, "read_history", None)
        assert (await api.viewer.get(url)).content == HTML
    # Another run of the same user does not name it, and someone else's run is not found.
    other = (await api.operator.post("/api/v1/runs", json={"agent": name, "prompt": "x"})).json()
    for client, path, code in (
        (api.operator, f"{other['id']}/artifacts/{artifact}", "store.artifact_not_found"),
        (api.operator, f"{run}/artifacts/{'A' * 32}", "store.artifact_not_found"),
        (api.operator, f"{run}/artifacts/{CLIMB}", "store.artifact_not_found"),
        (api.operator, f"{run}/artifacts/%00", "store.artifact_not_found"),
        (api.stranger, f"{run}/artifacts/{artifact}", "run.not_found"),
        (api.stranger, f"{run}/artifacts", "run.not_found"),
    ):  # fmt: skip
        refused = await client.get(f"/api/v1/runs/{path}")
        assert (refused.status_code, refused.json()["code"]) == (404, code), path
    await harness.connection.stores.artifacts.delete(artifact)
    gone = await api.viewer.get(url)
    assert (gone.status_code, gone.json()["code"]) == (404, "store.artifact_not_found")


async def test_a_file_of_many_parts(
    api: Api, harness: Harness, model_server: ModelServer, name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Read whole or in parts, the same bytes arrive."""
    agent = Agent(name)
    await harness.serve(agent)
    model_server.always(say("Read."))
    await (await harness.start(agent, "Hello.")).outcome()  # published by now
    content = b"".join(number.to_bytes(4) for number in range(750_000))
    run, artifact = await run_with_file(api, harness, name, content, "text/plain")
    url = f"/api/v1/runs/{run}/artifacts/{artifact}"
    found = await NamedArtifacts(harness.connection).find(run, artifact)
    for limit in (artifacts.READ_WHOLE, 1_000_000):
        monkeypatch.setattr(artifacts, "READ_WHOLE", limit)
        assert (await api.viewer.get(url)).content == content
        for start, end in ((999_990, 1_000_010), (500_000, 2_500_007), (2_999_999, 3_000_000)):
            wanted = {"Range": f"bytes={start}-{end - 1}"}
            assert (await api.viewer.get(url, headers=wanted)).content == content[start:end]
    async with another_daemon(api, harness, ApiSettings(slow_seconds=0.5)) as client:
        stuck = request_without_reading(client, url)
        try:
            await eventually(lambda: is_reset(stuck))
        finally:
            stuck.close()
    read = await open_artifact(harness.connection, found)  # a large one is not kept in memory
    assert await read(8, 4) == content[8:12]
    await harness.connection.stores.artifacts.delete(artifact)
    with pytest.raises(ArtifactMissing):
        await read(8, 4)
