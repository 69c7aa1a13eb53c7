"""Tools as the model and the run see them, their calls and their results."""

from __future__ import annotations

from typing import Any, Literal, cast

from pydantic import model_validator

from harness.contracts.base import Flag, Word
from harness.contracts.budget import Budget
from harness.contracts.errors import ErrorInfo
from harness.contracts.gate import GateVerdict
from harness.contracts.message import ToolCall, ToolResult
from harness.contracts.ruling import Decider, Ruling
from harness.contracts.subagent import ChildEnd, ChildStart, Subagent

Effect = Literal["read", "write", "irreversible"]
"""What a tool changes: nothing; something that can be repeated or undone; something that cannot."""


POOL_WAIT_S = 600.0
"""How long one attempt of a call may wait for room in its tool's pool."""


class ToolSpec(Word):
    """The description of a tool that the model reads."""

    name: str
    description: str
    parameters: dict[str, Any]
    """JSON schema of the arguments: always an object."""


class ToolPolicy(Word):
    """How a run calls a tool, pinned at the run's start."""

    effect: Effect
    inline: Flag = None
    """Quick and in-process: runs as a local activity, which takes less history."""
    workspace: Flag = None
    """Touches the run's folder, so it runs on the host that owns it."""
    timeout_s: float | None = None
    attempts: int | None = None
    approval: Flag = None
    """A person may have to approve a call first: the worker checks before it runs the call."""
    pool: str | None = None
    """The pool whose width limits how many calls run at once, across all workers."""
    untrusted: Flag = None
    """Anyone may have written what it returns: a web page, mail, another server's answer."""
    pin: str | None = None
    """What was declared, for a tool that others declare: digests of its description, parameters
    and hints, joined by dots. A worker that knows another declaration asks before a call."""
    subagent: Subagent | None = None
    """The agent that a call runs. `effect` is then that of its tools: the call itself changes
    nothing."""

    @property
    def acts(self) -> bool:
        """Whether a call itself may change something."""
        return self.effect != "read" and self.subagent is None

    @property
    def parallel(self) -> bool:
        """Whether calls of one reply may run side by side."""
        return self.effect == "read" or bool(self.subagent and self.subagent.parallel)


PIN_PARTS = ("its description", "its parameters", "its hints")


def find_changed_parts(pinned: str | None, known: str | None) -> list[str]:
    """Compare two values of `ToolPolicy.pin`, and name the parts that differ."""
    if pinned == known:
        return []
    pairs = zip(PIN_PARTS, (pinned or "").split("."), (known or "").split("."), strict=False)
    return [part for part, before, now in pairs if before != now] or [PIN_PARTS[0]]


Need = Literal["approval", "answer", "outcome"]
"""What a person must give: an approval, an answer, or whether an effect happened whose worker
died."""


class ToolOutcome(Word):
    """The result of `run_tool`: the tool's result, or what a person must decide first."""

    result: ToolResult | None = None
    need: Need | None = None
    reason: str | None = None
    """Why a person is asked: the policy's reason, or the tool's question."""
    failure: ErrorInfo | None = None
    """Why the call failed; the model reads the same in `result`."""
    attempt: int | None = None
    """With need `outcome`: the attempt of the effect whose outcome is unknown."""
    played: Flag = None
    """The result was played back: the tool did not run."""
    ms: float | None = None
    pin: str | None = None
    """With need `approval`: what is declared now. See `ToolPolicy.pin`."""
    asked: str | None = None
    """With a need: the MAC that proves that a person was asked about this call."""
    child: ChildStart | None = None
    """The run that the call starts; the call is made again with its `ended`."""
    handover: Flag = None
    """The conversation may be handed over: the call is made again with its `handed`."""
    ruling: Ruling | None = None
    """What the run's policy says about the call."""
    gates: tuple[GateVerdict, ...] | None = None
    """What gates decided about the call and its result, except that it may pass."""


class Workspace(Word):
    """The folder that a run's file tools are confined to, and the host it is on."""

    host: str
    root: str


class Playback(Word):
    """Where tool results come from when tools must not run: what other runs recorded."""

    record: str
    """Artifact with the recorded results. Other calls are refused."""
    live_reads: Flag = None
    """Read-only tools may run if no result is recorded."""


RETIRED = frozenset({"effect", "session", "spec"})
"""Fields of `RunTool` that earlier versions wrote and none reads. Do not reuse the names."""


class RunTool(Word):
    """Input of the `run_tool` activity."""

    call: ToolCall
    turn: int
    origin: str | None = None
    """First run id of the chain, if it differs from this run's: idempotency keys start with it."""
    ordinal: int | None = None
    """Number of this call among equal calls of the turn, from 1; absent for the first."""
    approved: Flag = None
    edited: Flag = None
    """A person changed the arguments before approving the call."""
    again: int | None = None
    """A person says that this attempt of the effect did not happen: it may be repeated."""
    happened: str | None = None
    """A person says that the effect happened; this is its result."""
    note: str | None = None
    workspace: Workspace | None = None
    asks: Flag = None
    """If Temporal gives up on the call, a person is asked whether it happened."""
    salt: str | None = None
    """See `Node.salt`: it keeps the effect's key from revealing the arguments."""
    playback: Playback | None = None
    nth: int | None = None
    """With playback: number of this call among equal calls of the run, from 1; absent for the
    first."""
    signature: str | None = None
    """The MAC under which `call_model` returned the call."""
    pin: str | None = None
    """See `ToolPolicy.pin`."""
    asked: str | None = None
    """With `edited`: the MAC under which `run_tool` asked about the call."""
    left: Budget | None = None
    """What a child run may use of its caller's budget."""
    ended: ChildEnd | None = None
    """How the child run ended that the call started."""
    handed: str | None = None
    """The transcript node at which another agent takes over the conversation."""
    cost_micros: int | None = None
    """What the run has cost so far, in millionths of a US dollar."""
    decider: Decider | None = None
    """Who allowed a call that a policy asks about, or that a person edited."""
    overruled: tuple[str, ...] | None = None
    """Gates that asked about the call, and that a person overruled."""

    @model_validator(mode="before")
    @classmethod
    def _drop_retired(cls, read: Any) -> Any:
        """Drop retired fields, which runs in flight may carry. Other unknown fields are refused."""
        if not isinstance(read, dict) or RETIRED.isdisjoint(cast("dict[str, Any]", read)):
            return cast("Any", read)
        fields = cast("dict[str, Any]", read)
        return {name: value for name, value in fields.items() if name not in RETIRED}
