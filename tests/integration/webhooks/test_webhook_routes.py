"""Webhooks over HTTP: whose they are, and what they may reach."""

from __future__ import annotations

from typing import Any

from standardwebhooks.webhooks import Webhook as Verifier

from harness.webhooks.client import MOST
from tests.fakes.webhook_receiver import Receiver
from tests.integration.api.conftest import Api

PATH = "/api/v1/webhooks"
HOSTILE: tuple[dict[str, Any], ...] = (
    {},
    {"url": ""},
    {"url": "https://example.org/", "events": []},
    {"url": "https://example.org/", "events": ["output_delta"]},
    {"url": "https://example.org/", "events": ["run_ended"] * 101},
    {"url": "https://example.org/", "agent": "a\nb"},
    {"url": "https://example.org/", "agent": ""},
    {"url": "https://example.org/", "owner": "local"},
    {"url": "http://127.0.0.1:5432/"},
    {"url": "https://example.org/\r\nX: y"},
    {"url": ["https://example.org/"]},
)


async def test_a_webhook_belongs_to_who_added_it(api: Api, receiver: Receiver) -> None:
    added = await api.operator.post(PATH, json={"url": receiver.url, "events": ["run_ended"]})
    assert added.status_code == 201, added.text
    created = added.json()
    path, secret = added.headers["location"], created["secret"]
    assert created["webhook"]["owner"] == api.user and not created["webhook"]["everyone"]
    tried = await api.operator.post(f"{path}/test")
    assert tried.status_code == 200, tried.text
    (found,) = receiver.received
    Verifier(secret).verify(found.body.decode(), found.headers)
    assert (found.kind, found.id) == ("webhook_test", tried.json()["id"])
    for method, where in (("GET", ""), ("DELETE", ""), ("POST", "/test"), ("POST", "/resume"),
                          ("GET", "/deliveries")):  # fmt: skip
        theirs = await api.stranger.request(method, path + where)
        unknown = await api.stranger.request(method, f"{PATH}/wh_0{where}")
        assert theirs.status_code == unknown.status_code == 404, (method, where)
        assert theirs.json()["code"] == unknown.json()["code"] == "webhooks.not_found"
    assert (await api.stranger.get(PATH)).json() == {"webhooks": []}
    shown = (await api.admin.get(path)).json()
    assert secret not in str(shown) and shown["state"] == "active"
    assert secret not in (await api.operator.get(PATH)).text
    assert (await api.viewer.delete(path)).status_code == 403
    assert (await api.operator.post(f"{path}/resume")).json() == {"runs": 0}
    assert (await api.operator.delete(path)).status_code == 200
    assert (await api.operator.get(path)).status_code == 404


async def test_what_is_refused(api: Api, receiver: Receiver) -> None:
    for body in HOSTILE:
        answer = await api.operator.post(PATH, json=body)
        assert 400 <= answer.status_code < 500, (body, answer.text)
    everyone = await api.operator.post(PATH, json={"url": receiver.url, "everyone": True})
    assert everyone.status_code == 403
    for _ in range(MOST):
        assert (await api.operator.post(PATH, json={"url": receiver.url})).status_code == 201
    one_more = await api.operator.post(PATH, json={"url": receiver.url})
    assert (one_more.status_code, one_more.json()["code"]) == (400, "webhooks.refused")


async def test_a_receivers_answer_is_not_shown(api: Api, receiver: Receiver) -> None:
    receiver.status, receiver.headers = 500, {"x-secret": "of-the-receiver"}
    path = (await api.operator.post(PATH, json={"url": receiver.url})).headers["location"]
    answer = await api.operator.post(f"{path}/test")
    assert (answer.status_code, answer.json()["code"]) == (502, "webhooks.undelivered")
    assert "thanks" not in answer.text and "of-the-receiver" not in answer.text
