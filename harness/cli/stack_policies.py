"""Policies of the stack, as the person at this machine uses them."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.engine.connection import Connection
    from harness.policies.views import (
        ExplainBody,
        Explanation,
        PolicyTest,
        PolicyTestBody,
        PolicyView,
        RememberedApproval,
        RunPolicy,
    )


class StackPolicies:
    """Policies of the stack."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def show(self) -> PolicyView:
        from harness.policies import client

        return client.show_policy(self._connection)

    async def explain(self, body: ExplainBody) -> Explanation:
        from harness.policies import client

        return await client.explain_call(self._connection, body)

    async def test(self, body: PolicyTestBody) -> PolicyTest:
        from harness.policies import client

        return await client.test_past_runs(self._connection, body)

    async def show_run(self, run: str) -> RunPolicy:
        from harness.policies import client

        return await client.show_run_policy(self._connection, run)

    async def switch(self, run: str, text: str | None) -> RunPolicy:
        from harness.policies import client

        return await client.switch_policy(self._connection, run, text)

    async def list_remembered(self, session: str | None) -> builtins.list[RememberedApproval]:
        from harness.policies import client

        return await client.list_remembered(self._connection, session)

    async def revoke(self, id: str) -> RememberedApproval:
        from harness.policies import client

        return await client.revoke_remembered(self._connection, id)
