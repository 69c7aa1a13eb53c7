"""Who sends signals and starts runs, as Temporal shows it."""

from __future__ import annotations

import os

import pytest

from harness.engine.connection import get_identity


@pytest.fixture(autouse=True)
def _fresh() -> None:
    get_identity.cache_clear()


def test_a_user_of_a_container_without_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where each namespace has user ids of its own: none has an entry in /etc/passwd."""
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 3_000_000_017)
    assert get_identity().startswith("3000000017@")
    get_identity.cache_clear()
