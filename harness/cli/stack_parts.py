"""The parts of a stack that commands use besides its runs, each as a daemon's is used."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from harness.prompts.client import PAGE, Prompts
from harness.prompts.views import (
    PromptList,
    RenderedPrompt,
    SavedPrompt,
    VersionList,
    VersionSummary,
    VersionView,
)

if TYPE_CHECKING:
    from harness.archive.views import (
        ArchiveVerification,
        ArchiveView,
        Rebuilt,
        Seal,
        SealedRuns,
    )
    from harness.budgets.views import (
        Dimension,
        Forecast,
        GrantBody,
        Granted,
        SharedBudget,
        SpendingList,
    )
    from harness.engine.connection import Connection
    from harness.forget.views import FamilyView, ForgottenRuns
    from harness.gates.trial import Tried
    from harness.gates.views import GatedRun, GateList
    from harness.limits.views import Limit
    from harness.prompts.prompt import Prompt
    from harness.request_log.rows import RequestFilter
    from harness.request_log.views import RequestDetail, RequestPage
    from harness.runs.listing import RunRow
    from harness.webhooks.rows import Delivery, Webhook


class StackPrompts:
    """Prompt templates of the stack."""

    def __init__(self, connection: Connection) -> None:
        self._prompts = Prompts(connection)

    async def list(
        self, *, archived: bool = False, limit: int = PAGE, after: str | None = None
    ) -> PromptList:
        return PromptList.of(await self._prompts.list(archived=archived, limit=limit, after=after))

    async def save(self, name: str, text: str) -> SavedPrompt:
        return SavedPrompt.of_saved(await self._prompts.save(name, text))

    async def find(self, ref: str) -> VersionView:
        return VersionView.of_full(await self._prompts.find(ref))

    async def list_versions(
        self, name: str, *, limit: int = PAGE, before: int | None = None
    ) -> VersionList:
        return VersionList.of(await self._prompts.list_versions(name, limit=limit, before=before))

    async def diff(self, before: str, after: str) -> str:
        return await self._prompts.diff(before, after)

    async def set_archived(self, name: str, archived: bool) -> VersionSummary:
        return VersionSummary.of(await self._prompts.set_archived(name, archived))

    async def fill(self, prompt: Prompt) -> RenderedPrompt:
        return RenderedPrompt.of(await self._prompts.fill(prompt))


class StackWebhooks:
    """Webhooks of the stack, as the person at this machine manages them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(
        self, url: str, *, events: Sequence[str], agent: str | None, owner: str | None
    ) -> tuple[Webhook, str]:
        from harness.webhooks import client

        return await client.add_webhook(
            self._connection, url, events=events, agent=agent, owner=owner, everyone=owner is None
        )

    async def list(self) -> builtins.list[Webhook]:
        from harness.webhooks import client

        return await client.list_webhooks(self._connection)

    async def find(self, id: str) -> Webhook:
        from harness.webhooks import client

        return await client.find_webhook(self._connection, id)

    async def remove(self, id: str) -> Webhook:
        from harness.webhooks import client

        return await client.remove_webhook(self._connection, id)

    async def test(self, id: str) -> str:
        from harness.webhooks import client

        return await client.test_webhook(self._connection, id)

    async def resume(self, id: str) -> int:
        from harness.webhooks import client

        return await client.resume_webhook(self._connection, id)

    async def list_deliveries(self, id: str, limit: int) -> builtins.list[Delivery]:
        from harness.webhooks import client

        return await client.list_deliveries(self._connection, id, limit)


class StackGates:
    """Gates of the stack."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def list_gates(self) -> GateList:
        from harness.gates import client

        return client.list_gates(self._connection)

    async def explain_run(self, run: str, profile: Tried | None) -> GatedRun:
        from harness.gates import client

        return await client.explain_run(self._connection, run, profile)


class StackLimits:
    """Limits and pools of the stack."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def list_limits(self) -> list[Limit]:
        from harness.limits import client

        return await client.list_limits(self._connection, ("model", "provider"))

    async def list_pools(self) -> list[Limit]:
        from harness.limits import client

        return await client.list_limits(self._connection, ("pool",))


class StackRequests:
    """The request log of the stack."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def list(self, which: RequestFilter, limit: int, cursor: str | None) -> RequestPage:
        from harness.request_log import client

        return await client.list_requests(self._connection, which, limit=limit, cursor=cursor)

    async def show(self, id: str) -> RequestDetail:
        from harness.request_log import client

        return await client.show_request(self._connection, id)


class StackBudgets:
    """Shared budgets and spending of the stack."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def list(self, name: str | None) -> builtins.list[SharedBudget]:
        from harness.budgets import client

        return await client.list_budgets(self._connection, name=name)

    async def grant(self, grant: GrantBody) -> Granted:
        from harness.budgets import client

        return await client.grant_budget(self._connection, grant)

    async def read_spending(
        self, by: Sequence[Dimension], *, since: date | None, filters: Mapping[str, str | None]
    ) -> SpendingList:
        from harness.budgets import client

        return await client.read_spending(self._connection, by, since=since, filters=filters)

    async def forecast(self, agent: str) -> Forecast:
        from harness.budgets import client

        return await client.forecast(self._connection, agent)


class StackArchive:
    """Ended runs of the stack."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def show(self) -> ArchiveView:
        from harness.archive import client

        return await client.show_archive(self._connection)

    async def list_runs(
        self, *, agent: str | None, state: str | None, session: str | None, limit: int
    ) -> list[RunRow]:
        from harness.archive import client

        found = await client.list_archived(
            self._connection, agent=agent, state=state, session=session, limit=limit
        )
        return found.runs

    async def seal_run(self, run: str) -> Seal:
        from harness.archive import client

        return await client.seal_run(self._connection, run)

    async def seal_all(self, progress: Callable[[int], None]) -> SealedRuns:
        from harness.archive import client

        return await client.seal_all(self._connection, progress)

    async def rebuild(self, progress: Callable[[int], None]) -> Rebuilt:
        from harness.archive import client

        return await client.rebuild_archive(self._connection, progress)

    async def verify(
        self, token: str | None, progress: Callable[[int], None], *, engine: bool
    ) -> ArchiveVerification:
        from harness.archive import client

        return await client.verify_archive(self._connection, token, progress, engine=engine)

    async def find_family(self, run: str) -> FamilyView:
        from harness.forget.client import known_family
        from harness.forget.views import FamilyView

        return FamilyView.of(await known_family(self._connection, run))

    async def forget(self, run: str) -> ForgottenRuns:
        from harness.forget.client import forget_run
        from harness.forget.views import ForgottenRuns

        return ForgottenRuns.of(await forget_run(self._connection, run))
