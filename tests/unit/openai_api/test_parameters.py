"""Which parameters are ignored, accepted and refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.contracts.errors.openai_api import UnsupportedParameter
from harness.openai_api.parameters import IGNORED, REFUSED, check_parameters

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "openai-clients.md"


def test_what_asks_for_nothing_is_accepted() -> None:
    check_parameters(None)
    check_parameters(dict.fromkeys([*IGNORED, *REFUSED, "unknown"]))
    for name, (values, _) in REFUSED.items():
        for value in values:
            check_parameters({name: value})
    check_parameters({"text": {"format": {"type": "text"}, "verbosity": "low"}})


@pytest.mark.parametrize("name", [*REFUSED, "unknown", "text"])
def test_what_asks_for_more_is_refused(name: str) -> None:
    for value in ("x", ["x"], {"x": 1}, 7):
        with pytest.raises(UnsupportedParameter):
            check_parameters({name: value})


def test_the_page_names_every_parameter() -> None:
    page = PAGE.read_text("utf-8")
    penalties = {"frequency_penalty", "presence_penalty"}  # "penalties"
    names = [*IGNORED - penalties, *REFUSED]
    assert [name for name in names if f"`{name}`" not in page] == []
