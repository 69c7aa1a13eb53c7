"""An evaluation cannot be read, started, found or compared."""

from __future__ import annotations

from harness.contracts.errors.base import HarnessError


class EvalError(HarnessError):
    """An evaluation cannot be read, started, found or compared."""

    http_status = 400


class EvalInvalid(EvalError):
    """The file of an evaluation, its data set or one of its checks is wrong. Nothing was
    started."""

    code = "evals.invalid"
    fix = "Correct what the message names. See docs/how-to/evaluate.md."


class EvalNotFound(EvalError):
    """There is no evaluation with that id, or it belongs to someone else."""

    code = "evals.not_found"
    fix = "List the evaluations: `harness evals`."
    http_status = 404


class EvalNotComparable(EvalError):
    """Two evaluations have no case, or no agent and model, in common."""

    code = "evals.not_comparable"
    fix = "Name an evaluation of the same data set: `harness evals` lists them."
    http_status = 409
