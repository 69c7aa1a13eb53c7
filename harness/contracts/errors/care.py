"""A subject, an invariant, a ticket or a source of metrics and logs cannot be used."""

from __future__ import annotations

from harness.contracts.errors.base import HarnessError


class CareError(HarnessError):
    """A subject, an invariant, a ticket or a source of metrics and logs cannot be used."""

    http_status = 400


class SourceMissing(CareError):
    """No address of Prometheus or Loki is configured."""

    code = "care.no_source"
    fix = "Set url under [care.metrics] or [care.logs] in harness.toml."
    http_status = 409


class SourceUnreachable(CareError):
    """Prometheus or Loki cannot be reached, does not answer in time, or fails."""

    code = "care.unreachable"
    fix = "Check that it runs and that its address in [care] is right."
    retryable = True
    http_status = 502


class QueryRefused(CareError):
    """Prometheus or Loki does not accept a query."""

    code = "care.bad_query"
    fix = "Correct the query. `harness care query` shows its answer."


class AnswerUnusable(CareError):
    """The answer to a query is too large, or is not what Prometheus and Loki answer."""

    code = "care.bad_answer"
    fix = "Aggregate in the query, or ask for a shorter time. Check that the address is right."
    http_status = 502
