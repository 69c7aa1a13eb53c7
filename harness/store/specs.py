"""Agent specs: stored once under their hash, kept in memory once known."""

from __future__ import annotations

from collections import OrderedDict

from harness.contracts.errors import ContentCorrupt
from harness.contracts.model import AgentSpec
from harness.contracts.transcript import digest
from harness.store.artifacts import Artifacts

KEPT = 1000


class Specs:
    def __init__(self, artifacts: Artifacts) -> None:
        self._artifacts = artifacts
        self._known: OrderedDict[str, AgentSpec] = OrderedDict()

    async def put(self, spec: AgentSpec) -> str:
        """Return the spec's hash; the first time in a process, store the spec before returning."""
        content = spec.wire()
        id = digest(content)
        if id not in self._known:
            await self._artifacts.put(content, media_type="application/json")
            self._add_to_cache(id, spec)
        return id

    async def get(self, id: str) -> AgentSpec:
        if (spec := self._known.get(id)) is not None:
            self._known.move_to_end(id)
            return spec
        content = await self._artifacts.get(id)
        try:
            spec = AgentSpec.model_validate_json(content)
        except ValueError as error:
            raise ContentCorrupt(
                f"Artifact {id} cannot be read as an agent spec by this version: {error}",
                fix="Upgrade harness, if the run was started by a newer version.",
            ) from error
        self._add_to_cache(id, spec)
        return spec

    def _add_to_cache(self, id: str, spec: AgentSpec) -> None:
        self._known[id] = spec
        while len(self._known) > KEPT:
            self._known.popitem(last=False)
