"""What a call costs, and what a model is known to do."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from harness.contracts.model import Candidate, ModelPlan, Usage
from harness.providers.catalog import KNOWN, describe_lack, find_known
from harness.providers.prices import AS_OF, OTHERS_AS_OF, PRICES, cost_micros


def test_the_table_has_dates() -> None:
    assert date.fromisoformat(AS_OF) <= date.fromisoformat(OTHERS_AS_OF)


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


def test_every_price_is_of_a_known_model() -> None:
    assert set(PRICES) <= set(KNOWN)
    for price in PRICES.values():
        assert 0 <= price.cached <= price.input <= price.output


def test_a_known_model_may_have_no_known_price() -> None:
    model = KNOWN["mistral/mistral-small-2603"]
    assert model.price is None
    assert cost_micros(model.ref, Usage(input=5)) is None
    assert "no known price" in str(_lack(model.ref, max_price=100.0))
    assert _lack(model.ref, requires=("vision",), min_context=200_000) is None


def test_models_of_groq_keep_the_name_of_who_made_them() -> None:
    usage = Usage(input=1_000_000, cached=400_000, output=100_000)
    assert cost_micros("groq/openai/gpt-oss-120b", usage) == 90_000 + 30_000 + 60_000
    assert "vision" in str(_lack("groq/openai/gpt-oss-120b", requires=("vision",)))


def _lack(model: str, **needs: Any) -> str | None:
    plan = ModelPlan(candidates=(Candidate(model=model),), **needs)
    return describe_lack(model, plan, None)


def test_what_a_model_lacks() -> None:
    assert _lack("openai/gpt-4.1", requires=("tools", "vision")) is None
    assert _lack("openai/gpt-4.1", requires=("reasoning",)) is not None
    assert "128000" in str(_lack("openai/gpt-4o-2024-11-20", min_context=200_000))
    assert _lack("some/model", requires=("reasoning", "vision"), min_context=10_000_000) is None
    assert find_known("anthropic/claude-haiku-4-5-20251001") is KNOWN["anthropic/claude-haiku-4-5"]
