"""The operations of a stack that commands use, over the connection of a client."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from harness.contracts.errors import StoreError
from harness.history.prompts import read_sent_prompt
from harness.history.reader import open_seals
from harness.history.recording import Recording, record_run
from harness.history.recording import read_history as read_run_history
from harness.sdk.client import HarnessClient
from harness.store.attempts import attempts_of

if TYPE_CHECKING:
    from harness.access.rows import Credential, User
    from harness.api.caller import Role
    from harness.archive.views import Verification
    from harness.care.desk import CareDesk
    from harness.cli.stack_parts import (
        StackArchive,
        StackBudgets,
        StackGates,
        StackLimits,
        StackPrompts,
        StackRequests,
        StackWebhooks,
    )
    from harness.cli.stack_policies import StackPolicies
    from harness.config import Missing
    from harness.contracts.attempt import Attempt
    from harness.contracts.event import DurableEvent
    from harness.contracts.sent_prompt import SentPrompt
    from harness.conversations.client import Conversations
    from harness.engine.connection import Connection
    from harness.forks.fork import Change
    from harness.journal.card import Card
    from harness.memory.desk import MemoryDesk
    from harness.prompts.prompt import Prompt
    from harness.runs.filter import RunFilter
    from harness.runs.listing import RunRow
    from harness.runs.published import ListedAgent
    from harness.sdk.handle import RunHandle


class StackBackend:
    """What commands do on the project's own stack."""

    def __init__(self, client: HarnessClient) -> None:
        self.client = client

    @property
    def ignored_restrictions(self) -> Missing | None:
        return self.client.connection.settings.missing

    @property
    def conversations(self) -> Conversations:
        from harness.conversations.client import Conversations

        return Conversations(self.client.connection)

    @property
    def access(self) -> StackAccess:
        return StackAccess(self.client.connection)

    @property
    def archive(self) -> StackArchive:
        from harness.cli.stack_parts import StackArchive

        return StackArchive(self.client.connection)

    @property
    def prompts(self) -> StackPrompts:
        from harness.cli.stack_parts import StackPrompts

        return StackPrompts(self.client.connection)

    @property
    def care(self) -> CareDesk:
        from harness.care.desk import CareDesk

        return CareDesk(self.client.connection)

    @property
    def memories(self) -> MemoryDesk:
        from harness.memory.desk import MemoryDesk

        return MemoryDesk(self.client.connection)

    @property
    def webhooks(self) -> StackWebhooks:
        from harness.cli.stack_parts import StackWebhooks

        return StackWebhooks(self.client.connection)

    @property
    def limits(self) -> StackLimits:
        from harness.cli.stack_parts import StackLimits

        return StackLimits(self.client.connection)

    @property
    def requests(self) -> StackRequests:
        from harness.cli.stack_parts import StackRequests

        return StackRequests(self.client.connection)

    @property
    def budgets(self) -> StackBudgets:
        from harness.cli.stack_parts import StackBudgets

        return StackBudgets(self.client.connection)

    @property
    def policies(self) -> StackPolicies:
        from harness.cli.stack_policies import StackPolicies

        return StackPolicies(self.client.connection)

    @property
    def gates(self) -> StackGates:
        from harness.cli.stack_parts import StackGates

        return StackGates(self.client.connection)

    def get_run(self, id: str) -> RunHandle[Any]:
        return self.client.get_run(id)

    async def list_runs(
        self, which: RunFilter, query: str | None = None, limit: int | None = None
    ) -> list[RunRow]:
        parts = [which.query(), f"({query})" if query else ""]
        whole = " AND ".join(part for part in parts if part)
        return [row async for row in self.client.list_runs(whole, limit=limit)]

    async def read_card(self, run: str) -> Card:
        from harness.runs.card import read_card

        return await read_card(self.client.connection, run)

    async def find_token(self, run: str) -> str | None:
        """The replay token, if the run is sealed and the database answers."""
        connection = self.client.connection
        try:
            rows = await open_seals(connection).seals_of_run(run, connection.endpoints.namespace)
        except StoreError:
            return None
        return next((row.hash for row in rows if row.kind != "part"), None)

    async def read_history(self, run: str) -> tuple[list[DurableEvent], Sequence[Attempt] | None]:
        connection = self.client.connection
        found = await read_run_history(connection, run)
        if found.attempts:
            return found.events, found.attempts
        try:
            return found.events, await attempts_of(connection.database, run, connection.vault)
        except StoreError:
            return found.events, None

    async def record_run(self, run: str) -> Recording:
        return await record_run(self.client.connection, run, at=time.time())

    async def read_sent_prompt(self, run: str, turn: int) -> SentPrompt:
        return await read_sent_prompt(self.client.connection, run, turn)

    async def read_recording(self, run: str) -> Recording:
        return await read_run_history(self.client.connection, run)

    async def is_whatif(self, run: str) -> bool:
        from harness.forks.fork import is_whatif

        return await is_whatif(self.client.connection, run)

    async def verify_run(self, run: str, token: str | None) -> Verification:
        from harness.archive.verify import verify_run
        from harness.archive.views import Verification

        return Verification.of(await verify_run(self.client.connection, run, token))

    async def read_prompt(self, ref: str, words: Sequence[str]) -> Prompt:
        from harness.prompts.client import Prompts

        return await Prompts(self.client.connection).read_words(ref, words)

    async def list_agents(self) -> list[ListedAgent]:
        from harness.runs.published import list_published

        return await list_published(self.client.connection)

    async def fork_run(self, run: str, at: int, change: Change, id: str | None) -> RunHandle[Any]:
        return await self.client.fork(run, at, change, id=id)


class StackAccess:
    """Users and tokens, as the person at this machine manages them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def list_users(self) -> list[User]:
        from harness.access import client

        return await client.list_users(self._connection)

    async def create_user(self, name: str, role: Role) -> User:
        from harness.access import client

        return await client.create_user(self._connection, name, role)

    async def change_user(
        self, name: str, *, role: Role | None = None, disabled: bool | None = None
    ) -> User:
        from harness.access import client

        if role is not None:
            await client.set_role(self._connection, name, role)
        if disabled is not None:
            change = client.disable_user if disabled else client.enable_user
            await change(self._connection, name)
        return await client.find_user(self._connection, name)

    async def create_token(
        self, *, user: str | None, role: Role | None, name: str, expires_in: float | None
    ) -> tuple[Credential, str]:
        from harness.access import client
        from harness.api.caller import LOCAL_USER

        whose = LOCAL_USER if user is None else user
        return await client.create_token(
            self._connection, user=whose, role=role, name=name, expires_in=expires_in
        )

    async def list_tokens(self, user: str | None) -> list[Credential]:
        from harness.access import client

        return await client.list_tokens(self._connection, user)

    async def revoke_token(self, id: str) -> Credential:
        from harness.access import client

        return await client.revoke_token(self._connection, id)
