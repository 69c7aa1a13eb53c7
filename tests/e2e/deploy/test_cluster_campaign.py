"""A small part of `make test-cluster`, where its Temporal server was compiled before."""

from __future__ import annotations

import asyncio

import pytest

from tests.cluster.build import find_build
from tests.cluster.campaign import KILLS, run_campaign


@pytest.mark.campaign
@pytest.mark.skipif(not find_build().is_complete, reason="make test-cluster compiles it")
def test_every_run_ends_right_and_every_reader_has_every_event() -> None:
    result = asyncio.run(run_campaign(14, print))
    assert result.problems == []
    assert set(result.kills) == set(KILLS)
    assert result.approved == 14
    assert result.undone == 7
