"""Deploy a change of a subject, and take it back. What is done is in the table of changes, under
the idempotency key of the call, so that it is done once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from harness.care.contracts import Verify
from harness.care.invariants.judge import GAPS, KNOWN
from harness.care.invariants.rows import Sample, Watched
from harness.care.repair.git import Clone, check_commit, open_clone, revert, take_over
from harness.care.repair.look import LOOK_EVERY_S, look_at
from harness.care.repair.turns import taking_turn
from harness.care.store import CareStore, StoredSubject
from harness.care.subjects.commands import Ran, run_command, wait_for_process
from harness.care.subjects.health import check_health, wait_until_healthy
from harness.care.subjects.subject import Command, Subject
from harness.care.tickets.rows import (
    ENDED_BADLY,
    NOT_FINISHED,
    NOT_TAKEN_BACK,
    STUCK_TOO,
    TAKEN_BACK,
    ChangeRow,
)
from harness.care.tickets.store import TicketStore
from harness.contracts.errors import HarnessError, StoreUnavailable, TargetChanged, ToolFailed
from harness.engine.connection import Connection

DAY_S = 86_400.0
INTERRUPTED = "the worker stopped during the deploy, and the code changed before it was resumed"


@dataclass(frozen=True)
class Holding:
    """The invariants of a subject that hold, by name."""

    held: tuple[str, ...]
    unsure: tuple[str, ...]
    """Those of them of which nothing is known now: they held when something was known last."""


def _is_unknown(watched: Watched) -> bool:
    return watched.judgement is None or watched.judgement.state in GAPS


def _did_hold(watched: Watched, samples: Sequence[Sample]) -> bool:
    if _is_unknown(watched):
        known = [sample.state for sample in samples if sample.state in KNOWN]
        return bool(known) and known[-1] == "holds"
    return watched.judgement is not None and watched.judgement.state == "holds"


@dataclass(frozen=True)
class Deployer:
    """Changes one subject."""

    connection: Connection
    stored: StoredSubject

    @property
    def subject(self) -> Subject:
        return self.stored.subject

    @property
    def _changes(self) -> TicketStore:
        return TicketStore(self.connection.database)

    async def find_holding(self) -> Holding:
        """The invariants of the subject that hold now. If nothing is known now, because the subject
        or its metrics are away: those that held when something was known last.

        Burn rates of SLOs are left out: they look back, and may break after a good repair by what
        happened before it.
        """
        store = CareStore(self.connection.database)
        watched = await store.list_watched(self.subject.name)
        samples = await store.read_samples(self.subject.name)
        held = [
            each
            for each in watched
            if each.invariant.slo is None and _did_hold(each, samples.get(each.key, ()))
        ]
        return Holding(
            held=tuple(each.invariant.name for each in held),
            unsure=tuple(each.invariant.name for each in held if _is_unknown(each)),
        )

    async def deploy(self, change: ChangeRow) -> ChangeRow:
        """Take a commit over, deploy it and wait until it is healthy; if it is not, take it back.

        Raises:
            ToolFailed: The deploy failed; the subject is as it was, or the error says what is not.
            TargetChanged: The subject was changed meanwhile.
        """
        async with self._turn():
            return await self._deploy(change)

    async def _deploy(self, change: ChangeRow) -> ChangeRow:
        change = await self._begin(change)
        if change.state in ("done", "undone"):
            return change
        if change.state in ENDED_BADLY:
            raise ToolFailed(change.message)
        assert change.commit is not None
        clone = await open_clone(Path(self.stored.folder))
        try:
            await check_commit(clone, change.commit, self.subject.editable)
            is_newest = await take_over(clone, change.commit)
        except HarnessError as error:  # nothing was done yet
            await self._changes.end_change(change.id, "failed", error.message)
            raise
        try:
            if not is_newest:
                raise TargetChanged(INTERRUPTED)
            await self._deploy_stages(change)
        except StoreUnavailable:
            raise  # the call is made again, and goes on where it was
        except HarnessError as error:
            await self._recover(clone, change, error)
            raise ToolFailed(f"{TAKEN_BACK}{error.message}") from None
        await self._changes.end_change(change.id, "done")
        return replace(change, state="done")

    async def _deploy_stages(self, change: ChangeRow) -> None:
        """Deploy stage by stage; those that were done before a crash are not repeated."""
        was_healthy = await self._is_healthy()
        for stage in self.subject.stages or (None,):
            if stage is not None and stage <= (change.stage or 0):
                continue
            await self._run("deploy", self.subject.deploy, change, stage)
            # A part of it cannot mend what is broken everywhere: only the whole is judged then.
            if was_healthy or stage in (None, 100):
                await self._check_health()
            if stage is None:
                continue
            if stage < 100 and was_healthy:
                await self._watch_stage(change, stage)
            await self._changes.note_stage(change.id, stage)

    async def _watch_stage(self, change: ChangeRow, stage: int) -> None:
        """Watch the invariants that held before the change; raises ToolFailed if one breaks, or
        does not hold at the end."""
        names = tuple(name for name in change.held if name not in change.unsure)
        request = Verify(subject=self.subject.name, names=names, changed_at=change.at)
        until = time.monotonic() + self.subject.stage_seconds
        while True:
            seen = await look_at(self.connection, request)
            is_over = time.monotonic() >= until
            if seen.broken or (is_over and seen.failing):
                raise ToolFailed(f"at {stage} % {', '.join(seen.failing)}")
            if is_over:
                return
            await asyncio.sleep(LOOK_EVERY_S)

    async def restart(self, change: ChangeRow) -> ChangeRow:
        """Restart the subject and wait until it is healthy.

        Raises:
            ToolFailed: It does not restart, or is not healthy in time.
        """
        async with self._turn():
            return await self._restart(change)

    async def _restart(self, change: ChangeRow) -> ChangeRow:
        change = await self._begin(change)
        if change.state == "done":
            return change
        if change.state in ENDED_BADLY:
            raise ToolFailed(change.message)
        try:
            await self._run("restart", self.subject.restart, change)
            await self._check_health()
        except StoreUnavailable:
            raise  # the call is made again
        except HarnessError as error:
            # There is nothing to go back to: it may have been stopped and not started.
            state = "failed" if self.subject.restart is None else "stuck"
            await self._changes.end_change(change.id, state, error.message)
            raise
        await self._changes.end_change(change.id, "done")
        return replace(change, state="done")

    async def take_back(self, id: str) -> None:
        """Undo a deploy; nothing if it was undone, or never made.

        Raises:
            ToolFailed: The rollback failed.
            TargetChanged: Later changes stand in the way.
        """
        async with self._turn():
            await self._take_back(id)

    async def _take_back(self, id: str) -> None:
        found = await self._changes.list_changes(id=id)
        if not found or found[0].state in ("undone", *ENDED_BADLY) or found[0].commit is None:
            return
        change = found[0]
        assert change.commit is not None
        clone = await open_clone(Path(self.stored.folder))
        await revert(clone, change.commit)
        await self._run("rollback", self.subject.rollback, change)
        await self._check_health()
        await self._changes.end_change(change.id, "undone")

    async def settle(self, run: str) -> Sequence[ChangeRow]:
        """Take back what a run that has ended left in the middle, such as a deploy that took too
        long. Returns all changes of the run, the newest first."""
        for change in await self._changes.list_changes(run=run):
            if change.state != "started":
                continue
            try:
                await self.take_back(change.id)
            except StoreUnavailable:
                raise  # retried, and resumed where it stopped
            except HarnessError as error:
                message = f"{NOT_TAKEN_BACK}{error.message}"
                await self._changes.end_change(change.id, "stuck", message)
            else:
                await self._changes.end_change(change.id, "failed", NOT_FINISHED)
        return await self._changes.list_changes(run=run)

    def check_permission(self) -> None:
        """Raise ToolFailed if agents may not change the subject."""
        if self.subject.changes == "never":
            raise ToolFailed(f'Agents may not change {self.subject.name}: changes = "never".')

    async def check_budget(self) -> None:
        """Raise ToolFailed if the subject had as many changes of agents in a day as it may have."""
        since = time.time() - DAY_S
        made = await self._changes.list_changes(subject=self.subject.name, after=since)
        if len(made) >= self.subject.changes_per_day:
            raise self._refuse_more()

    async def _check_need(self, change: ChangeRow) -> None:
        """Raise ToolFailed if the invariant of the ticket holds by now: it may have taken long
        until a person approved, and another ticket may have repaired the cause."""
        ticket = None if change.ticket is None else await self._changes.find(change.ticket)
        if ticket is None or ticket.invariant is None:
            return
        watched = await CareStore(self.connection.database).list_watched(
            self.subject.name, (ticket.invariant,)
        )
        if any(each.judgement and each.judgement.state == "holds" for each in watched):
            raise ToolFailed(f"{ticket.invariant} holds again, so nothing needs to be changed.")

    def _refuse_more(self) -> ToolFailed:
        return ToolFailed(
            f"{self.subject.name} had {self.subject.changes_per_day} changes of agents in 24 "
            "hours, as many as its changes_per_day allows."
        )

    async def _begin(self, change: ChangeRow) -> ChangeRow:
        self.check_permission()
        if not await self._changes.list_changes(id=change.id):
            await self._check_need(change)
        state = await self._changes.begin_change(change, self.subject.changes_per_day)
        if state is None:
            raise self._refuse_more()
        [known] = await self._changes.list_changes(id=change.id)
        return known

    async def _recover(self, clone: Clone, change: ChangeRow, error: HarnessError) -> None:
        """Take a failed deploy back: what may have been deployed of it, even if the code cannot
        follow, for someone may have changed it."""
        assert change.commit is not None
        problems = list[str]()
        try:
            await revert(clone, change.commit)
        except StoreUnavailable:
            raise
        except HarnessError as second:
            problems.append(second.message)
        try:
            await self._run("rollback", self.subject.rollback, change)
            await self._check_health()
        except StoreUnavailable:
            raise
        except HarnessError as second:
            problems.append(second.message)
        message = error.message
        if problems:
            message = f"{message}{STUCK_TOO}{' '.join(problems)}"
        await self._changes.end_change(change.id, "stuck" if problems else "failed", message)
        if problems:
            raise ToolFailed(message) from None

    async def _run(
        self, what: str, command: Command, change: ChangeRow, stage: int | None = None
    ) -> Ran:
        if command is None:
            raise ToolFailed(f"{self.subject.name} has no {what} command in its subject.toml.")
        extra = {"HARNESS_RELEASE": change.id, "HARNESS_COMMIT": change.commit or ""}
        if stage is not None:
            extra["HARNESS_STAGE"] = str(stage)
        folder, seconds = Path(self.stored.folder), self.subject.command_seconds
        for process in await self._changes.list_processes(change):
            await wait_for_process(process, seconds)  # the worker that has started it died
        ran = await run_command(
            command, folder, seconds, extra, may_leave=True,
            on_start=partial(self._changes.note_process, change.id),
        )  # fmt: skip
        if not ran.is_good:
            raise ToolFailed(f"{what} of {self.subject.name} failed: {ran.output[-2_000:]}")
        return ran

    def _turn(self) -> AbstractAsyncContextManager[None]:
        return taking_turn(self.connection.database, self.subject.name)

    async def _is_healthy(self) -> bool:
        health = self.subject.health
        return health is None or await check_health(health, Path(self.stored.folder)) is None

    async def _check_health(self) -> None:
        reason = await wait_until_healthy(self.subject, Path(self.stored.folder))
        if reason is not None:
            raise ToolFailed(f"{self.subject.name} is not healthy: {reason}.")
