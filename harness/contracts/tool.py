"""What a tool is to the model, to the run, and what comes of calling it."""

from __future__ import annotations

from typing import Any, Literal, cast

from pydantic import model_validator

from harness.contracts.base import Flag, Word
from harness.contracts.errors import ErrorInfo
from harness.contracts.message import ToolCall, ToolResult

Effect = Literal["read", "write", "irreversible"]
"""What a tool does to the world: nothing; something that can be repeated or taken back; something
that cannot."""


class ToolSpec(Word):
    """What the model is told about a tool."""

    name: str
    description: str
    parameters: dict[str, Any]
    """JSON schema of the arguments: always an object."""


class ToolPolicy(Word):
    """What the run must know about a tool, pinned at its start."""

    effect: Effect
    inline: Flag = None
    """Quick and in-process: runs as a local activity, which the engine stores less about."""
    workspace: Flag = None
    """Touches the run's folder, so it runs on the host that owns it."""
    timeout_s: float | None = None
    attempts: int | None = None
    approval: Flag = None
    """A person may have to allow a call first: the worker finds out before it runs."""


Need = Literal["approval", "answer", "outcome"]
"""Why a call waits for a person: to be allowed, to be answered, or to say whether an effect whose
worker died has happened."""


class ToolOutcome(Word):
    """What `run_tool` came back with: a result, or what a person must decide first."""

    result: ToolResult | None = None
    need: Need | None = None
    reason: str | None = None
    """Why a person is asked: the policy's words, or the question."""
    failure: ErrorInfo | None = None
    """Why the call failed; the model reads the same in `result`."""
    attempt: int | None = None
    """With need `outcome`: which beginning of the effect it is about."""
    played: Flag = None
    """The result was played back: the tool did not run."""
    ms: float | None = None
    asked: str | None = None
    """With a need: the MAC which proves that a person was asked about this call."""


class Workspace(Word):
    """The folder that a run's file tools are confined to, and the host it is on."""

    host: str
    root: str


class Playback(Word):
    """Where tool results come from when tools must not run: what other runs recorded."""

    record: str
    """Artifact with the recorded results. What it does not have is refused."""
    live_reads: Flag = None
    """Tools that only read may run where nothing is recorded."""


RETIRED = frozenset({"effect", "session", "spec"})
"""Fields of `RunTool` that earlier versions wrote and nobody reads. Their names stay taken."""


class RunTool(Word):
    """Input of the `run_tool` activity."""

    call: ToolCall
    turn: int
    origin: str | None = None
    """First run id of the chain, where it is not this run's own: idempotency keys start with it."""
    ordinal: int | None = None
    """Which one this is among equal calls of the turn, from 1; absent for the first."""
    approved: Flag = None
    edited: Flag = None
    """A person changed the arguments before allowing the call."""
    again: int | None = None
    """A person says that this beginning of the effect came to nothing: it may be made again."""
    happened: str | None = None
    """A person says that the effect has happened, and what had come of it."""
    note: str | None = None
    workspace: Workspace | None = None
    asks: Flag = None
    """Given up by the engine, a person is asked whether it has happened."""
    salt: str | None = None
    """See `Node.salt`: the key of an effect then tells nothing of its arguments."""
    playback: Playback | None = None
    nth: int | None = None
    """With playback: which one this is among equal calls of the run, from 1; absent for the
    first."""
    signature: str | None = None
    """The MAC under which `call_model` returned the call."""
    asked: str | None = None
    """With `edited`: the MAC under which `run_tool` asked about the call."""

    @model_validator(mode="before")
    @classmethod
    def _drop_retired(cls, read: Any) -> Any:
        """Calls of runs in flight may carry them. Any other unknown field is still refused."""
        if not isinstance(read, dict) or RETIRED.isdisjoint(cast("dict[str, Any]", read)):
            return cast("Any", read)
        fields = cast("dict[str, Any]", read)
        return {name: value for name, value in fields.items() if name not in RETIRED}
