"""A small part of `make chaos` each time; the whole of it as a campaign."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.campaign import Campaign
from tests.chaos.checks import find_violations
from tests.chaos.faults import FAULTS
from tests.chaos.plan import make_plan
from tests.chaos.report import describe
from tests.fakes.model_server import ModelServer


@pytest.fixture
def base(options: dict[str, Any], model_server: ModelServer) -> dict[str, Any]:
    """Where the stack is; the campaign has providers of its own."""
    del model_server
    return {name: each for name, each in options.items() if name not in ("providers", "model")}


@pytest.mark.slow
async def test_a_few_runs_whose_providers_fail(base: dict[str, Any], tmp_path: Path) -> None:
    plan = make_plan(seed=3, runs=3, kills=1, tag=f"c{uuid.uuid4().hex[:8]}")
    campaign = Campaign(plan, base, tmp_path, patience_s=50)
    seen = await campaign.run()
    assert find_violations(seen) == [], describe(seen, campaign.grants)
    assert len(seen.killed) == 1


@pytest.mark.campaign
async def test_many_runs_whose_providers_fail(base: dict[str, Any], tmp_path: Path) -> None:
    plan = make_plan(seed=1, runs=50, kills=2, tag=f"c{uuid.uuid4().hex[:8]}")
    campaign = Campaign(plan, base, tmp_path)
    seen = await campaign.run()
    assert find_violations(seen) == [], describe(seen, campaign.grants)
    assert len(seen.killed) == 2
    dealt = {each.fault.name for each in seen.served if each.fault}
    assert dealt == {each.name for each in FAULTS}
