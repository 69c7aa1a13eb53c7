"""50 runs at once, against a model server that keeps books of its own over real sockets."""

from __future__ import annotations

from typing import Any

import pytest

from bench.budgets import PRICE, measure_runs
from harness import Harness
from tests.fakes.model_server import ModelServer

TOKENS, MICROS = 400_000, 3_000_000


@pytest.fixture
def options(options: dict[str, Any], name: str) -> dict[str, Any]:
    day = {"tokens_per_day": TOKENS, "cost_per_day": str(MICROS / 1e6)}
    prices = {"openai/spender": PRICE}
    return {**options, "prices": prices, "budgets": {"agents": {name: day}}}


@pytest.mark.campaign
async def test_nothing_is_spent_beyond_the_budget(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    measured = await measure_runs(harness, model_server, name, 50, (TOKENS, MICROS))
    print(measured)
    assert measured.charged <= TOKENS
    assert measured.charged_micros <= MICROS
    assert measured.counted == measured.booked == measured.charged
    assert measured.counted_micros == measured.charged_micros
    assert max(measured.charged / TOKENS, measured.charged_micros / MICROS) > 0.8
