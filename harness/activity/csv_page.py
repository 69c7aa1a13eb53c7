"""A page of the activity log as CSV (RFC 4180)."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from harness.activity.views import Act

COLUMNS = ("at", "kind", "by", "run", "subject", "detail", "id")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def write_csv(acts: Sequence[Act]) -> str:
    """Write acts with a line of names first."""
    out = io.StringIO(newline="")
    rows = csv.writer(out, lineterminator="\r\n")
    rows.writerow(COLUMNS)
    for act in acts:
        values = act.model_dump(mode="json")
        rows.writerow([_neutralize(values[name]) for name in COLUMNS])
    return out.getvalue()


def _neutralize(value: str | None) -> str:
    """A cell that no spreadsheet takes for a formula: its text comes from models and people."""
    text = (value or "").replace("\0", "\ufffd")
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text
