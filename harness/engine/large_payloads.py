"""Store payloads too large for Temporal in the artifact store; history keeps their address."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from temporalio.api.common.v1 import Payload
from temporalio.converter import (
    ExternalStorage,
    StorageDriver,
    StorageDriverClaim,
    StorageDriverRetrieveContext,
    StorageDriverStoreContext,
    StorageDriverWorkflowInfo,
)

from harness.store.artifacts import Artifacts

THRESHOLD_BYTES = 256_000
"""Temporal warns from 512 KB on and refuses 2 MB."""


class ArtifactDriver(StorageDriver):
    def __init__(self, artifacts: Artifacts) -> None:
        self._artifacts = artifacts

    def name(self) -> str:
        return "harness"

    def type(self) -> str:
        return "harness.artifacts"

    async def store(
        self, context: StorageDriverStoreContext, payloads: Sequence[Payload]
    ) -> list[StorageDriverClaim]:
        target = context.target
        run = target.id if isinstance(target, StorageDriverWorkflowInfo) else None
        ids = await asyncio.gather(
            *(self._artifacts.put(payload.SerializeToString(), run=run) for payload in payloads)
        )
        return [StorageDriverClaim({"artifact": id}) for id in ids]

    async def retrieve(
        self,
        context: StorageDriverRetrieveContext,  # noqa: ARG002 - the SDK's signature
        claims: Sequence[StorageDriverClaim],
    ) -> list[Payload]:
        contents = await asyncio.gather(
            *(self._artifacts.get(claim.claim_data["artifact"]) for claim in claims)
        )
        return [Payload.FromString(content) for content in contents]


def external_storage(artifacts: Artifacts, threshold: int = THRESHOLD_BYTES) -> ExternalStorage:
    """The `external_storage` of a `DataConverter`."""
    return ExternalStorage(drivers=[ArtifactDriver(artifacts)], payload_size_threshold=threshold)
