"""Leave to other workers what this one cannot do because of what it is: its key, its version, what
it accepts."""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager

from temporalio import activity

from harness.commons.log import hide_if_discreet
from harness.commons.redact import redact
from harness.contracts.errors import (
    ContentUnsigned,
    EncryptionKeyMissing,
    PermitReused,
    RunForged,
    RunTooNew,
    RunUnsigned,
    SchemaTooNew,
)
from harness_activities.failures import convert_error

UNFIT = (
    RunUnsigned, RunForged, PermitReused, RunTooNew,
    ContentUnsigned, EncryptionKeyMissing, SchemaTooNew,
)  # fmt: skip
"""A worker with the right key, a newer version or other settings may not meet these. One that was
started by hand meets them everywhere: it is refused again and again, ever more rarely."""

log = logging.getLogger(__name__)


@contextmanager
def leaving_to_others() -> Generator[None]:
    """Have Temporal retry what this worker is not fit for, until one does it that is."""
    try:
        yield
    except UNFIT as error:
        info, why = activity.info(), hide_if_discreet(redact(error.message))
        log.warning("%s is left to another worker: %s: %s", info.activity_type, error.code, why)
        raise convert_error(error, retryable=True) from None
