"""Unknown content beside a sealed history never prevents reading it."""

from __future__ import annotations

import json

from harness.contracts.attempt import Attempt
from harness.history.reader import attempts_in

KNOWN = Attempt(
    run="r", run_id="e", activity="1", attempt=1, started=1, ended=2, who="here/1",
    kind="call_model", type="ValueError", message="no", retryable=True,
)  # fmt: skip


def test_attempts_of_a_newer_version_are_read_as_far_as_they_are_known() -> None:
    data = json.loads(KNOWN.wire())
    newer = json.dumps({**data, "shade": {"of": "blue"}}).encode()
    other = json.dumps({**data, "attempt": {"number": 1}}).encode()
    assert attempts_in((newer, other, b"\xff", b"[]", KNOWN.wire())) == (KNOWN, KNOWN)
