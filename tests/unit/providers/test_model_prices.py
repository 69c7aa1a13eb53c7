"""What a call costs, and what a model is known to do."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from harness.contracts.model import Candidate, ModelPlan, Usage
from harness.providers.catalog import KNOWN, describe_lack, find_known
from harness.providers.prices import AS_OF, PRICES, cost_micros


def test_the_table_has_a_date() -> None:
    assert date.fromisoformat(AS_OF)


def test_each_kind_of_token_has_its_price() -> None:
    usage = Usage(input=1000, output=100, cached=400, cache_write=200)
    # claude-sonnet-4-6: 3 plain, 0.30 read, 3.75 written, 15 out
    cost = 400 * 3 + 400 * 0.3 + 200 * 3.75 + 100 * 15
    assert cost_micros("anthropic/claude-sonnet-4-6", usage) == round(cost)


@pytest.mark.parametrize("ref", ["openai/gpt-5-2025-08-07", "openai/gpt-5-latest", "openai/gpt-5"])
def test_a_dated_model_costs_the_same(ref: str) -> None:
    assert cost_micros(ref, Usage(input=1_000_000)) == 1_250_000


def test_more_cached_than_there_was_is_no_refund() -> None:
    usage = Usage(input=10, cached=1_000_000)
    assert cost_micros("anthropic/claude-sonnet-4-6", usage) == 300_000


def test_unknown_and_free() -> None:
    assert cost_micros("openai/gpt-99", Usage(input=5)) is None
    assert cost_micros("ollama/llama3.3:70b", Usage(input=5)) is None
    assert cost_micros("offline/demo", Usage(input=5, output=5)) == 0


def test_every_known_model_has_a_price() -> None:
    assert set(KNOWN) == set(PRICES)
    for model in KNOWN.values():
        assert model.price is not None
        assert 0 <= model.price.cached <= model.price.input <= model.price.output


def _lack(model: str, **needs: Any) -> str | None:
    plan = ModelPlan(candidates=(Candidate(model=model),), **needs)
    return describe_lack(model, plan, None)


def test_what_a_model_lacks() -> None:
    assert _lack("openai/gpt-4.1", requires=("tools", "vision")) is None
    assert _lack("openai/gpt-4.1", requires=("reasoning",)) is not None
    assert "128000" in str(_lack("openai/gpt-4o-2024-11-20", min_context=200_000))
    assert _lack("some/model", requires=("reasoning", "vision"), min_context=10_000_000) is None
    assert find_known("anthropic/claude-haiku-4-5-20251001") is KNOWN["anthropic/claude-haiku-4-5"]
