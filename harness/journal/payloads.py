"""Read contracts from history's payloads, which the reader has decrypted and fetched."""

from __future__ import annotations

from typing import Any, TypeVar

from google.protobuf.timestamp_pb2 import Timestamp
from pydantic import ValidationError
from pydantic_core import from_json
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.api.failure.v1 import Failure

from harness.contracts.base import Word
from harness.contracts.errors import (
    EncryptionKeyMissing,
    ErrorInfo,
    RunFailed,
    RunTimedOut,
    RunTooNew,
    StoreError,
    rebuild_error,
)
from harness.contracts.steering import plain_value

W = TypeVar("W", bound=Word)


ENCRYPTED = "binary/encrypted"


def data_of(payload: Payload) -> bytes:
    """The payload's content; an error if this process has no key for it."""
    if payload.metadata.get("encoding") == ENCRYPTED.encode():
        raise missing_key_error()
    return payload.data


def missing_key_error() -> StoreError:
    return EncryptionKeyMissing("This run is encrypted, and no encryption.key is set.")


def to_seconds(stamp: Timestamp) -> float:
    return stamp.seconds + stamp.nanos / 1e9


def read_word(model: type[W], payload: Payload) -> W:
    try:
        return model.model_validate_json(data_of(payload))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise RunTooNew(
            f"history holds a {model.__name__} that this version cannot read: "
            f"{where + ': ' if where else ''}{first['msg']}",
        ) from None


def read_first(model: type[W], payloads: Payloads) -> W | None:
    return read_word(model, payloads.payloads[0]) if payloads.payloads else None


def read_value(payload: Payload) -> Any:
    return from_json(data_of(payload)) if payload.data else None


def read_plain(payloads: Payloads) -> list[Any]:
    """Read what a person typed, as the workflow reads it."""
    return [plain_value(p.metadata["encoding"], data_of(p)) for p in payloads.payloads]


def error_info(failure: Failure) -> ErrorInfo:
    """The error behind a failure in Temporal: a harness error if it carries such a code."""
    inner, code = failure, ""
    while True:
        named = inner.HasField("application_failure_info")
        code = inner.application_failure_info.type if named else ""
        if error := rebuild_error(code, inner.message):  # its cause is only logged
            return error.info
        if not inner.HasField("cause"):
            break
        inner = inner.cause
    if inner.HasField("timeout_failure_info"):
        return RunTimedOut(inner.message).info
    return RunFailed(f"{code}: {inner.message}" if code else inner.message).info
