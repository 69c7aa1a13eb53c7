"""A test of a model: one small call, by the daemon, with its key."""

from __future__ import annotations

import json

from harness import Harness
from harness.api.installation_routes import ModelTests
from harness.providers.trial import try_model
from tests.fakes.model_server import ModelServer
from tests.fakes.steps import fail, hang, say
from tests.integration.api.conftest import Api

TEST = "/api/v1/models/test"


async def test_the_daemon_calls_the_model_once(
    api: Api, harness: Harness, model_server: ModelServer
) -> None:
    model_server.script(say("OK"), say("OK"), fail(401, "bad key sk-secret-123"))
    for model in ("openai/gpt-5", "anthropic/claude-sonnet-4-5"):
        answer = await api.operator.post(TEST, json={"model": model})
        found = answer.json()
        assert (answer.status_code, found["model"]) == (200, model), found
        assert "error" not in found and found["ms"] > 0 and found["answered_by"]
    bodies = [call.body for call in model_server.calls]
    assert [body.get("max_output_tokens") or body.get("max_tokens") for body in bodies] == [16, 16]
    assert all(not body.get("tools") for body in bodies)
    refused = (await api.operator.post(TEST, json={"model": "openai/gpt-5"})).json()
    assert refused["error"]["code"] == "provider.authentication"
    assert "test-key" not in json.dumps(refused)
    assert len(model_server.calls) == 3, "a test is one call: a failed one is not repeated"
    model_server.script(hang())
    late = await try_model(harness.connection.settings, "openai/gpt-5", seconds=0.3)
    assert late.error is not None and late.error.code == "provider.timeout"
    await model_server.disconnected(4)


async def test_what_cannot_be_tested(api: Api, model_server: ModelServer) -> None:
    missing = (await api.operator.post(TEST, json={"model": "nobody/x"})).json()
    assert missing["error"]["code"] == "provider.unknown"
    for hostile in ("gpt-5", "", "http://10.0.0.1/x", "openai/" + "x" * 300, "openai/a b", 5, None):
        answer = await api.operator.post(TEST, json={"model": hostile})
        assert answer.status_code == 400, hostile
    extra = {"model": "openai/gpt-5", "base_url": "http://10.0.0.1"}
    assert (await api.operator.post(TEST, json=extra)).status_code == 400
    assert (await api.viewer.post(TEST, json={"model": "openai/gpt-5"})).status_code == 403
    assert not model_server.calls
    # One was begun above, which failed before it cost anything.
    for _ in range((ModelTests.each_per_minute or 0) - 1):
        assert (await api.operator.post(TEST, json={"model": "nobody/x"})).status_code == 200
    refused = await api.operator.post(TEST, json={"model": "openai/gpt-5"})
    assert (refused.status_code, refused.json()["code"]) == (429, "api.too_many_calls")
    assert int(refused.headers["Retry-After"]) <= 60
    assert (await api.stranger.post(TEST, json={"model": "nobody/x"})).status_code == 200
