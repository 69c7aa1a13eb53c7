"""Which limits a call must keep, and what the settings and providers may say."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from harness.contracts.errors import InvalidAgent, InvalidValue
from harness.contracts.model import MAX_TOKENS, Rates
from harness.limits.quota import Quota, find_model_quotas, find_pool_quota, list_quotas
from harness.limits.settings import LimitsSettings
from harness.providers.rates import read_rates
from harness.runs.start_request import check_priority

GIVEN = {
    "models": {"openai/gpt-5": {"requests_per_minute": 5}, "openai/free": {}},
    "providers": {"openai": {"tokens_per_minute": 7, "max_concurrent": 2}},
    "pools": {"browser": {"width": 4}},
}


def test_a_call_keeps_the_limits_of_its_model_and_provider() -> None:
    settings = LimitsSettings.model_validate(GIVEN)
    model = Quota(kind="model", name="openai/gpt-5", requests=5)
    provider = Quota(kind="provider", name="openai", tokens=7, width=2)
    assert find_model_quotas(settings, "openai/gpt-5") == (model, provider)
    assert find_model_quotas(settings, "openai/free") == (provider,)
    assert find_model_quotas(settings, "anthropic/claude") == ()
    pool = Quota(kind="pool", name="browser", width=4)
    assert find_pool_quota(settings, "browser") == pool
    assert find_pool_quota(settings, "other") is None
    assert list_quotas(settings) == (model, provider, pool)


@pytest.mark.parametrize(
    "given",
    [
        {"models": {"gpt-5": {}}},
        {"models": {"openai/gpt 5": {}}},
        {"models": {"openai/gpt-5": {"requests_per_minute": 0}}},
        {"models": {"openai/gpt-5": {"tokens_per_minute": 10**12}}},
        {"models": {"openai/gpt-5": {"requests_per_second": 1}}},
        {"providers": {"open ai": {}}},
        {"pools": {"browser": {}}},
        {"pools": {"browser": {"width": 0}}},
        {"pools": {"": {"width": 1}}},
        {"wait_seconds": float("nan")},
        {"wait_seconds": 301},
    ],
)
def test_wrong_settings(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        LimitsSettings.model_validate(given)


def test_headers_of_providers() -> None:
    openai = {
        "x-ratelimit-limit-requests": "500", "x-ratelimit-remaining-requests": "499",
        "x-ratelimit-limit-tokens": "30000", "x-ratelimit-remaining-tokens": "29000",
    }  # fmt: skip
    anthropic = {
        "anthropic-ratelimit-requests-limit": "50", "anthropic-ratelimit-tokens-remaining": "0",
    }  # fmt: skip
    expected = Rates(requests=500, requests_left=499, tokens=30_000, tokens_left=29_000)
    assert read_rates(openai) == expected
    assert read_rates(anthropic) == Rates(requests=50, tokens_left=0)
    assert read_rates({"content-type": "text/event-stream"}) is None


def test_a_limit_of_zero_on_an_answer_is_ignored() -> None:
    none = {"x-ratelimit-limit-requests": "0", "x-ratelimit-remaining-requests": "0"}
    assert read_rates(none) is None
    assert read_rates({**none, "x-ratelimit-limit-tokens": "9"}) == Rates(tokens=9)


@pytest.mark.parametrize("text", ["", "-1", "1.5", "many", "9" * 5_000, "١٢", "0x10", "1e9"])
def test_malformed_headers_are_ignored(text: str) -> None:
    assert read_rates({"x-ratelimit-limit-tokens": text}) is None


def test_figures_are_bounded() -> None:
    found = read_rates({"x-ratelimit-limit-tokens": "9" * 13})
    assert found == Rates(tokens=MAX_TOKENS)


@pytest.mark.parametrize("priority", [0, 6, -1, True, 2.0, "1"])
def test_a_priority_is_from_1_to_5(priority: object) -> None:
    with pytest.raises(InvalidValue, match="priority"):
        check_priority(priority)


@pytest.mark.parametrize("pool", ["", "a b", "x" * 65, 7])
def test_names_of_pools(pool: Any) -> None:
    from harness import tool

    with pytest.raises(InvalidAgent, match="pool"):

        @tool(pool=pool)
        def act() -> None:
            """Act."""

    with pytest.raises(InvalidAgent, match="inline"):

        @tool(effect="read", inline=True, pool="browser")
        def look() -> None:
            """Look."""
