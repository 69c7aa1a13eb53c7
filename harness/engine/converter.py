"""Convert contracts to payloads: JSON without nulls, read back by pydantic."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter
from pydantic_core import from_json, to_json
from temporalio.api.common.v1 import Payload
from temporalio.converter import (
    BinaryNullPayloadConverter,
    BinaryPlainPayloadConverter,
    CompositePayloadConverter,
    DataConverter,
    DefaultFailureConverter,
    DefaultFailureConverterWithEncodedAttributes,
    EncodingPayloadConverter,
    ExternalStorage,
    JSONProtoPayloadConverter,
    PayloadCodec,
)

from harness.contracts.base import Word
from harness.journal.payloads import ENCRYPTED, missing_key_error

METADATA = {"encoding": b"json/plain"}


class WordConverter(EncodingPayloadConverter):
    """Writes no nulls, unlike the SDK's converter: they would be half of a small payload."""

    @property
    def encoding(self) -> str:
        return "json/plain"

    def to_payload(self, value: Any) -> Payload | None:
        data = value.wire() if isinstance(value, Word) else to_json(value, exclude_none=True)
        return Payload(metadata=METADATA, data=data)

    def from_payload(self, payload: Payload, type_hint: type | None = None) -> Any:
        if type_hint is None or type_hint is Any:
            return from_json(payload.data)
        hint: Any = type_hint  # unions and generics come here too
        if isinstance(hint, type) and issubclass(hint, Word):
            return hint.model_validate_json(payload.data)
        return _type_adapter(hint).validate_json(payload.data)  # pyright: ignore[reportUnknownArgumentType]


class Unreadable(EncodingPayloadConverter):
    """Raises an error for a payload that was not decrypted."""

    @property
    def encoding(self) -> str:
        return ENCRYPTED

    def to_payload(self, value: Any) -> Payload | None:  # noqa: ARG002
        return None

    def from_payload(self, payload: Payload, type_hint: type | None = None) -> Any:  # noqa: ARG002
        raise missing_key_error()


@lru_cache(maxsize=256)
def _type_adapter(type_hint: Any) -> TypeAdapter[Any]:
    return TypeAdapter(type_hint)


class HarnessPayloadConverter(CompositePayloadConverter):
    def __init__(self) -> None:
        super().__init__(
            BinaryNullPayloadConverter(),
            BinaryPlainPayloadConverter(),
            JSONProtoPayloadConverter(),  # Temporal's page requests a run's current details in it
            WordConverter(),
            Unreadable(),
        )


def data_converter(
    storage: ExternalStorage | None = None, codec: PayloadCodec | None = None
) -> DataConverter:
    """Build the data converter. A codec also encrypts failures' texts, but not their codes."""
    return DataConverter(
        payload_converter_class=HarnessPayloadConverter,
        payload_codec=codec,
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes
        if codec
        else DefaultFailureConverter,
        external_storage=storage,
    )
