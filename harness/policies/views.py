"""What the API takes and returns for policies."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from harness.api.body import Body, WholeNumber
from harness.contracts.tool import Effect
from harness.policies.policy import MAX_BYTES

Happened = Literal["ran", "denied", "asked", "unrun"]


class _View(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)


class PolicyView(_View):
    """A policy: its rules in order."""

    digest: str | None = None
    """SHA-256 of its canonical form; None if no rule holds."""
    rules: list[dict[str, Any]] = []
    """As a policy file has them."""
    function: str | None = None
    """The Python function that decides where no rule fits, as module:function."""


class PolicyPin(_View):
    """From when on a policy holds for a run."""

    digest: str
    """The policy's digest, or `none`."""
    by: str | None = None
    """Who switched to it; None for the policy that the run began with."""
    at: float
    """Seconds since the epoch."""


class RunPolicy(_View):
    """The policy of a run, and those that held before."""

    policy: PolicyView
    pins: list[PolicyPin]
    """The newest first; none before the first tool call."""


class SwitchBody(Body):
    """The policy to switch a run to."""

    policy: str | None = Field(default=None, max_length=MAX_BYTES)
    """A policy file in TOML; absent: no rule holds any more."""


class ExplainBody(Body):
    """A call to explain: it is not made."""

    agent: str = Field(min_length=1, max_length=200)
    """The name of an agent."""
    tool: str = Field(min_length=1, max_length=200)
    """The name of a tool."""
    arguments: dict[str, Any] = {}
    """What the tool is called with, defaults included."""
    effect: Effect | None = None
    """What the tool changes; by default, what the published agent says."""
    owner: str | None = Field(default=None, max_length=200)
    """Whose run it is."""
    session: str | None = Field(default=None, max_length=200)
    """The session of the run."""
    cost: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    """What the run has cost so far, in dollars."""


class ComparedRule(_View):
    """A rule, and why it does not fit."""

    rule: str
    decision: str
    fits: bool
    why: str | None = None
    """Why it does not fit."""


class Explanation(_View):
    """Which rule decides about a call."""

    policy: str | None = None
    """Digest of the policy; None if there is none."""
    decision: Literal["allow", "deny", "ask", "default", "function"]
    """`default`: no rule fits, so the tool's own approval applies."""
    rule: str | None = None
    """The rule that decides."""
    whom: str | None = None
    """With `ask`: who may decide."""
    reason: str | None = None
    """What the model or the person reads."""
    effect: str
    assumed: str | None = None
    """Why the effect is only assumed: no worker has published the agent, or it has no such tool."""
    compared: list[ComparedRule]
    """The rules up to the one that fits."""


class PolicyTestBody(Body):
    """A policy to compare with what past runs did."""

    policy: str = Field(max_length=MAX_BYTES)
    """A policy file in TOML."""
    agent: str | None = Field(default=None, max_length=200)
    """Only runs of this agent."""
    session: str | None = Field(default=None, max_length=200)
    """Only runs of this session."""
    limit: WholeNumber = Field(default=50, ge=1, le=500)
    """The newest runs to read."""


class TestedCall(_View):
    """A past call, and what the policy would have said."""

    run: str
    turn: int
    call: str
    tool: str
    happened: Happened
    """`asked`: a person was asked before it ran or was rejected."""
    would: Literal["allow", "deny", "ask", "default"]
    rule: str | None = None
    """The rule that would have decided."""
    differs: bool
    """Whether the policy would have changed what happened."""


class PolicyTest(_View):
    """What a policy would have done in past runs."""

    policy: str
    """Its digest."""
    runs: int
    """Runs that were read."""
    calls: list[TestedCall]
    more: bool = False
    """Whether calls were left out, because there are too many."""


class RememberedApproval(_View):
    """An approval that allows later calls too."""

    id: str
    session: str | None = None
    """Where it holds; None: only in its run."""
    tool: str
    arguments: list[str]
    """The arguments that have to be equal to those of the approved call; none: all calls fit."""
    rule: str
    """The rule that asked."""
    by: str | None = None
    """Who approved."""
    run: str
    call: str
    """The call that was approved."""
    at: float
    """Seconds since the epoch."""


class RememberedList(_View):
    """Remembered approvals, the newest first."""

    remembered: list[RememberedApproval]
