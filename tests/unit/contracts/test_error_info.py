"""Errors as data, and back."""

from __future__ import annotations

import pytest

from harness.contracts.errors import RunFailed, ToolUnavailable, from_info


def test_an_error_survives_the_trip_through_data() -> None:
    error = ToolUnavailable("The line is busy.", fix="Wait.", retry_after=7.5)
    made = from_info(error.info)
    assert type(made) is ToolUnavailable
    assert (made.message, made.fix, made.retry_after) == ("The line is busy.", "Wait.", 7.5)
    assert made.info == error.info


@pytest.mark.parametrize("retry_after", [None, 7.5])
def test_an_unknown_error_keeps_all_it_carries(retry_after: float | None) -> None:
    info = ToolUnavailable("Busy.", fix="Wait.", retry_after=retry_after).info
    made = from_info(info.model_copy(update={"code": "later.invented"}))
    assert type(made) is RunFailed
    assert (made.message, made.fix) == ("Busy. [later.invented]", "Wait.")
    assert made.retry_after == retry_after
