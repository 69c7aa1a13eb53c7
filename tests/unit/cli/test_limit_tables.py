"""What `harness limits` prints besides its table."""

from __future__ import annotations

from harness.cli.limits.limits import _call_rows, _describe_lower  # pyright: ignore
from harness.limits.views import Limit, LimitCall


def test_calls_that_wait_for_a_limit_are_listed() -> None:
    call = LimitCall(run="r-1", what="openai/gpt-5", seconds=2.0, priority=3)
    limit = Limit(kind="model", name="openai/gpt-5", waiting=1, queue=[call])
    assert _call_rows(limit) == [("openai/gpt-5", "waits", "openai/gpt-5", "r-1", "3", "2.0")]


def test_a_lower_limit_of_the_provider_is_named() -> None:
    limit = Limit(kind="model", name="one/a", requests_per_minute=10, reported_requests=3)
    told = "one/a: the provider reported 3 requests per minute (settings: 10); that holds."
    assert _describe_lower(limit) == told
    assert _describe_lower(limit.model_copy(update={"reported_requests": 10})) is None
