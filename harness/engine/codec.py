"""Encrypt what Temporal stores of a run, with the key of the run's family.

A payload is bound to its run: one copied from another run is refused. Only harness writes inputs
and results of activities, so plain text is refused there. What a person types into Temporal's page
(signals, updates, queries, the start of a run) is plain text; a start or a decision is trusted by
its MAC, not by the codec.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Self

from temporalio.api.common.v1 import Payload
from temporalio.converter import (
    ActivitySerializationContext,
    PayloadCodec,
    SerializationContext,
    WithSerializationContext,
    WorkflowSerializationContext,
)

from harness.contracts.errors import ContentCorrupt, ContentUnsigned
from harness.contracts.queues import ARCHIVE
from harness.crypto.place import place_of
from harness.crypto.vault import Vault
from harness.journal.payloads import ENCRYPTED

ENCODING = ENCRYPTED.encode()
RUN = "run"
"""The metadata that names the run, for reading histories without a context."""


class Codec(PayloadCodec, WithSerializationContext):
    def __init__(self, vault: Vault, run: str | None = None, *, activity: bool = False) -> None:
        self._vault = vault
        self._run = run
        self._activity = activity

    def with_context(self, context: SerializationContext) -> Self:
        run, activity = None, isinstance(context, ActivitySerializationContext)
        if isinstance(context, WorkflowSerializationContext | ActivitySerializationContext):
            run = context.workflow_id
        if (run, activity) == (self._run, self._activity):
            return self
        return type(self)(self._vault, run, activity=activity)

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        metadata = {"encoding": ENCODING}
        if self._run is not None:
            metadata[RUN] = self._run.encode()
        place = _place_of(metadata)
        return [
            Payload(
                metadata=metadata,
                data=await self._vault.encrypt(self._run, each.SerializeToString(), place),
            )
            for each in payloads
        ]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [await self._decrypt_payload(each) for each in payloads]

    async def _decrypt_payload(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCODING:
            if self._activity:
                raise ContentUnsigned(
                    f"An activity of run {self._run!r} has a payload that is not encrypted.",
                    fix="If the run began before encryption.key was set, end it without the key.",
                )
            return payload
        found = payload.metadata.get(RUN)
        if self._run is not None and found is not None and not _may_read(self._run, found):
            raise ContentCorrupt(
                f"A payload of run {self._run!r} was copied from another run: {found!r}.",
            )
        plain = await self._vault.decrypt(payload.data, _place_of(payload.metadata))
        return Payload.FromString(plain)


def _may_read(run: str, owner: bytes) -> bool:
    """Whether a run may read a payload: its own or, for a sweep, the previous sweep's."""
    sweeps = run.startswith(ARCHIVE) and owner.startswith(ARCHIVE.encode())
    return sweeps or owner == run.encode()


def _place_of(metadata: Mapping[str, bytes]) -> bytes:
    return place_of("payload", metadata.get(RUN, b"").decode(errors="replace"))
