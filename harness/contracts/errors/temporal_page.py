"""Temporal's web page cannot be served."""

from __future__ import annotations

from harness.contracts.errors.base import HarnessError


class TemporalPageError(HarnessError):
    """Temporal's web page cannot be served."""

    http_status = 502


class TemporalPageMissing(TemporalPageError):
    """The daemon does not know where Temporal's web page is: its Temporal runs elsewhere, and
    `temporal_page.url` is not set."""

    code = "temporal_page.missing"
    fix = "Set temporal_page.url to the address of its web page."
    http_status = 404


class TemporalPageUnreachable(TemporalPageError):
    """Temporal's web page does not answer the daemon, or not in time."""

    code = "temporal_page.unreachable"
    fix = "Try again: it restarts with Temporal. Otherwise check temporal_page.url."
    retryable = True
    http_status = 503


class TemporalPageRefused(TemporalPageError):
    """What Temporal's web page answered is not passed on: it is too large, leads to another site,
    or is not a page that this version can serve."""

    code = "temporal_page.refused"
    fix = "Open Temporal's page at its own address."
