"""What commands show of restrictions that an untrusted harness.toml sets."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.command import Project

TEXT = """
[policies]
rules = [{ name = "none", decision = "deny" }]
[gates]
profile = "strict"
[limits.pools.heavy]
width = 1
[budgets.agents.calculator]
tokens_per_day = 5
"""


@pytest.fixture
def untrusted(kept_project: Project) -> Iterator[Project]:
    file = kept_project.folder / "harness.toml"
    file.write_text(TEXT)
    yield kept_project
    file.unlink()


def test_settings_that_restrict_and_do_not_count_are_named(untrusted: Project) -> None:
    shown = untrusted.command("limits")
    assert shown.code == 0
    assert "is not trusted, so nothing in its" in shown.err and "[limits]" in shown.err
    assert "harness trust" in shown.err and "configured" not in shown.err
    for words, section in ((("policy", "list"), "policies"), (("pools",), "limits")):
        last = untrusted.command(*words, "--json").last
        assert last["ignored"]["section"] == section
        assert "harness trust" in last["ignored"]["fix"]
