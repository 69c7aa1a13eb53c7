"""A run cannot start, continue or be found."""

from __future__ import annotations

from harness.contracts.errors.base import HarnessError


class RunError(HarnessError):
    """A run cannot start, continue or be found."""


class RunNotFound(RunError):
    """Temporal has no run with that id, and none is archived. Temporal deletes a run when its
    retention period (30 days on the local stack) is over."""

    code = "run.not_found"
    fix = "List the runs: `harness list`."
    http_status = 404


def not_a_run(id: str) -> RunNotFound:
    """The error for the id of another workflow, such as an undo."""
    return RunNotFound(f"{id!r} is a workflow, but not a run of an agent.")


class TurnNotFound(RunError):
    """A fork names a turn that the run does not have, has not finished, or that precedes its
    start."""

    code = "run.no_turn"
    fix = "List the turns: `harness trace RUN`."
    http_status = 404


class ReplayDiffers(RunError):
    """Today's code requests something other than history recorded. The message contains the first
    step that differs, with both sides."""

    code = "run.replay_differs"
    fix = "Keep the old behavior for existing runs (workflow.patched)."


class ReplayUnfinished(RunError):
    """The replay of a run on the daemon's code took too long, or its process ended."""

    code = "run.replay_unfinished"
    fix = "Export the run, and replay it on your machine: harness replay FILE."
    http_status = 503


class RunBusy(RunError):
    """The session's last run is still open, or another operation on the run is in progress. A
    session has one run at a time."""

    code = "run.busy"
    fix = "Wait for the session's current run, or abort it."
    http_status = 409


class RunIdTaken(RunError):
    """A run with that id exists and was started by another request. An identical request would have
    joined that run."""

    code = "run.id_taken"
    fix = "Choose another id, or send the same request as before."
    http_status = 409


class NoWorker(RunError):
    """A query or an update got no answer within 10 seconds, because no worker serves the agent.
    Signals need no worker: they wait. A decision waits too, and takes effect when a worker
    starts."""

    code = "run.no_worker"
    fix = "Serve the agent: `harness worker agent.py`."
    http_status = 503


class BudgetReached(RunError):
    """The time budget ended while the run waited, or a budget was reached and more was refused. The
    result contains the text so far."""

    code = "run.budget"
    fix = "Raise the budget and start again from where it stopped."


class InvalidOutput(RunError):
    """The final answer does not fit the agent's output type, even after the model was asked to
    correct it."""

    code = "run.invalid_output"
    fix = "The model's answer does not fit the output type."


class MendLimitReached(RunError):
    """The model made five invalid tool calls in a row."""

    code = "run.mend_limit"
    fix = "The model kept making invalid tool calls."


class AgentFunctionFailed(RunError):
    """The agent's instructions function or one of its output validators raised an exception or
    returned a value of the wrong type. The message names the function. It is not retried, unless
    the function raises `ToolUnavailable`."""

    code = "run.agent_function"
    fix = "Correct the function that the message names; the worker's log has the traceback."


class RunTerminated(RunError):
    """Someone used Terminate in Temporal's page or command line. Temporal stops the run without
    asking it."""

    code = "run.terminated"
    fix = "It was terminated from outside: start it again or fork it."


class RunTimedOut(RunError):
    """One of Temporal's own time limits ended the run."""

    code = "run.timed_out"
    fix = "It exceeded one of Temporal's own time limits."


class RunUnfinished(RunError, TimeoutError):
    """The `timeout` of `result`, `run` or `run_sync` has passed. Nothing was cancelled: the run
    continues. It is also a `TimeoutError`."""

    code = "run.unfinished"
    fix = "The run continues. Wait again, or look at it: `harness show RUN`."
    http_status = 409


class RunFailed(RunError):
    """A failure without a code of its own. The message says what happened."""

    code = "run.failed"
    fix = "See the message."


class RunUnsigned(RunError):
    """A run, an undo or a conversation was started without a permit: by hand, or by a version of
    harness that did not sign them. Workers serve it only with `worker.accept_unsigned`. See
    [starting by hand](../how-to/temporal-page.md#start-a-run-by-hand)."""

    code = "run.unsigned"
    fix = "Start it with harness. To accept what is started by hand: worker.accept_unsigned."


class RunForged(RunError):
    """A worker was asked for something other than what the run was started with, a tool call is not
    one that the model made, or a run ended with a transcript that it has not written. Also when the
    starter signs with another `signing.key` than the worker: see
    [the signing key](../how-to/run-on-a-cluster.md#the-signing-key)."""

    code = "run.forged"
    fix = (
        "Starters and workers need the same signing.key. If they have it, someone else started "
        "or changed this."
    )


class PermitReused(RunError):
    """A run was started with the permit of an earlier run. A permit is valid for one run and its
    continuations; another start under the same id is refused. So is a run that was reset, unless
    `worker.accept_resets` is set, and one that Temporal starts again by a cron schedule or retry
    policy."""

    code = "run.replayed"
    fix = "Start a new run; a permit is valid for one run."


class WorkspaceRefused(RunError):
    """The run's folder is not one that this worker serves. The worker decides, not the run: see
    [files](../how-to/files.md#which-folders-a-worker-serves)."""

    code = "run.workspace"
    fix = "Allow the folder: `harness worker --workspace DIR`, or worker.workspaces."


class RunTooNew(RunError):
    """History holds something that this version cannot read: a newer version wrote it."""

    code = "run.too_new"
    fix = "Upgrade harness: this run was made by a newer version."


REFUSALS = (RunUnsigned, RunForged, PermitReused, WorkspaceRefused)
"""Refusals of a worker: the run fails, and the model does not see the error."""
