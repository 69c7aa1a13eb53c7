"""Show, explain, test and switch policies: what commands and routes call. `by` is who asks."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from temporalio.service import RPCError, RPCStatusCode

from harness.api.caller import LOCAL, Caller, Role
from harness.contracts.errors import (
    HarnessError,
    NoPolicy,
    NotAllowed,
    RememberedNotFound,
)
from harness.contracts.ruling import describe_whom
from harness.contracts.tool import Effect
from harness.engine.connection import Connection, get_identity
from harness.engine.retry import run_not_found, unreachable_error
from harness.history import reader
from harness.policies.bounded import explain_bounded, read_bounded
from harness.policies.evaluate import PolicyCall
from harness.policies.load import Configured, load_policy
from harness.policies.past_runs import test_policy
from harness.policies.policy import Policy
from harness.policies.rows import Pin, Remembered
from harness.policies.settings import PoliciesSettings
from harness.policies.store import NONE, PolicyStore
from harness.policies.views import (
    ComparedRule,
    ExplainBody,
    Explanation,
    PolicyPin,
    PolicyTest,
    PolicyTestBody,
    PolicyView,
    RememberedApproval,
    RunPolicy,
)
from harness.runs.filter import RunFilter
from harness.runs.published import find_published


def read_configured(connection: Connection) -> Configured | None:
    """Read the policy that new runs of this project get; raises InvalidPolicy."""
    return load_policy(connection.settings.section(PoliciesSettings), connection.project)


def show_policy(connection: Connection) -> PolicyView:
    """Show the policy that new runs get."""
    configured = read_configured(connection)
    return PolicyView() if configured is None else _view_text(configured.policy.text)


async def explain_call(connection: Connection, body: ExplainBody) -> Explanation:
    """Say which rule decides about a call, and why those before it do not.

    Args:
        connection: The process's connection.
        body: The call.

    Returns:
        The decision.
    """
    configured = read_configured(connection)
    policy = configured.policy if configured else Policy()
    effect, assumed = body.effect, None
    if effect is None:
        effect, assumed = await _find_effect(connection, body.agent, body.tool)
    call = PolicyCall(
        tool=body.tool, effect=effect, arguments=body.arguments, agent=body.agent,
        owner=body.owner, session=body.session, cost=body.cost,
    )  # fmt: skip
    compared = await explain_bounded(policy.text, call) if policy.rules else []
    rule = policy.rules[compared[-1][0]] if compared and compared[-1][1] is None else None
    return Explanation(
        policy=policy.digest if configured else None,
        decision=rule.decision if rule else "function" if policy.function else "default",
        rule=rule.name if rule else None,
        whom=describe_whom(rule.whom) if rule and rule.decision == "ask" else None,
        reason=rule.reason if rule else None,
        effect=effect,
        assumed=assumed,
        compared=[
            ComparedRule(
                rule=policy.rules[place].name, decision=policy.rules[place].decision,
                fits=misfit is None, why=misfit,
            )
            for place, misfit in compared
        ],
    )  # fmt: skip


async def test_past_runs(
    connection: Connection, body: PolicyTestBody, *, by: Caller = LOCAL
) -> PolicyTest:
    """Compare a policy with what the newest runs did.

    Args:
        connection: The process's connection.
        body: The policy, and which runs to read.
        by: Who asks. Only admins test against the runs of others.

    Returns:
        The calls, and what the policy would have said.
    """
    policy = await read_bounded(body.policy)
    owner = None if by.role is Role.ADMIN else by.user
    chosen = RunFilter(agent=body.agent, session=body.session, owner=owner)
    return await test_policy(connection, policy, chosen, body.limit)


async def show_run_policy(connection: Connection, run: str) -> RunPolicy:
    """Show the policy of a run, and those that held before: its own, or of the nearest run above
    it that has one."""
    store = _open_store(connection)
    pins: list[Pin] = []
    for origin in [await _find_origin(connection, run), *await _find_above(connection, run)]:
        if pins := await store.list_pins(origin):
            break
    if not pins:
        return RunPolicy(policy=show_policy(connection), pins=[])
    newest = pins[0].digest
    return RunPolicy(
        policy=PolicyView() if newest == NONE else _view_text(await store.read_text(newest)),
        pins=[PolicyPin(digest=each.digest, by=each.by, at=each.at) for each in pins],
    )


async def switch_policy(
    connection: Connection, run: str, text: str | None, *, by: Caller = LOCAL
) -> RunPolicy:
    """Let another policy hold for a run, from its next tool call on. Questions that are open stay.

    Args:
        connection: The process's connection.
        run: The run's id.
        text: A policy file; None: no rule holds any more.
        by: Who switches it: an admin.

    Returns:
        The run's policies.

    Raises:
        InvalidPolicy: The text is malformed.
        NoPolicy: The project configures none, so that no worker would look for one.
        NotAllowed: The caller is not an admin.
    """
    if by.role is not Role.ADMIN:
        raise NotAllowed("Only admins switch the policy of a run.")
    if read_configured(connection) is None:
        raise NoPolicy("This project configures no policy, so no worker looks for one.")
    store = _open_store(connection)
    policy = None if text is None else await read_bounded(text)
    origin = await _find_origin(connection, run)
    digest = NONE if policy is None else await store.save_text(policy)
    await store.add_pin(origin, digest, get_identity() if by is LOCAL else by.user)
    return await show_run_policy(connection, run)


async def list_remembered(
    connection: Connection, session: str | None = None, *, by: Caller = LOCAL
) -> list[RememberedApproval]:
    """List remembered approvals, the newest first; of other users' runs for admins only."""
    rows = await _open_store(connection).list_remembered(session, _owner_of(by))
    return [_view_remembered(each) for each in rows]


async def revoke_remembered(
    connection: Connection, id: str, *, by: Caller = LOCAL
) -> RememberedApproval:
    """Revoke a remembered approval; raises RememberedNotFound."""
    row = await _open_store(connection).remove_remembered(id, _owner_of(by))
    if row is None:
        raise RememberedNotFound(f"No remembered approval has the id {id[:100]!r}.")
    return _view_remembered(row)


def _open_store(connection: Connection) -> PolicyStore:
    return PolicyStore(connection.database, connection.signing)


def _owner_of(by: Caller) -> str | None:
    return None if by.role is Role.ADMIN else by.user


def _view_text(text: str) -> PolicyView:
    data: dict[str, Any] = json.loads(text)
    rules = [{k: v for k, v in rule.items() if v != {}} for rule in data.get("rules", ())]
    function = data.get("function")
    return PolicyView(
        digest=hashlib.sha256(text.encode()).hexdigest(),
        rules=rules,
        function=function["name"] if function else None,
    )


def _view_remembered(row: Remembered) -> RememberedApproval:
    return RememberedApproval(
        id=row.id, session=row.session, tool=row.tool, arguments=row.names, rule=row.rule,
        by=row.by, run=row.run, call=row.call, at=row.at,
    )  # fmt: skip


async def _find_effect(connection: Connection, agent: str, tool: str) -> tuple[Effect, str | None]:
    """What a tool of a published agent changes; in doubt, something, and why that is assumed."""
    try:
        published = await find_published(connection, agent)
    except HarnessError as error:
        return "write", f"the agent is not known: {error.message}"
    if tool not in published.tools:
        tools = ", ".join(sorted(published.tools)) or "none"
        return "write", f"the agent {agent} has no tool {tool!r}; its tools: {tools}."
    return published.tools[tool].effect, None


async def _find_above(connection: Connection, run: str) -> tuple[str, ...]:
    spec = await reader.read_spec(connection, run)
    return spec.above.origins if spec and spec.above else ()


async def _find_origin(connection: Connection, run: str) -> str:
    try:
        described = await connection.temporal.get_workflow_handle(run).describe()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise run_not_found(run) from None
        raise unreachable_error(error) from error
    return described.raw_description.workflow_execution_info.first_run_id
