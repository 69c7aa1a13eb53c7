"""A few cases of a long list in every test run, and all of them among the slow tests."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def sampled(cases: Iterable[Any], every: int = 4) -> list[Any]:
    """The cases, all but each n-th one marked slow."""
    return [_later(case) if place % every else case for place, case in enumerate(cases)]


def _later(case: Any) -> Any:
    values = case if isinstance(case, tuple) else (case,)
    return pytest.param(*values, marks=pytest.mark.slow)
