"""A gate stopped a call, or is missing."""

from __future__ import annotations

from harness.contracts.errors.base import HarnessError


class GateError(HarnessError):
    """A gate stopped a call, or is missing."""


class GateStopped(GateError):
    """A gate stopped a call, or failed, or did not decide in time. A stopped model call fails the
    run; of a stopped tool call, the model reads the reason and continues."""

    code = "gates.stopped"
    fix = "Read the gate's reason: `harness gates explain RUN`. See docs/how-to/safety.md."


class GateMissing(GateError):
    """The agent declares a gate of model calls that this worker does not have. Another worker, or
    this one with the agent's current code, can make the call."""

    code = "gates.missing"
    fix = "Serve the agent from the process that calls its model, with the code that has the gate."
    retryable = True
