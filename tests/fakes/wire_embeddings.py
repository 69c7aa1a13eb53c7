"""Embedding endpoints as the fake server speaks them. The script says the numbers, as JSON text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic_core import from_json

from tests.fakes import wire_gemini, wire_mistral, wire_ollama, wire_responses
from tests.fakes.steps import Fail, Frame, Say, json_text

Json = dict[str, Any]


class Wire:
    """One protocol: its answer to vectors, and its errors."""

    def __init__(self, shape: Callable[[list[Any]], Json], error_body: Callable[[Fail], Json]):
        self._shape = shape
        self.error_body = error_body

    def check(self, body: Json) -> Fail | None:
        """Refuse a body without texts."""
        texts = body.get("input") or body.get("inputs") or body.get("requests")
        return None if texts else Fail(400, "no input")

    def frames(self, say: Say, body: Json) -> list[Frame]:
        """The whole answer."""
        return [Frame(json_text(self._shape(from_json(say.text))).encode())]


def _openai(vectors: list[Any]) -> Json:
    data = [{"object": "embedding", "index": i, "embedding": v} for i, v in enumerate(vectors)]
    usage = {"prompt_tokens": 1, "total_tokens": 1, "completion_tokens": 0}
    # In another order, as the protocol allows.
    return {"object": "list", "id": "e", "data": data[::-1], "model": "m", "usage": usage}


EMBEDDINGS = {
    "openai": Wire(_openai, wire_responses.error_body),
    "mistral": Wire(_openai, wire_mistral.error_body),
    "ollama": Wire(lambda v: {"model": "m", "embeddings": v}, wire_ollama.error_body),
    "gemini": Wire(lambda v: {"embeddings": [{"values": x} for x in v]}, wire_gemini.error_body),
}
