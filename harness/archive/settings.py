"""The settings of the archive."""

from __future__ import annotations

from pydantic import Field

from harness.config.settings import Section


class ArchiveSettings(Section):
    enabled: bool = True
    """Seal ended runs, so that they outlive Temporal's retention."""
    every_minutes: float = Field(default=10.0, gt=0, allow_inf_nan=False)
    """How often a worker looks for ended runs."""
    keep_days: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    """Days after which the content of a sealed run is deleted. Unset: kept. Its seal stays."""
