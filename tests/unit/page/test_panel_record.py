"""What a panel must be to be shown."""

from __future__ import annotations

from typing import Any

import pytest

from harness.capabilities.checks import PANELS
from harness.contracts.panel import Panel, find_panel_fault

GOOD = Panel("notes", "Notes", module="notes.js")


def test_a_sound_panel() -> None:
    assert find_panel_fault(GOOD) is None
    assert PANELS.fits((GOOD, GOOD._replace(id="others", place="run", role="admin")))
    assert not PANELS.fits((GOOD, GOOD)), "two of one id"
    assert not PANELS.fits([GOOD]) and not PANELS.fits((GOOD, "notes")) and not PANELS.fits(5)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "../up"), ("id", ""), ("id", None), ("title", " "), ("title", "x" * 41),
        ("title", 5), ("module", "../other.js"), ("module", "deep/notes.js"),
        ("module", "notes.py"), ("module", "https://example.org/x.js"), ("module", ".js"),
        ("place", "nav"), ("icon", "<svg>"), ("role", "root"), ("role", None),
    ],
)  # fmt: skip
def test_a_panel_with_a_fault(field: str, value: Any) -> None:
    broken = GOOD._replace(**{field: value})
    assert field in (find_panel_fault(broken) or "")
    assert not PANELS.fits((broken,))
