"""A lost connection is logged once, then now and then, however often the SDK reports it."""

import logging
import time

import pytest

from harness.commons._outage import OutageFilter

LOST = (
    "[sdk_core::temporalio_client::retry] gRPC call poll_activity_task_queue retried 6 times "
    "{'error': 'Status { code: Unavailable, message: \"tcp connect error\" }'}"
)


def passed(outage: OutageFilter, *messages: str) -> list[str]:
    records = [
        logging.makeLogRecord({"msg": message, "levelno": logging.WARNING}) for message in messages
    ]
    return [record.getMessage() for record in records if outage.filter(record)]


def test_a_loss_is_one_line() -> None:
    outage = OutageFilter(every=3600)
    assert passed(outage, *[LOST] * 50) == ["Temporal does not answer; retrying"]
    assert outage.lost
    assert passed(outage, "something else") == ["something else"]
    assert outage.note_recovery() and not outage.lost and not outage.note_recovery()
    assert len(passed(outage, LOST, LOST)) == 1  # the next loss


def test_a_long_loss_is_repeated_with_what_was_kept_back() -> None:
    outage = OutageFilter(every=0)
    first, second = passed(outage, LOST, LOST)
    assert "still; 0 more" in second and "still" not in first


def test_what_was_kept_back_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter([10.0, 11.0, 12.0, 41.0, 42.0, 80.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(now))
    said = passed(OutageFilter(every=30), *[LOST] * 6)
    assert [line.partition(" (")[2] for line in said] == [
        "", "still; 2 more messages)", "still; 1 more messages)",
    ]  # fmt: skip
