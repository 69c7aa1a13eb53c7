"""A failure of live text is never silent."""

from __future__ import annotations

import asyncio

import pytest

from harness.history.follow import live_only


def test_the_end_of_live_text_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with live_only("r1"):
        raise ValueError("no such row")
    (record,) = caplog.records
    assert record.getMessage() == "live text of run r1 failed; following its events only"
    assert "no such row" in caplog.text


def test_leaving_is_not_logged_as_a_failure(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(asyncio.CancelledError), live_only("r1"):
        raise asyncio.CancelledError
    assert not caplog.records
