"""Gates of a daemon."""

from __future__ import annotations

from harness.gates.trial import Tried
from harness.gates.views import GatedRun, GateList
from harness.remote.connection import DaemonConnection


class RemoteGates:
    """What commands show of gates through a daemon."""

    def __init__(self, connection: DaemonConnection) -> None:
        self._connection = connection

    async def list_gates(self) -> GateList:
        return await self._connection.get(GateList, "gates")

    async def explain_run(self, run: str, profile: Tried | None) -> GatedRun:
        return await self._connection.get(GatedRun, "runs", run, "gates", profile=profile)
