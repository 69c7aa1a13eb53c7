"""A run on a daemon: the operations of `RunHandle` that commands use."""

from __future__ import annotations

import uuid
from asyncio import sleep
from collections.abc import AsyncGenerator, Sequence
from typing import Any

from harness.contracts.attempt import Attempt
from harness.contracts.effect import EffectRow, UndoReport
from harness.contracts.errors import RunUnfinished
from harness.contracts.event import DurableEvent, Event
from harness.contracts.ruling import Remember
from harness.contracts.run import Pending, RunEnd
from harness.contracts.steering import Verdict
from harness.contracts.verdicts import Decision, short_digest
from harness.history.bounded import FILE_BYTES
from harness.remote.connection import AnswerTooSlow, DaemonConnection
from harness.remote.event_reader import follow_run
from harness.runs.decide import Shown
from harness.runs.views import EventList, PendingList, Service
from harness.sdk.result import RunResult, make_result
from harness.undo.views import EffectList

WAIT_S = 30
"""How long one request waits for the end of a run."""
PAUSE_S = 1.0
"""Between these requests: a daemon may answer without waiting."""
MOST_UNDO_REQUESTS = 40
"""Requests that wait for one undo, each up to `ANSWER_S`: an hour together."""


class RemoteRun:
    """One run on a daemon."""

    url: str | None = None
    """Temporal's web page is not reachable through a daemon."""

    def __init__(self, connection: DaemonConnection, id: str) -> None:
        self.id = id
        self._connection = connection
        self._service: Service | None = None

    def events(self) -> AsyncGenerator[Event]:
        return follow_run(self._connection, self.id)

    async def trace(self) -> list[DurableEvent]:
        return (await self._read_trace(attempts=False)).events

    async def attempts(self) -> list[Attempt]:
        return (await self._read_trace(attempts=True)).attempts or []

    async def read_history(self) -> tuple[list[DurableEvent], list[Attempt] | None]:
        """The events so far, and the attempt log; None if the daemon cannot read it."""
        found = await self._read_trace(attempts=True)
        return found.events, found.attempts

    async def _read_trace(self, *, attempts: bool) -> EventList:
        path = ("runs", self.id, "trace")
        return await self._connection.get(EventList, *path, most=FILE_BYTES, attempts=attempts)

    async def effects(self) -> list[EffectRow]:
        found: EffectList = await self._connection.get(EffectList, "runs", self.id, "effects")
        return found.effects

    async def pending(self) -> list[Pending]:
        found: PendingList = await self._connection.get(PendingList, "runs", self.id, "pending")
        return found.pending

    async def is_served(self) -> bool:
        service: Service = await self._connection.get(Service, "runs", self.id, "service")
        self._service = service
        return service.served

    async def trouble(self) -> str | None:
        if self._service is None:
            await self.is_served()
        return self._service.trouble if self._service else None

    async def outcome(self) -> RunResult[Any]:
        while True:
            try:
                path = ("runs", self.id, "result")
                end: RunEnd = await self._connection.get(RunEnd, *path, wait=WAIT_S)
            except RunUnfinished:
                await sleep(PAUSE_S)
            else:
                return make_result(self.id, end, None)

    async def abort(self, reason: str = "aborted", *, undo: bool = False) -> None:
        await self._steer("abort", {"reason": reason, "undo": undo})

    async def hint(self, text: str, *, interrupt: bool = False) -> None:
        await self._steer("hint", {"text": text, "interrupt": interrupt})

    async def pause(self, reason: str | None = None) -> None:
        await self._steer("pause", {"reason": reason})

    async def resume(self, reason: str | None = None) -> None:
        await self._steer("resume", {"reason": reason})

    async def _steer(self, act: str, body: dict[str, Any]) -> None:
        await self._connection.post(None, "runs", self.id, act, body=body)

    async def decide(
        self,
        verdict: Verdict,
        id: str | Shown | None = None,
        *,
        note: str | None = None,
        arguments: dict[str, Any] | None = None,
        replace: bool = False,
        answer: str | None = None,
        digest: str | None = None,
        remember: Remember | None = None,
        key: str | None = None,
    ) -> Decision:
        if id is not None and not isinstance(id, str):
            digest = digest or id.digest or short_digest(id.asked)
            id = id.id
        body: dict[str, Any] = {
            "verdict": verdict, "item": id, "note": note, "arguments": arguments,
            "replace": replace, "answer": answer, "digest": digest,
        }  # fmt: skip
        if remember is not None:  # daemons of earlier versions refuse the field
            body["remember"] = remember
        path = ("runs", self.id, "decide")
        return await self._connection.post(Decision, *path, body=body, key=key or str(uuid.uuid4()))

    async def approve(self, id: str | Shown | None = None, *, note: str | None = None) -> Decision:
        return await self.decide("approve", id, note=note)

    async def reject(self, id: str | Shown | None = None, *, note: str | None = None) -> Decision:
        return await self.decide("reject", id, note=note)

    async def answer(self, text: str, id: str | Shown | None = None) -> Decision:
        return await self.decide("answer", id, answer=text)

    async def undo(
        self, to_turn: int | None = None, *, dry_run: bool = False, past: Sequence[str] = ()
    ) -> UndoReport:
        body = {"to_turn": to_turn, "dry_run": dry_run, "past": list(past)}
        for _ in range(MOST_UNDO_REQUESTS):
            try:
                return await self._connection.post(UndoReport, "runs", self.id, "undo", body=body)
            except AnswerTooSlow:
                continue  # the same undo again joins the one in progress
        raise AnswerTooSlow(
            f"{self._connection.url} has not finished the undo of {self.id}.",
            fix="It may still be in progress. Run the same command again to wait for it: "
            f"harness undo {self.id}",
        )
