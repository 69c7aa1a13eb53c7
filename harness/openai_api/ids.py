"""Ids of responses and chat completions: the id of the run, in characters that clients accept."""

from __future__ import annotations

import base64
import binascii

from harness.contracts.errors.openai_api import ResponseNotFound

RESPONSE = "resp_"
COMPLETION = "chatcmpl-"
MAX_CHARS = 1_400
"""A run's id has up to 250 characters, of up to four bytes each."""


def response_id(run: str) -> str:
    """The id of a run as a response."""
    return RESPONSE + _encode(run)


def completion_id(run: str) -> str:
    """The id of a run as a chat completion."""
    return COMPLETION + _encode(run)


def item_id(run: str, name: str) -> str:
    """The id of an output item of a run."""
    return f"msg_{_encode(run)}_{name}"


def read_response_id(id: str) -> str:
    """The run that an id stands for; the id of its chat completion works too.

    Raises:
        ResponseNotFound: It is not the id of any run.
    """
    for prefix in (RESPONSE, COMPLETION):
        if id.startswith(prefix) and len(id) <= MAX_CHARS:
            run = _decode(id.removeprefix(prefix))
            if run is not None and prefix + _encode(run) == id:  # each run has one id only
                return run
    raise response_not_found(id)


def response_not_found(id: str) -> ResponseNotFound:
    """The same error for an unknown response and a foreign one."""
    return ResponseNotFound(f"There is no response {id[:80]!r}.")


def _encode(run: str) -> str:
    return base64.urlsafe_b64encode(run.encode()).decode().rstrip("=")


def _decode(text: str) -> str | None:
    padded = text + "=" * (-len(text) % 4)
    try:
        return base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        return None
