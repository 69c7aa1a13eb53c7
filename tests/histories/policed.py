"""A run under a policy: nobody decides in time, and a question goes to others."""

from __future__ import annotations

from typing import Any

from harness import Agent, Harness, tool
from harness.config.settings import Settings, settings_model
from harness.sdk.handle import RunHandle
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import eventually
from tests.fakes.steps import call, say

RULES = [
    {"name": "soon", "decision": "ask", "tool": "note", "timeout": "0.2s",
     "arguments": {"to": "a"}},
    {"name": "up", "decision": "ask", "tool": "note", "timeout": "0.2s", "then": "escalate:admin",
     "whom": ["carl"], "arguments": {"to": "b"}},
]  # fmt: skip


@tool(effect="write")
def note(to: str) -> str:
    """Write a note."""
    return f"noted to {to}"


def make_settings(model: ModelServer) -> Settings:
    """The settings of the recorded runs; no tool of the others has this one's name."""
    provider = {"kind": "openai", "base_url": model.openai, "api_key": "none"}
    return settings_model().model_validate(
        {
            "model": "openai/gpt-5",
            "providers": {"openai": provider},
            "worker": {"graceful_shutdown_seconds": 0.5},
            "policies": {"rules": RULES},
        }
    )


async def policed(harness: Harness, model: ModelServer, name: str) -> RunHandle[Any]:
    """The first call is refused because nobody decides; the second is escalated and approved."""
    model.script(call("note", to="a"), call("note", to="b"), say("Noted."))
    run = await harness.start(Agent(name, tools=[note]), "Note it twice.", id=name)
    await eventually(run.pending, lambda found: any(p.ruling.lapsed for p in found if p.ruling))
    await run.approve()
    return run
