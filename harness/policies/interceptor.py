"""Apply the run's policy to each tool call of a worker."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import Any, cast

from pydantic_core import to_jsonable_python

from harness.contracts.errors import CallDenied, HarnessError
from harness.contracts.message import ToolResult
from harness.contracts.ruling import Decider, Ruling, describe_whom, fits_whom
from harness.contracts.tool import RunTool, ToolOutcome
from harness.engine.connection import Connection
from harness.interceptors import Caller, NextTool, ToolInterceptor, ToolUse
from harness.policies.evaluate import PolicyCall, find_rule
from harness.policies.function import ask_function
from harness.policies.load import Configured, load_policy
from harness.policies.policy import Policy, PolicyRule
from harness.policies.rows import Remembered
from harness.policies.settings import PoliciesSettings
from harness.policies.store import NONE, PolicyStore, digest_values

MOST_CACHED = 100


def make_interceptor(connection: Connection) -> ToolInterceptor:
    """Make what stands around each tool call of a worker process. Raises InvalidPolicy: a worker
    without its policy must not start."""
    settings = connection.settings.section(PoliciesSettings)
    configured = load_policy(settings, connection.project)
    store = PolicyStore(connection.database, connection.signing)
    return PolicyInterceptor(configured, store, connection.temporal.namespace)


class PolicyInterceptor:
    """Lets tool calls through, refuses them or asks people, as the policy of their run says."""

    def __init__(self, configured: Configured | None, store: PolicyStore, namespace: str) -> None:
        self._configured = configured
        self._store = store
        self._namespace = namespace
        self._policies: OrderedDict[str, Policy] = OrderedDict()

    async def call_tool(self, use: ToolUse, next: NextTool) -> ToolOutcome:
        # With `happened` nothing runs: the ledger records what a person knows.
        if self._configured is None or use.request.happened is not None:
            return await next(use)
        digest, rule = await self._find_rule(use)
        if rule is None:
            return await next(use)
        ruling = rule.rule_on(digest)
        if rule.decision == "deny":
            return _deny_call(use.request, rule.reason or "no reason is given", ruling)
        if rule.decision == "allow":
            passed = _approve_use(use) if rule.override else use
            return await _note_ruling(next, passed, ruling)
        return await self._ask(use, next, rule, ruling)

    async def check_edit(self, use: ToolUse) -> None:
        """Refuse an edit that a rule denies, or about which it asks others."""
        if self._configured is None:
            return
        digest, rule = await self._find_rule(use)
        if rule is None or rule.decision == "allow":
            return
        if rule.decision == "deny":
            raise CallDenied(_describe_denial(rule.reason or "", rule.rule_on(digest)))
        if not _is_decider(use.request.decider, rule):
            raise CallDenied(
                f"Rule {rule.name} asks {describe_whom(rule.whom)} about the edited call."
            )

    async def _find_rule(self, use: ToolUse) -> tuple[str, PolicyRule | None]:
        """Return the digest of the run's policy, and the rule that fits the call."""
        digest, policy = await self._find_policy(use.caller)
        call = describe_call(use)
        rule = find_rule(policy.rules, call)
        if rule is not None or policy.function is None:
            return digest, rule
        configured = self._configured
        if configured is None or configured.function is None:
            return digest, _ask_without(policy.function.name)
        if configured.policy.function != policy.function:
            return digest, _ask_without(policy.function.name)
        return digest, await ask_function(configured.function, call)

    async def _find_policy(self, caller: Caller) -> tuple[str, Policy]:
        """Return the policy that the run is pinned to, or else the nearest run above it. The run at
        the top is pinned to today's with the first call of the family."""
        assert self._configured is not None
        origins = (caller.origin, *(caller.above.origins if caller.above else ()))
        pin = await self._store.find_nearest_pin(origins)
        if pin is None:
            digest = await self._store.save_policy(self._configured.policy)
            pin = await self._store.pin_first(origins[-1], digest)
        if pin.digest == NONE:
            return NONE, Policy()
        known = self._policies.get(pin.digest)
        if known is None:
            known = await self._store.find_policy(pin.digest)
            self._policies[pin.digest] = known
            if len(self._policies) > MOST_CACHED:
                self._policies.popitem(last=False)
        return pin.digest, known

    async def _ask(
        self, use: ToolUse, next: NextTool, rule: PolicyRule, ruling: Ruling
    ) -> ToolOutcome:
        request, decider = use.request, use.request.decider
        if request.approved and _is_decider(decider, rule):
            if decider is not None and decider.remember is not None and rule.remember:
                await self._remember(use, decider, ruling)
            return await _note_ruling(next, use, ruling)
        if decider is not None and decider.lapsed and rule.timeout is not None:
            lapsed = ruling.model_copy(update={"lapsed": True, "wait_s": None})
            return await _apply_lapse(use, next, rule, lapsed)
        if rule.remember and (found := await self._find_remembered(use, ruling)) is not None:
            allowed = ruling.model_copy(update={"decision": "allow", "remembered": found.id})
            return await _note_ruling(next, _approve_use(use), allowed)
        return _ask_people(rule, ruling)

    async def _remember(self, use: ToolUse, decider: Decider, ruling: Ruling) -> None:
        arguments = describe_call(use).arguments
        names = _choose_names(decider, arguments)
        caller, call = use.caller, use.request.call
        place = f"{caller.origin}/{caller.turn}/{call.id}/{use.request.ordinal or 1}"
        await self._store.add_remembered(
            Remembered(
                id=f"rem-{digest_values({'place': place}, ['place'])[:20]}",
                scope=self._scope_of(caller),
                session=caller.top_session,
                owner=caller.owner,
                tool=call.name,
                names=names,
                digest=digest_values(arguments, names),
                rule=ruling.rule,
                policy=ruling.policy,
                by=decider.by,
                run=caller.run,
                call=call.id,
                at=0.0,
            )
        )

    async def _find_remembered(self, use: ToolUse, ruling: Ruling) -> Remembered | None:
        """Find an approval under the same rule of the same policy that reaches this call."""
        kept = await self._store.find_remembered(self._scope_of(use.caller), use.tool)
        same = [e for e in kept if (e.rule, e.policy) == (ruling.rule, ruling.policy)]
        arguments = describe_call(use).arguments if same else {}
        return next((e for e in same if digest_values(arguments, e.names) == e.digest), None)

    def _scope_of(self, caller: Caller) -> str:
        session = caller.top_session
        kind, id = ("run", caller.origin) if session is None else ("session", session)
        return f"{self._namespace}/{caller.owner or ''}/{kind}/{id}"


def describe_call(use: ToolUse) -> PolicyCall:
    """Describe a call as rules see it."""
    above = use.caller.above
    given: Any = to_jsonable_python(dict(use.given), fallback=str, bytes_mode="base64")
    cost = (use.request.cost_micros or 0) + (above.cost_micros or 0 if above else 0)
    return PolicyCall(
        tool=use.tool,
        effect=use.policy.effect,
        arguments=cast("dict[str, Any]", given),
        agent=use.caller.agent,
        owner=use.caller.owner,
        session=use.caller.top_session,
        cost=cost / 1e6,
    )


def _choose_names(decider: Decider, arguments: dict[str, Any]) -> list[str]:
    """Which arguments of later calls have to be equal. A name that is no argument would be equal in
    every call: then all have to be."""
    wanted = decider.remember
    if wanted is None or wanted is True or not arguments.keys() >= set(wanted):
        return sorted(arguments)
    return sorted(set(wanted))


def _is_decider(decider: Decider | None, rule: PolicyRule) -> bool:
    """Whether the person who allowed the call is one whom the rule asks, now or at its end."""
    if decider is None or decider.lapsed:
        return False
    whom = (*rule.whom, rule.escalates_to) if rule.whom and rule.escalates_to else rule.whom
    return fits_whom([each for each in whom if each], decider.by, decider.role)


async def _apply_lapse(
    use: ToolUse, next: NextTool, rule: PolicyRule, ruling: Ruling
) -> ToolOutcome:
    if rule.then == "allow":
        return await _note_ruling(next, _approve_use(use), ruling)
    if rule.escalates_to is None:
        return _deny_call(use.request, f"nobody decided within {rule.timeout}", ruling)
    whom = (*rule.whom, rule.escalates_to) if rule.whom else (rule.escalates_to,)
    return _ask_people(rule, ruling.model_copy(update={"whom": whom}))


def _ask_people(rule: PolicyRule, ruling: Ruling) -> ToolOutcome:
    late = f" Nobody decided within {rule.timeout}." if ruling.lapsed else ""
    why = f" {rule.reason}" if rule.reason else ""
    asked = f"Rule {rule.name} asks {describe_whom(ruling.whom)}.{late}{why}"
    return ToolOutcome(need="approval", reason=asked, ruling=ruling)


def _deny_call(request: RunTool, why: str, ruling: Ruling) -> ToolOutcome:
    error: HarnessError = CallDenied(_describe_denial(why, ruling))
    call = request.call
    result = ToolResult(call=call.id, name=call.name, content=error.message, error=True)
    return ToolOutcome(result=result, failure=error.info, ruling=ruling)


def _describe_denial(why: str, ruling: Ruling) -> str:
    return f"The policy's rule {ruling.rule} denies this call{f': {why}' if why else ''}"


def _approve_use(use: ToolUse) -> ToolUse:
    return replace(use, request=use.request.model_copy(update={"approved": True}))


async def _note_ruling(next: NextTool, use: ToolUse, ruling: Ruling) -> ToolOutcome:
    """Carry the call out, and record the rule, unless the tool itself asks a person."""
    outcome = await next(use)
    return outcome if outcome.need else outcome.model_copy(update={"ruling": ruling})


def _ask_without(function: str) -> PolicyRule:
    """Ask about what another version of the function would decide."""
    why = f"This worker does not have the version of {function} that the run is pinned to."
    return PolicyRule(name="function changed", decision="ask", reason=why)
