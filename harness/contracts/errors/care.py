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
    fix = "Correct the query."


class AnswerUnusable(CareError):
    """The answer to a query is too large, or is not what Prometheus and Loki answer."""

    code = "care.bad_answer"
    fix = "Aggregate in the query, or ask for a shorter time. Check that the address is right."
    http_status = 502


class SubjectInvalid(CareError):
    """The definition of a subject cannot be read, or is not one."""

    code = "care.bad_subject"
    fix = "Correct its subject.toml. docs/how-to/care.md describes the keys."


class SubjectNotFound(CareError):
    """There is no subject with that name."""

    code = "care.no_subject"
    fix = "List the subjects: `harness care subject list`. Add one: `harness care subject add`."
    http_status = 404


class SubjectForged(CareError):
    """The row of a subject was changed, or was not stored by harness; or the signing key is another
    one than when it was added."""

    code = "care.forged_subject"
    fix = "See `harness care audit --verify`, and add it again: `harness care subject add FOLDER`."
    http_status = 409


class SubjectNotYours(CareError):
    """The subject, or the ticket's subject, belongs to somebody else."""

    code = "care.not_yours"
    fix = "Ask its owner or an admin. `owner` in its subject.toml names the owner."
    http_status = 403


class InvariantNotFound(CareError):
    """The subject has no invariant with that name."""

    code = "care.no_invariant"
    fix = "List the invariants: `harness care invariant list`."
    http_status = 404


class InvariantRefused(CareError):
    """An invariant cannot be added or changed."""

    code = "care.bad_invariant"
    fix = "See `harness care invariant --help`."


class RulesInvalid(CareError):
    """A file with alert rules of Prometheus cannot be read."""

    code = "care.bad_rules"
    fix = "Check it: promtool check rules FILE."


class TicketNotFound(CareError):
    """There is no ticket with that id."""

    code = "care.no_ticket"
    fix = "List the tickets: `harness care ticket list`."
    http_status = 404


class TicketRefused(CareError):
    """A ticket cannot be opened, or is not in a state that allows what was asked."""

    code = "care.bad_ticket"
    fix = "See `harness care ticket show ID`."
    http_status = 409


class DemoRefused(CareError):
    """The demo of care cannot run here."""

    code = "care.no_demo"
    fix = "See `harness care demo --help`."
