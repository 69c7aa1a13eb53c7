"""Trials of policies and gates over HTTP: who may try, and how much at once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from harness.gates import routes as gates
from harness.policies import routes as policies
from tests.integration.api.conftest import Api

POLICY = {"policy": '[[rules]]\ndecision = "deny"'}
TEST, EXPLAIN = "/api/v1/policy/test", "/api/v1/policy/explain"


async def test_viewers_try_no_policy_of_their_own(api: Api) -> None:
    assert (await api.viewer.post(TEST, json=POLICY)).status_code == 403
    assert (await api.operator.post(TEST, json=POLICY)).status_code == 200


async def test_nobody_tries_two_policies_at_once(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    gate, explain = asyncio.Event(), policies.client.explain_call

    async def wait(*given: Any) -> Any:
        await gate.wait()
        return await explain(*given)

    monkeypatch.setattr(policies.client, "explain_call", wait)
    call = {"agent": "a", "tool": "pay"}
    async with asyncio.TaskGroup() as group:
        tries = [group.create_task(api.viewer.post(EXPLAIN, json=call)) for _ in range(2)]
        (refused,), _ = await asyncio.wait(tries, return_when=asyncio.FIRST_COMPLETED)
        assert ((await refused).status_code, (await refused).json()["code"]) == (
            429, "api.too_many_calls",
        )  # fmt: skip
        gate.set()
    assert gates.GateTrials.most_each == 1
