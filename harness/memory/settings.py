"""The settings of memory."""

from __future__ import annotations

from pydantic import Field

from harness.config.settings import Section
from harness.embeddings.clients import DEFAULT_EMBEDDER


class MemorySettings(Section):
    most: int = Field(default=100_000, ge=1, le=10_000_000)
    """How many memories one owner may have, including those that were replaced or forgotten."""
    half_life_days: float = Field(default=90.0, gt=0, le=36_500, allow_inf_nan=False)
    """After this time, a memory that nothing refreshed counts half as recent when memories are
    ranked."""
    embedder: str = DEFAULT_EMBEDDER
    """What turns memories into vectors, as provider/model. If it is empty, or not installed,
    memories are found by their words alone."""
