"""A signal, update or query was malformed or came at the wrong time."""

from __future__ import annotations

from harness.contracts.errors.base import HarnessError


class SteeringError(HarnessError):
    """A signal, update or query was malformed or came at the wrong time."""

    http_status = 400


class InvalidSignal(SteeringError):
    """The JSON of a signal or update does not have the expected form. The message shows a valid
    example."""

    code = "steering.bad_payload"
    fix = "Correct it as the message says."


class NotPending(SteeringError):
    """The decision names something that is not pending, or nothing is pending, or several things
    are pending and the decision names none."""

    code = "steering.not_pending"
    fix = "Nothing is pending under that id: see `harness show RUN`."
    http_status = 409


class PendingChanged(SteeringError):
    """The decision's digest belongs to something other than what is pending: the call is pending
    again with other arguments or for another reason, or was never the one shown. Nothing was
    decided."""

    code = "steering.changed"
    fix = "Read what is pending now, then decide: `harness show RUN`."
    http_status = 409


class SignalTooLarge(SteeringError):
    """The body exceeds 1 MB."""

    code = "steering.too_large"
    fix = "Send less than 1 MB; put the rest in a file."
    http_status = 413


class TooManySignals(SteeringError):
    """A thousand hints, or 4 MB of them, wait for the next model call; or Temporal accepts no more
    signals for this run. `harness abort` still works: it falls back to Temporal's Cancel."""

    code = "steering.too_many"
    fix = "Wait for the next model call, or abort the run."
    http_status = 429


class RunOver(SteeringError):
    """The run has ended and accepts no more signals."""

    code = "steering.run_over"
    fix = "Start another run, or fork this one."
    http_status = 409
