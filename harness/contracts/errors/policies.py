"""A policy refused a call, is malformed, or names others to decide."""

from __future__ import annotations

from harness.contracts.errors.base import HarnessError
from harness.contracts.errors.steering import SteeringError
from harness.contracts.errors.tool import ToolError


class CallDenied(ToolError):
    """A rule of the run's [policy](../how-to/policies.md) denies the call, or nobody decided about
    it in time. The model reads the reason."""

    code = "policies.denied"
    fix = "See which rule matched: `harness policy explain AGENT TOOL ARGUMENTS`."


class NotDecider(SteeringError):
    """A rule of the run's [policy](../how-to/policies.md) asks others. Nothing was decided."""

    code = "policies.not_decider"
    fix = "Ask one of those whom the message names."
    http_status = 403


class PolicyError(HarnessError):
    """A policy cannot be read, found or applied."""

    http_status = 400


class InvalidPolicy(PolicyError):
    """The text of a policy is malformed, or its function cannot be imported. Workers do not start
    with one."""

    code = "policies.invalid"
    fix = "Correct what the message names."


class PolicyUnavailable(PolicyError):
    """The policy that a run is pinned to cannot be read, or its record was changed."""

    code = "policies.unavailable"
    fix = "Give the run a policy: `harness policy switch RUN FILE`."
    http_status = 409


class NoPolicy(PolicyError):
    """Neither `[policies]` names a policy, so that no worker looks for one."""

    code = "policies.none"
    fix = 'Set [policies] file = "policy.toml" in harness.toml, and restart the workers.'
    http_status = 409


class RememberedNotFound(PolicyError):
    """There is no remembered approval with that id."""

    code = "policies.not_remembered"
    fix = "List them: `harness policy remembered`."
    http_status = 404
