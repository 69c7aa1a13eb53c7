"""Policies of a daemon."""

from __future__ import annotations

from harness.policies.views import (
    ExplainBody,
    Explanation,
    PolicyTest,
    PolicyTestBody,
    PolicyView,
    RememberedApproval,
    RememberedList,
    RunPolicy,
)
from harness.remote.connection import DaemonConnection


class RemotePolicies:
    """What commands do with policies through a daemon."""

    def __init__(self, connection: DaemonConnection) -> None:
        self._connection = connection

    async def show(self) -> PolicyView:
        return await self._connection.get(PolicyView, "policy")

    async def explain(self, body: ExplainBody) -> Explanation:
        data = body.model_dump(mode="json", exclude_none=True)
        return await self._connection.post(Explanation, "policy", "explain", body=data)

    async def test(self, body: PolicyTestBody) -> PolicyTest:
        data = body.model_dump(mode="json", exclude_none=True)
        return await self._connection.post(PolicyTest, "policy", "test", body=data)

    async def show_run(self, run: str) -> RunPolicy:
        return await self._connection.get(RunPolicy, "runs", run, "policy")

    async def switch(self, run: str, text: str | None) -> RunPolicy:
        body = {"policy": text}
        return await self._connection.send("PUT", RunPolicy, "runs", run, "policy", body=body)

    async def list_remembered(self, session: str | None) -> list[RememberedApproval]:
        path = ("policy", "remembered")
        found: RememberedList = await self._connection.get(RememberedList, *path, session=session)
        return found.remembered

    async def revoke(self, id: str) -> RememberedApproval:
        path = ("policy", "remembered", id)
        return await self._connection.send("DELETE", RememberedApproval, *path)
