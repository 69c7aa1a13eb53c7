"""Published agents as models."""

from __future__ import annotations

from typing import Any

from harness.store.agents import Publication


def describe_model(publication: Publication) -> dict[str, Any]:
    """The model that a published agent is to OpenAI's clients."""
    return {
        "id": publication.name,
        "object": "model",
        "created": int(publication.last),
        "owned_by": "harness",
    }
