"""Ask any provider's adapter through the plan, against the fake model server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from harness.config.settings import ProviderSettings, Settings
from harness.contracts.message import Message, user_message
from harness.contracts.model import Candidate, ModelParams, ModelPlan, ModelRequest
from harness.contracts.tool import ToolSpec
from harness.interceptors import Caller
from harness.providers.plan import Answer, Models
from tests.fakes.model_server import ModelServer

KEY = "sk-conformance-0123456789"
KINDS = ("openai", "anthropic", "chat", "gemini", "groq", "mistral", "ollama")


def _later(*later: str) -> list[Any]:
    return [pytest.param(k, marks=[pytest.mark.slow] if k in later else []) for k in KINDS]


EVERY_KIND = _later("groq", "mistral")
"""All kinds, for tests over a real socket: two that share the reader of `chat` are for later."""
HOSTILE_KINDS = _later("groq", "mistral", "gemini")
"""The same, for what all readers of server-sent events share."""
WHOLE_CALLS = ("gemini", "ollama")
"""Kinds whose protocol carries the arguments of a call as one object, never as text."""

ADD = ToolSpec(
    name="add",
    description="Add two integers.",
    parameters={
        "type": "object",
        "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
        "required": ["a", "b"],
        "additionalProperties": False,
    },
)


def provider(server: ModelServer, kind: Any, **more: Any) -> ProviderSettings:
    """Settings of a provider of this kind at the fake server."""
    url = server.base_url(kind)
    return ProviderSettings(**{"kind": kind, "base_url": url, "api_key": KEY, **more})


@dataclass
class Asker:
    """One provider, called `p`, and what was heard from it."""

    models: Models
    kind: str
    heard: list[str] = field(default_factory=list[str])

    async def ask(
        self,
        messages: Sequence[Message] = (user_message("hello"),),
        *,
        instructions: str = "Be brief.",
        tools: tuple[ToolSpec, ...] = (),
        params: ModelParams | None = None,
        output: dict[str, Any] | None = None,
        model: str = "p/model-1",
    ) -> Answer:
        candidates = (Candidate(model=model, params=params),)
        request = ModelRequest(
            model="model-1",
            instructions=instructions,
            messages=tuple(messages),
            tools=tools,
            output=output,
        )
        plan = ModelPlan(candidates=candidates)
        return await self.models.answer(
            CALLER, candidates, plan, request, self.heard.append, _ignore
        )


CALLER = Caller(run="run-1", origin="origin-1", agent="agent-1", turn=1)


def _ignore(model: str) -> None:
    """Nobody shows the text of this call."""


def asker(server: ModelServer, kind: str, **more: Any) -> Asker:
    settings = Settings(providers={"p": provider(server, kind, **more)})
    return Asker(Models(settings), kind)
