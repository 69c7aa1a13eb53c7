"""A page of the activity log as CSV (RFC 4180)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence

from harness.activity.views import Act

COLUMNS = ("at", "kind", "by", "run", "subject", "detail", "id")
BREAKS = ("\t", "\r", "\n")
NOT_SEEN = r"""(?:[^\S\t\r\n]|["'\u200b-\u200f\u2060\ufeff])*"""
FORMULA = re.compile(rf"(^|[;\t\r\n])(?={NOT_SEEN}[=+@\-\uff1d\uff0b\uff20\uff0d])")
"""Where a cell would begin with a formula, also for a spreadsheet that separates cells by
semicolons or tabs, as those of many countries do."""


def write_csv(acts: Sequence[Act]) -> str:
    """Write acts with a line of names first."""
    out = io.StringIO(newline="")
    rows = csv.writer(out, lineterminator="\r\n", quoting=csv.QUOTE_ALL)
    rows.writerow(COLUMNS)
    for act in acts:
        values = act.model_dump(mode="json")
        rows.writerow([neutralize_cell(values[name]) for name in COLUMNS])
    return out.getvalue()


def neutralize_cell(value: str | None) -> str:
    """A cell that no spreadsheet takes for a formula: its text comes from models and people."""
    text = (value or "").replace("\0", "\ufffd")
    text = FORMULA.sub(r"\1'", text)
    return f"'{text}" if text.lstrip(" ").startswith(BREAKS) else text
