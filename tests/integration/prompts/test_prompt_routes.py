"""Prompt templates over HTTP: who may what, and runs and messages that use them."""

from __future__ import annotations

from typing import Any

from harness import Agent, Harness
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import eventually
from tests.fakes.steps import say
from tests.integration.api.conftest import Api

PROMPTS = "/api/v1/prompts"
TEXT = "+++\n[variables.n]\ntype = 'integer'\n+++\nPay {{ n }}."


def code_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_save_read_and_compare(api: Api, name: str) -> None:
    url = f"{PROMPTS}/{name}"
    made = await api.operator.put(url, json={"text": TEXT})
    assert (made.status_code, made.json()["version"], made.json()["by"]) == (201, 1, api.user)
    again = await api.stranger.put(url, json={"text": TEXT})
    assert (again.status_code, again.json()["added"]) == (200, False)
    second = await api.stranger.put(url, json={"text": TEXT + " Now."})
    assert second.json()["by"].startswith("other-")
    shown = (await api.viewer.get(f"{url}@1")).json()
    assert (shown["text"], shown["variables"][0]["name"]) == (TEXT, "n")
    assert shown["variables"][0]["required"] is True
    listed = (await api.viewer.get(f"{url}/versions")).json()["versions"]
    assert [each["version"] for each in listed] == [2, 1]
    diff = (await api.viewer.get(f"{url}/diff", params={"before": 1})).json()["diff"]
    assert "-Pay {{ n }}.\n+Pay {{ n }}. Now.\n" in diff
    made = await api.operator.post(f"{url}@1/render", json={"variables": {"n": 3}})
    assert (made.json()["text"], made.json()["template"]["variables"]) == ("Pay 3.", {"n": 3})
    page = await api.viewer.get(PROMPTS, params={"limit": 500})
    assert name in [each["name"] for each in page.json()["prompts"]]
    assert code_of(await api.operator.post(f"{url}/archive")) == (403, "access.not_allowed")
    assert (await api.admin.post(f"{url}/archive")).json()["archived"] is True
    page = await api.viewer.get(PROMPTS, params={"limit": 500})
    assert name not in [each["name"] for each in page.json()["prompts"]]
    refused = await api.operator.put(url, json={"text": "x"})
    assert code_of(refused) == (409, "prompts.archived")
    assert (await api.admin.post(f"{url}/restore")).json()["archived"] is False


async def test_what_is_refused(api: Api, name: str) -> None:
    url = f"{PROMPTS}/{name}"
    await api.operator.put(url, json={"text": TEXT})
    renders: tuple[tuple[str, Any, tuple[int, str]], ...] = (
        (f"{url}/render", {"variables": {}}, (400, "prompts.invalid_variable")),
        (f"{url}/render", {"variables": {"n": "3"}}, (400, "prompts.invalid_variable")),
        (f"{url}/render", {"variables": {"n": 3, "m": 1}}, (400, "prompts.invalid_variable")),
        (f"{url}/render", {"variables": {"n": 10**400}}, (400, "prompts.invalid_variable")),
        (f"{url}/render", {"variables": {"n": {"a": []}}}, (400, "prompts.invalid_variable")),
        (f"{url}@2/render", {}, (404, "prompts.not_found")),
        (f"{PROMPTS}/no%2Fname/render", {}, (400, "config.invalid_value")),
        (f"{PROMPTS}/no%00name/render", {}, (400, "config.invalid_value")),
        (f"{PROMPTS}/nobody/render", {}, (404, "prompts.not_found")),
    )
    for path, body, expected in renders:
        assert code_of(await api.operator.post(path, json=body)) == expected, (path, body)
    for text, expected in (
        ("{{ a.b }}", (400, "prompts.invalid_template")),
        ("é" * 60_000, (413, "prompts.too_large")),
        ("+++\na" + ".a" * 9_000 + "=1\n+++\nx", (413, "prompts.too_large")),
    ):
        assert code_of(await api.operator.put(url, json={"text": text})) == expected
    both = {"agent": name, "prompt": "Hello.", "template": name}
    neither, alone = {"agent": name}, {"agent": name, "prompt": "Hello.", "variables": {"n": 3}}
    many = {"agent": name, "template": name, "variables": {f"v{n}": 1 for n in range(51)}}
    for body in (both, neither, alone, many):
        answer = await api.operator.post("/api/v1/runs", json=body)
        assert answer.json()["code"] in ("api.invalid_request", "config.unknown_agent"), answer.text
    for cursor in ("a/b", "\x00", "x" * 100):
        answer = await api.viewer.get(PROMPTS, params={"cursor": cursor})
        assert answer.status_code in (400, 422), answer.text


async def test_a_run_and_a_message_of_a_template(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name))
    model_server.always(say("Done."))
    await api.operator.put(f"{PROMPTS}/{name}", json={"text": TEXT})
    body = {"template": name, "variables": {"n": 3}}
    key = {"Idempotency-Key": "key-1"}
    runs = [
        await api.operator.post("/api/v1/runs", json={"agent": name, **body}, headers=key)
        for _ in range(2)
    ]
    assert [each.status_code for each in runs] == [201, 201], runs[0].text
    assert runs[0].json() == runs[1].json()
    card = (await api.operator.get(f"/api/v1/runs/{runs[0].json()['id']}")).json()
    assert (card["asked"], card["template"]["version"]) == ("Pay 3.", 1)

    talk = (await api.operator.post("/api/v1/conversations", json={"agent": name})).json()["id"]
    url = f"/api/v1/conversations/{talk}"
    receipt = await api.operator.post(f"{url}/messages", json=body)
    assert receipt.status_code == 202, receipt.text

    async def answered() -> bool:
        return len((await api.operator.get(url)).json()["messages"]) == 2

    await eventually(answered)
    assert (await api.operator.get(url)).json()["messages"][0]["content"] == "Pay 3."
    card = (await api.operator.get(f"/api/v1/runs/{talk}.1")).json()
    assert card["template"]["variables"] == {"n": 3}
    both = await api.operator.post(f"{url}/messages", json={"content": "x", **body})
    assert code_of(both)[1] == "api.invalid_request"
