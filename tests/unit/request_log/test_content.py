"""What is stored of a text: nothing secret, and not too much."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from harness.commons.redact import forget_secrets, register_secrets
from harness.request_log.content import SLACK, Shortener
from harness.request_log.interceptor import is_sampled
from harness.request_log.settings import RequestLogSettings

SECRET = "correct horse battery staple"  # nosec B105 - a made-up one


@pytest.mark.parametrize("before", [0, 90, 99, 100, 120, 100 + SLACK - 10, 100 + SLACK + 5])
def test_no_part_of_a_secret_stays_at_the_cut(before: int) -> None:
    register_secrets([SECRET])
    try:
        text = f"{'x' * before}{SECRET}{'y' * 2 * SLACK}"
        short = Shortener(100).shorten(text)
    finally:
        forget_secrets([SECRET])
    assert "corr" not in short
    assert len(short) < 200


def test_many_secrets_do_not_move_the_cut() -> None:
    register_secrets([SECRET])
    try:
        short = Shortener(20_000).shorten(f"{SECRET} " * 5_000 + "y" * SLACK)
    finally:
        forget_secrets([SECRET])
    assert "corr" not in short


def test_values_are_bounded() -> None:
    wide = {str(n): list(range(100)) for n in range(1_000)}
    for value in (wide, ["x" * 10] * 10_000, {"k" * 10_000: "v"}, ["\0" * 900] * 9):
        assert len(repr(Shortener(1_000).shorten(value))) < 8_000
    assert Shortener(1_000).shorten({"token": "abc", "n": 1.5, "on": True, "no": None}) == {
        "token": "***", "n": 1.5, "on": True, "no": None,
    }  # fmt: skip


def test_runs_are_sampled_as_a_whole() -> None:
    runs = [f"run-{n}" for n in range(2_000)]
    assert 0.2 < sum(is_sampled(run, 0.25) for run in runs) / 2_000 < 0.3
    assert all(is_sampled(run, 1.0) for run in runs)
    assert not any(is_sampled(run, 0.0) for run in runs)


@pytest.mark.parametrize(
    "given",
    [{"sample": 1.1}, {"sample": float("nan")}, {"keep": "14"}, {"keep": "0d"}, {"keep": "1m"},
     {"keep": "999999w"}, {"max_entry_bytes": 0}, {"max_total_bytes": 1}],
)  # fmt: skip
def test_wrong_settings(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        RequestLogSettings.model_validate(given)
