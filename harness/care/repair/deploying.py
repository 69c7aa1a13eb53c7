"""Deploy a change of a subject, and take it back. What is done is in the table of changes, under
the idempotency key of the call, so that it is done once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harness.care.invariants.judge import GAPS, KNOWN
from harness.care.invariants.rows import Sample, Watched
from harness.care.repair.git import Clone, open_clone, revert, take_over
from harness.care.store import CareStore, StoredSubject
from harness.care.subjects.commands import Ran, run_command
from harness.care.subjects.health import wait_until_healthy
from harness.care.subjects.subject import Command, Subject
from harness.care.tickets.rows import ChangeRow
from harness.care.tickets.store import TicketStore
from harness.contracts.errors import HarnessError, ToolFailed
from harness.engine.connection import Connection


def _did_hold(watched: Watched, samples: Sequence[Sample]) -> bool:
    if watched.judgement is None or watched.judgement.state in GAPS:
        known = [sample.state for sample in samples if sample.state in KNOWN]
        return bool(known) and known[-1] == "holds"
    return watched.judgement.state == "holds"


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

    async def list_holding(self) -> tuple[str, ...]:
        """The invariants of the subject that hold now. Of which nothing is known now, since the
        subject or its metrics are away: those that held when something was known last.

        Burn rates of SLOs are left out: they look back, and may break after a good repair by what
        happened before it.
        """
        store = CareStore(self.connection.database)
        watched = await store.list_watched(self.subject.name)
        samples = await store.read_samples(self.subject.name)
        return tuple(
            each.invariant.name
            for each in watched
            if each.invariant.slo is None and _did_hold(each, samples.get(each.key, ()))
        )

    async def deploy(self, change: ChangeRow) -> ChangeRow:
        """Take a commit over, deploy it and wait until it is healthy; if it is not, take it back.

        Raises:
            ToolFailed: The deploy failed; the subject is as it was, or the error says what is not.
            TargetChanged: The subject was changed meanwhile.
        """
        change = await self._begin(change)
        if change.state in ("done", "undone"):
            return change
        assert change.commit is not None
        clone = await open_clone(Path(self.stored.folder))
        try:
            await take_over(clone, change.commit)
        except HarnessError as error:  # nothing was done yet
            await self._changes.end_change(change.id, "failed", error.message)
            raise
        try:
            await self._run("deploy", self.subject.deploy, change)
            await self._check_health()
        except HarnessError as error:
            await self._recover(clone, change, error)
            raise ToolFailed(f"The deploy failed and was taken back: {error.message}") from None
        await self._changes.end_change(change.id, "done")
        return replace(change, state="done")

    async def restart(self, change: ChangeRow) -> ChangeRow:
        """Restart the subject and wait until it is healthy.

        Raises:
            ToolFailed: It does not restart, or is not healthy in time.
        """
        change = await self._begin(change)
        if change.state == "done":
            return change
        try:
            await self._run("restart", self.subject.restart, change)
            await self._check_health()
        except HarnessError as error:
            await self._changes.end_change(change.id, "failed", error.message)
            raise
        await self._changes.end_change(change.id, "done")
        return replace(change, state="done")

    async def take_back(self, id: str) -> None:
        """Undo a deploy; nothing if it was undone, or never made.

        Raises:
            ToolFailed: The rollback failed.
            TargetChanged: Later changes stand in the way.
        """
        found = await self._changes.list_changes(id=id)
        if not found or found[0].state in ("undone", "failed") or found[0].commit is None:
            return
        change = found[0]
        assert change.commit is not None
        clone = await open_clone(Path(self.stored.folder))
        await revert(clone, change.commit)
        await self._run("rollback", self.subject.rollback, change)
        await self._check_health()
        await self._changes.end_change(change.id, "undone")

    async def _begin(self, change: ChangeRow) -> ChangeRow:
        if self.subject.changes == "never":
            raise ToolFailed(f'Agents may not change {self.subject.name}: changes = "never".')
        state = await self._changes.begin_change(change, self.subject.changes_per_day)
        if state is None:
            raise ToolFailed(
                f"{self.subject.name} had {self.subject.changes_per_day} changes of agents in 24 "
                "hours, as many as its changes_per_day allows."
            )
        [known] = await self._changes.list_changes(id=change.id)
        return known

    async def _recover(self, clone: Clone, change: ChangeRow, error: HarnessError) -> None:
        """Take a failed deploy back: the code, and what may have been deployed of it."""
        assert change.commit is not None
        try:
            await revert(clone, change.commit)
            await self._run("rollback", self.subject.rollback, change)
            await self._check_health()
        except HarnessError as second:
            message = f"{error.message} Taking it back failed too: {second.message}"
            await self._changes.end_change(change.id, "failed", message)
            raise ToolFailed(message) from None
        await self._changes.end_change(change.id, "failed", error.message)

    async def _run(self, what: str, command: Command, change: ChangeRow) -> Ran:
        if command is None:
            raise ToolFailed(f"{self.subject.name} has no {what} command in its subject.toml.")
        extra = {"HARNESS_RELEASE": change.id, "HARNESS_COMMIT": change.commit or ""}
        folder = Path(self.stored.folder)
        ran = await run_command(command, folder, self.subject.command_seconds, extra)
        if not ran.is_good:
            raise ToolFailed(f"{what} of {self.subject.name} failed: {ran.output[-2_000:]}")
        return ran

    async def _check_health(self) -> None:
        reason = await wait_until_healthy(self.subject)
        if reason is not None:
            raise ToolFailed(f"{self.subject.name} is not healthy: {reason}.")
