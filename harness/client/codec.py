"""What the engine stores of a run, encrypted with the key of the run's family."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from temporalio.api.common.v1 import Payload
from temporalio.converter import (
    ActivitySerializationContext,
    PayloadCodec,
    SerializationContext,
    WithSerializationContext,
    WorkflowSerializationContext,
)

from harness.journal.payloads import ENCRYPTED
from harness.store.vault import Vault

METADATA = {"encoding": ENCRYPTED.encode()}


class Codec(PayloadCodec, WithSerializationContext):
    """Reads what is not encrypted too: what an operator types into the engine's page is plain."""

    def __init__(self, vault: Vault, run: str | None = None) -> None:
        self._vault = vault
        self._run = run

    def with_context(self, context: SerializationContext) -> Self:
        run = None
        if isinstance(context, WorkflowSerializationContext | ActivitySerializationContext):
            run = context.workflow_id
        return self if run == self._run else type(self)(self._vault, run)

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [
            Payload(
                metadata=METADATA,
                data=await self._vault.seal(self._run, each.SerializeToString()),
            )
            for each in payloads
        ]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [await self._plain(each) for each in payloads]

    async def _plain(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != METADATA["encoding"]:
            return payload
        return Payload.FromString(await self._vault.open(payload.data))
