"""A small part of `make streams`: what readers depend on is killed under them."""

from __future__ import annotations

import asyncio

import pytest

from tests.streams.campaign import KINDS, Plan, run_campaign


@pytest.mark.campaign
def test_every_reader_gets_every_event_once() -> None:
    result = asyncio.run(run_campaign(Plan(readers=50, runs=10, kills=2 * len(KINDS), seed=1)))
    assert result.problems == []
    assert set(result.kills) == set(KINDS)
    assert result.breaks > 50
