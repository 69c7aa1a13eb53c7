"""The figures of `python -m bench.limits`: 50 runs, two workers, one of them killed."""

from __future__ import annotations

import pytest

from bench.limits import measure


@pytest.mark.campaign
async def test_a_shared_limit_is_used_and_not_exceeded() -> None:
    measured = await measure(minutes=3, runs=50, requests=400, tokens=200_000)
    assert measured.refused <= measured.calls / 100, measured
    assert max(measured.requests_used, measured.tokens_used) > 0.9, measured
    assert measured.most_requests <= 1, measured
    assert measured.most_tokens <= 1.01, measured
