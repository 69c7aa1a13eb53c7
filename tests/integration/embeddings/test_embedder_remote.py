"""Embedders of providers: their real SDKs against a local server."""

from __future__ import annotations

import json
import math
from collections.abc import AsyncIterator

import pytest

from harness.config.settings import Settings
from harness.contracts.errors import ProviderError
from harness.embeddings.clients import make_embedder
from harness.embeddings.embedder import Embedder
from tests.fakes.asking import KEY, provider
from tests.fakes.fixtures import model_server
from tests.fakes.model_server import ModelServer
from tests.fakes.steps import Fail, Raw, Step, fail, say

__all__ = ["model_server"]

KINDS = ("openai", "gemini", "mistral", "ollama")


def vectors(*found: object) -> Step:
    return say(json.dumps(found), content_type="application/json")


@pytest.fixture(params=KINDS)
async def embedder(
    request: pytest.FixtureRequest, model_server: ModelServer
) -> AsyncIterator[Embedder]:
    settings = Settings(providers={"p": provider(model_server, request.param)})
    made = make_embedder(settings, "p/embed-1")
    yield made
    await made.close()


async def test_vectors_have_length_one(embedder: Embedder, model_server: ModelServer) -> None:
    model_server.script(vectors([3, 4], [0, -2]))
    first, second = await embedder.embed(["one", "two"], "query")
    assert [round(number, 6) for number in first] == [0.6, 0.8]
    assert list(second) == [0, -1]
    assert (embedder.name, embedder.dimension) == ("p/embed-1", 2)
    assert "one" in str(model_server.calls[0].body)


async def test_many_texts_are_sent_in_batches(
    embedder: Embedder, model_server: ModelServer
) -> None:
    def answer(body: dict[str, list[object]]) -> Step:
        texts = body.get("input") or body.get("inputs") or body["requests"]
        return vectors(*([len(texts), 0.5] for _ in texts))

    model_server.always(answer)
    found = await embedder.embed(["text"] * 40)
    assert len(found) == 40
    assert len(model_server.calls) == 3
    assert all(math.isclose(math.hypot(*each), 1, abs_tol=1e-6) for each in found)


FAILURES: list[tuple[Step, str]] = [
    (fail(401, f"Incorrect API key provided: {KEY}."), "authentication"),
    (fail(404), "not_found"),
    (fail(429, headers={"retry-after": "3"}), "rate_limit"),
    (fail(500), "server"),
    (Fail(503, body=b"busy"), "overloaded"),
    (vectors([1, 2], [1, 2]), "invalid_reply"),
    (vectors([0, 0]), "invalid_reply"),
    (vectors([]), "invalid_reply"),
    (vectors("abc"), "invalid_reply"),
    (Raw(b"<html>"), "invalid_reply"),
    (Raw(b"[]"), "invalid_reply"),
    (Raw(b"[" * 5_000_000), "too_large"),
]


@pytest.mark.parametrize(("step", "category"), FAILURES)
async def test_failures(
    embedder: Embedder, model_server: ModelServer, step: Step, category: str
) -> None:
    model_server.script(step)
    with pytest.raises(ProviderError) as caught:
        await embedder.embed(["one"])
    assert caught.value.code == f"provider.{category}", caught.value.message
    assert KEY not in caught.value.message
    assert len(model_server.calls) == 1


@pytest.mark.parametrize("kind", KINDS)
async def test_nobody_listens(kind: str, model_server: ModelServer) -> None:
    settings = provider(model_server, kind, base_url="http://127.0.0.1:1/v1")
    made = make_embedder(Settings(providers={"p": settings}), "p/embed-1")
    with pytest.raises(ProviderError) as caught:
        await made.embed(["one"])
    assert caught.value.code == "provider.network"
    await made.close()
