"""The time that a page of acts covers, as parameters of SQL."""

from __future__ import annotations

import math
from typing import Any

from harness.activity.merge import MOST_ITEMS

SLACK_S = 0.001
"""Temporal's index may round times: a source reads this much more."""


def window_of(before: float, since: float) -> dict[str, Any]:
    """The parameters `since`, `before` and `limit` of a statement."""
    return {
        "since": max(since, 0.0),
        "before": None if math.isinf(before) else before + SLACK_S,
        "limit": MOST_ITEMS,
    }
