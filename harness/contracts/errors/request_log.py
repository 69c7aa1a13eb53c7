"""An entry of the request log cannot be read."""

from __future__ import annotations

from harness.contracts.errors.base import HarnessError


class RequestLogError(HarnessError):
    """An entry of the request log cannot be read."""

    http_status = 400


class RequestNotFound(RequestLogError):
    """The request log has no entry with that id: it was never recorded, it is older than
    `request_log.keep`, or it belongs to someone else."""

    code = "request_log.not_found"
    fix = "List the requests: `harness requests`."
    http_status = 404
