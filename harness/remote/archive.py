"""The archive of a daemon, and forgetting."""

from __future__ import annotations

from collections.abc import Callable

from harness.archive.views import (
    ArchivedRuns,
    ArchiveVerification,
    ArchiveView,
    Rebuilt,
    Seal,
    SealedRuns,
)
from harness.forget.views import FamilyView, ForgottenRuns
from harness.remote.connection import AnswerTooSlow, DaemonConnection
from harness.remote.work import finish_work
from harness.runs.listing import RunRow

Progress = Callable[[int], None]
MOST_LISTED = 10_000


class RemoteArchive:
    """What commands do with ended runs through a daemon."""

    def __init__(self, connection: DaemonConnection) -> None:
        self._connection = connection

    async def show(self) -> ArchiveView:
        return await self._connection.get(ArchiveView, "archive")

    async def list_runs(
        self, *, agent: str | None, state: str | None, session: str | None, limit: int
    ) -> list[RunRow]:
        found: ArchivedRuns = await self._connection.get(
            ArchivedRuns, "archive", "runs", agent=agent, state=state, session=session,
            limit=min(limit, MOST_LISTED),
        )  # fmt: skip
        return found.runs

    async def seal_run(self, run: str) -> Seal:
        return await self._connection.post(Seal, "runs", run, "seal", body={})

    async def seal_all(self, progress: Progress) -> SealedRuns:
        return await finish_work(self._connection, SealedRuns, "archive", "seal", progress=progress)

    async def rebuild(self, progress: Progress) -> Rebuilt:
        return await finish_work(self._connection, Rebuilt, "archive", "rebuild", progress=progress)

    async def verify(
        self, token: str | None, progress: Progress, *, engine: bool
    ) -> ArchiveVerification:
        return await finish_work(
            self._connection, ArchiveVerification, "archive", "verify", progress=progress,
            token=token, engine=engine,
        )  # fmt: skip

    async def find_family(self, run: str) -> FamilyView:
        return await self._connection.get(FamilyView, "runs", run, "family")

    async def forget(self, run: str) -> ForgottenRuns:
        try:
            return await self._connection.post(ForgottenRuns, "runs", run, "forget", body={})
        except AnswerTooSlow:
            raise AnswerTooSlow(
                f"{self._connection.url} has not finished forgetting {run}.",
                fix=f"It goes on. To finish it in any case, repeat: harness forget {run}",
            ) from None
