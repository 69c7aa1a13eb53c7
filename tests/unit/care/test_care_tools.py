"""The tools of the agent of care: one that cannot be undone would stop the undo of a bad change."""

from __future__ import annotations

from harness.care.repair.agent import make_care_agent


def test_all_that_writes_can_be_undone() -> None:
    writing = [tool for tool in make_care_agent().tools.values() if tool.policy.effect == "write"]
    assert len(writing) > 4
    assert [tool.spec.name for tool in writing if tool.hooks.undo is None] == []
