"""The routes of policies."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from harness.api.caller import Role
from harness.api.context import CallerOf, Context, PathText, VisibleRun
from harness.api.route import Route
from harness.api.slots import Slots
from harness.policies import client
from harness.policies.views import (
    ExplainBody,
    Explanation,
    PolicyTest,
    PolicyTestBody,
    PolicyView,
    RememberedApproval,
    RememberedList,
    RunPolicy,
    SwitchBody,
)


class PolicyTrials(Slots):
    """Policies that are compared with calls: each takes a processor core."""

    what = "trials of policies"
    most = 2
    most_each = 1


Session = Annotated[str | None, Query(max_length=200)]


async def show_policy(context: Context) -> PolicyView:
    """Read the policy that new runs get."""
    return client.show_policy(context.connection)


async def explain_call(body: ExplainBody, context: Context, caller: CallerOf) -> Explanation:
    """Say which rule decides about a call; the call is not made."""
    with context.parts.find(PolicyTrials, PolicyTrials).take(caller):
        return await client.explain_call(context.connection, body)


async def test_policy(body: PolicyTestBody, context: Context, caller: CallerOf) -> PolicyTest:
    """Compare a policy with what past runs did."""
    with context.parts.find(PolicyTrials, PolicyTrials).take(caller):
        return await client.test_past_runs(context.connection, body, by=caller)


async def list_remembered(
    context: Context, caller: CallerOf, session: Session = None
) -> RememberedList:
    """List remembered approvals, which also allow later calls."""
    found = await client.list_remembered(context.connection, session, by=caller)
    return RememberedList(remembered=found)


async def revoke_remembered(
    remembered: PathText, context: Context, caller: CallerOf
) -> RememberedApproval:
    """Revoke a remembered approval: the next such call asks again."""
    return await client.revoke_remembered(context.connection, remembered, by=caller)


async def show_run_policy(run: VisibleRun, context: Context) -> RunPolicy:
    """Read the policy of a run, and those that held before."""
    return await client.show_run_policy(context.connection, run)


async def switch_policy(
    body: SwitchBody, run: VisibleRun, context: Context, caller: CallerOf
) -> RunPolicy:
    """Let another policy hold for a run, from its next tool call on."""
    return await client.switch_policy(context.connection, run, body.policy, by=caller)


ROUTES = (
    Route("GET", "/policy", show_policy, Role.VIEWER),
    Route("POST", "/policy/explain", explain_call, Role.VIEWER),
    Route("POST", "/policy/test", test_policy, Role.OPERATOR),
    Route("GET", "/policy/remembered", list_remembered, Role.VIEWER),
    Route("DELETE", "/policy/remembered/{remembered}", revoke_remembered, Role.OPERATOR),
    Route("GET", "/runs/{run}/policy", show_run_policy, Role.VIEWER),
    Route("PUT", "/runs/{run}/policy", switch_policy, Role.ADMIN),
)
