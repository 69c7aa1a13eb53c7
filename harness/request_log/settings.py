"""The settings of the request log."""

from __future__ import annotations

import re
from datetime import timedelta

from pydantic import Field, field_validator

from harness.config.settings import Section

UNITS = {"h": "hours", "d": "days", "w": "weeks"}
_KEEP = re.compile(r"([1-9][0-9]{0,4})([hdw])")


class RequestLogSettings(Section):
    sample: float | None = Field(default=None, ge=0, le=1, allow_inf_nan=False)
    """The share of runs whose requests are recorded, from 0 to 1; requests that fail are recorded
    for every run. Unset: nothing is recorded."""
    keep: str = "14d"
    """How long: a number and h, d or w, such as 48h. Older entries are deleted."""
    max_entry_bytes: int = Field(default=262_144, ge=1_024, le=4_194_304)
    """How much one entry adds. Longer texts are shortened, with their length and digest."""
    max_total_bytes: int = Field(default=1_073_741_824, ge=1_048_576)
    """How much is kept; the oldest entries beyond it are deleted."""

    @field_validator("keep")
    @classmethod
    def _check_keep(cls, keep: str) -> str:
        read_keep(keep)
        return keep


def read_keep(text: str) -> timedelta:
    """Read a time such as 14d; raises ValueError."""
    match = _KEEP.fullmatch(text)
    if match is None:
        raise ValueError(f"{text[:40]!r} is not a time; write a number and h, d or w, such as 14d")
    return timedelta(**{UNITS[match[2]]: int(match[1])})
