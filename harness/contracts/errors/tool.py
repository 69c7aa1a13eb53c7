"""A tool call failed. The model sees the message and can correct the call."""

from __future__ import annotations

from harness.contracts.errors.base import HarnessError


class ToolError(HarnessError):
    """A tool call failed. The model sees the message and can correct the call."""


class UnknownTool(ToolError):
    """The model called a tool that the agent does not have. The model reads which tools exist and
    can correct its call."""

    code = "tool.unknown"
    fix = "The model named a tool that the agent does not have."


class InvalidToolArguments(ToolError):
    """The model's arguments do not fit the tool's schema. The model reads what is wrong and can
    correct its call."""

    code = "tool.invalid_arguments"
    fix = "The arguments do not fit the tool's schema."


class ToolFailed(ToolError):
    """The tool raised an error. The model reads its message and continues."""

    code = "tool.failed"
    fix = "See the tool's own message."


class ToolUnavailable(ToolError):
    """The tool raised `ToolUnavailable`: it is called again after a pause. harness raises it when
    abandoned calls hold so many threads (1,000) that none is left for another call."""

    code = "tool.temporary"
    fix = "Retried automatically."
    retryable = True


class ToolTimeout(ToolError):
    """A read-only tool exceeded its `timeout` and was stopped. A tool that is not an async function
    cannot be stopped: it is abandoned, and its thread may continue."""

    code = "tool.timeout"
    fix = "Raise the tool's timeout or give it less to do."


class ToolDenied(ToolError):
    """A person or a rule refused the call."""

    code = "tool.denied"
    fix = "A person or a policy refused this call."


class OutsideConfines(ToolError):
    """A file tool was asked for a path outside the workspace (`..`, an absolute path, a link that
    leads out, a device), or `http_get` for a host that is not allowed or a private address."""

    code = "tool.confined"
    fix = "The path or address lies outside what the tool may touch."


class OutcomeUnknown(ToolError):
    """A call that changes something started, and its worker died before reporting the result, or
    the tool cannot tell whether the change happened. A person is asked, unless the tool declares
    `on_unknown="retry"`."""

    code = "tool.outcome_unknown"
    fix = "A worker died during the call: check whether it happened."


class ToolBusy(ToolError):
    """Another attempt of the same call is still running, for example on a worker that lost its
    connection."""

    code = "tool.busy"
    fix = "Another worker is running this call. Retried automatically."
    retryable = True


class PoolBusy(ToolError):
    """The tool's [pool](../how-to/limits.md#pools) had no room for the call for ten minutes. The
    call is repeated, and keeps its turn."""

    code = "tool.pool_busy"
    fix = "Retried automatically. To see who holds the pool: `harness pools`."
    retryable = True


class TargetChanged(ToolError):
    """What a call changed has been changed again since, so an undo would destroy the later change.
    The undo stops there and reports what it found."""

    code = "tool.changed"
    fix = "The target has changed since. Check it, or skip with --past CALL."


class UndoUnavailable(ToolError):
    """The tool declares no undo for this call, or the receipt of the call is unusable."""

    code = "tool.no_undo"
    fix = "Undo it by hand, then skip it: --past CALL."


class Irreversible(ToolError):
    """The tool declares that this call cannot be undone."""

    code = "tool.irreversible"
    fix = "It cannot be undone. Skip it: --past CALL."


class CallNotRecorded(ToolError):
    """In a what-if: no result of such a call is recorded, or a person would have been asked. See
    [what if](../how-to/whatif.md)."""

    code = "tool.not_recorded"
    fix = "A what-if runs no tools: it plays back recorded results."


class SandboxUnavailable(ToolError):
    """The worker's host lacks what a [sandbox](../how-to/sandbox.md) needs. The command did not
    run: there is no weaker sandbox. `harness doctor` says the same."""

    code = "tool.sandbox_unavailable"
    fix = "Run the worker on Linux on x86_64 or aarch64."


class SubagentRefused(ToolError):
    """An agent was not called as a tool: the run has started too many, stands too deep below other
    runs, or has nothing left of its budget. The model reads which, and can do the work itself. See
    [subagents](../how-to/subagents.md)."""

    code = "tool.subagent_refused"
    fix = "Raise the run's budget, or have the agent call fewer other agents."


class WrongHost(ToolError):
    """The run's workspace is a folder on another host."""

    code = "tool.wrong_host"
    fix = "Start a worker on the host that owns the workspace."
