"""The official clients of both protocols, in node."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness import Agent, Ask, Harness, tool
from tests.fakes.model_server import ModelServer
from tests.fakes.npm import install_packages, run_node
from tests.fakes.runs import send
from tests.fakes.steps import Say, call, say
from tests.integration.api.conftest import Api

LETTER = {"to": "ann", "text": "hi"}


@tool(effect="read")
def ask_color() -> Ask:
    """Ask the user for a color."""
    return Ask("Which color?")


async def drive(api: Api, script: str, agent: str) -> dict[str, Any]:
    """What a script of ours prints, which drives the agent with an official client."""
    install_packages()
    code, out, err = await run_node(
        script, HARNESS_URL=api.daemon.url, HARNESS_TOKEN=api.tokens["operator"], AGENT=agent
    )
    assert code == 0, err
    return json.loads(out)


@pytest.mark.campaign
async def test_ag_ui_client(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name, tools=[send]))
    model_server.script(Say(text="I write.", calls=(("send", LETTER),)), say("Sent."), say("Bye."))
    told = await drive(api, "ag_ui.mjs", name)
    assert told["outcomes"] == ["interrupt", "success", "success"]
    assert (len(told["asked"]), told["left"]) == (1, 0)
    roles = [each["role"] for each in told["messages"]]
    assert roles == ["user", "assistant", "tool", "assistant", "user", "assistant"]
    wrote, result = told["messages"][1:3]
    assert wrote["content"] == "I write."
    assert [each["id"] for each in wrote["toolCalls"]] == [result["toolCallId"]]
    assert json.loads(wrote["toolCalls"][0]["function"]["arguments"]) == LETTER
    assert told["messages"][-1]["content"] == "Bye."


@pytest.mark.campaign
async def test_ai_sdk_chat(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name, tools=[send, ask_color]))
    model_server.script(
        Say(text="I write.", calls=(("send", LETTER),)), call("ask_color"), call("ask_color"),
        say("Blue and green."), call("send", to="bob", text="hi"), say("Not sent."),
    )  # fmt: skip
    told = await drive(api, "ai_sdk.mjs", name)
    asked, (question, again) = told["asked"], told["questions"]
    assert (asked["state"], asked["input"]) == ("approval-requested", LETTER)
    assert (question["toolName"], question["state"]) == ("ask_color", "input-available")
    assert (again["toolName"], again["state"]) == ("ask_color", "input-available")
    user, answer = told["answered"]
    assert user["role"] == "user" and answer["id"].endswith(".1")
    parts = [(each["type"], each.get("text") or each.get("output")) for each in answer["parts"]]
    assert parts == [
        ("step-start", None), ("text", "I write."), ("dynamic-tool", "sent 'hi' to ann"),
        ("step-start", None), ("dynamic-tool", "blue"),
        ("step-start", None), ("dynamic-tool", "green"),
        ("step-start", None), ("text", "Blue and green."),
    ]  # fmt: skip
    assert told["resumed"]["state"] == "approval-requested" and told["same"] and told["over"]
    # What is loaded is what the chat had, but for who approved what.
    assert told["loaded"][0] == {**user, "parts": [{"type": "text", "text": "Write to Ann."}]}
    assert [(each["type"], each.get("text") or each.get("output"))
            for each in told["loaded"][1]["parts"]] == parts  # fmt: skip
    assert [each["role"] for each in told["loaded"]] == ["user", "assistant", "user"]
    assert [each["id"] for each in told["ended"]] == [
        *(each["id"] for each in told["loaded"]), told["denied"]["id"],
    ]  # fmt: skip
    assert told["ended"][3]["parts"][1]["state"] == "output-denied"
    states = [each.get("state") for each in told["denied"]["parts"]]
    assert states == [None, "output-denied", None, "done"]
