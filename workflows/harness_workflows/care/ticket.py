"""A ticket: let an agent work on it, verify what it changed, and undo that if it made things worse.

The workflow is the truth about a ticket; the row in Postgres is a copy for lists.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from pydantic import BaseModel
from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError

from harness.care.contracts import (
    TICKET_WORKFLOW,
    Carried,
    Move,
    SaveMove,
    TicketAct,
    TicketChange,
    TicketFields,
    TicketSpec,
    Undone,
    UndoWork,
    Verified,
    Verify,
    WatchChange,
    Work,
    Worked,
    describe_fields,
)
from harness.care.states import (
    ALREADY,
    CAN_WORK,
    RESOLVE_ALONE,
    SETTLES,
    TRANSITIONS,
    TicketState,
)

T = TypeVar("T", bound=BaseModel)
AGENT = "agent"
BLIND = timedelta(minutes=10)
"""How much longer a change is watched if the source of its metrics does not answer."""
KEPT_RESOLVED = timedelta(hours=1)
"""After this time without a relapse, a resolved ticket is closed."""
LONGEST = timedelta(days=30)
"""People may take their time to approve."""
LOOK_EVERY = timedelta(seconds=5)
"""How often tickets of earlier versions looked, each time with an activity of its own: a day of
that was more than a history may have."""
NAMES_WHO_ASKED = "care-names-who-asked"
"""Tickets of earlier versions did not tell the agent whether a person had asked for its work."""
RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1))


@workflow.defn(name=TICKET_WORKFLOW)
class CareTicket:
    @workflow.init
    def __init__(self, spec: TicketSpec) -> None:
        self.spec = spec
        self.state: TicketState = spec.state
        self.attempts = spec.attempts
        self.number = 0
        self.unsaved: list[Move] = []
        self.followed = set[str]()
        """Events of runs that were told."""
        self.wants_work = spec.autonomous
        self.asked_by: str | None = None
        """The person who wants the work, if it is one."""
        self.working: asyncio.Task[None] | None = None
        self.closes_at: datetime | None = None
        """When a ticket that is resolved is closed."""
        self.stuck = False
        """Whether something may be left of a change that failed: a person must look."""
        if spec.carried is None:
            self._move(self.state, spec.title, spec.by)  # before any update
        else:
            self._take_over(spec.carried)

    @workflow.run
    async def run(self, _: TicketSpec) -> str:
        while self.state != "closed" or self.unsaved:
            if self.state == "closed" and self.working is not None:
                await self._stop_work()
            await self._save_moves()
            if self._is_long():
                workflow.continue_as_new(self._carry_over())
            if self.wants_work and self.working is None and self.state in CAN_WORK:
                self.wants_work = False
                self.working = asyncio.create_task(self._work())
            await self._wait()
        return self.state

    @workflow.update(description="Let an agent work on the ticket, resolve it, or close it.")
    def act(self, act: TicketAct) -> TicketState:
        if act.action == "work":
            self.wants_work, self.asked_by = True, act.by
            return self.state
        self._move(SETTLES[act.action], act.why, act.by)
        return self.state

    @workflow.update(description="Change the priority, the assignee or the related tickets.")
    def change(self, change: TicketChange) -> TicketState:
        self._move(self.state, describe_fields(change.fields), change.by, fields=change.fields)
        return self.state

    @change.validator
    def check_change(self, change: TicketChange) -> None:
        if self.state == "closed":
            raise ApplicationError("A ticket that is closed cannot be changed.")
        if not describe_fields(change.fields):
            raise ApplicationError("Nothing is to be changed.")

    @act.validator
    def check_act(self, act: TicketAct) -> None:
        if act.action == "work":
            if self.working is not None or self.state not in CAN_WORK:
                raise ApplicationError(f"An agent cannot start while it is {self.state}.")
            return
        wanted = SETTLES[act.action]
        if wanted == self.state:
            raise ApplicationError(f"It is already {wanted}.", type=ALREADY)
        if wanted not in TRANSITIONS[self.state]:
            raise ApplicationError(f"A ticket that is {self.state} cannot become {wanted}.")
        if act.action == "resolve" and self.state not in CAN_WORK:
            raise ApplicationError(
                f"It is {self.state}: an agent is at work. To stop the agent, close the ticket; to "
                "refuse what it proposes, reject it."
            )

    @workflow.signal(description="What the agent's run does: the ticket follows it.")
    def follow(self, move: Move) -> None:
        if move.event is not None:
            if move.event in self.followed:
                return
            self.followed.add(move.event)
        if self.working is not None and move.state in TRANSITIONS[self.state]:
            self._move(move.state, move.why, move.by, move.run)

    @workflow.signal(description="The invariant is broken again, or holds again.")
    def observe(self, holds: bool) -> None:
        if holds and self.working is None and self._resolves_alone():
            self._move("resolved", "the invariant holds again", "watch")
        elif not holds and self.state == "resolved":
            self._move("reopened", "the invariant is broken again", "watch")
            self.wants_work = self.spec.autonomous

    def _resolves_alone(self) -> bool:
        if self.stuck:
            return False
        if self.state == "failed":  # earlier workflows left such a ticket to a person
            return workflow.patched("failed-resolves")
        return self.state in RESOLVE_ALONE

    @workflow.query(description="The state of the ticket.")
    def show(self) -> TicketState:
        return self.state

    # --- a long history

    def _is_long(self) -> bool:
        """Whether to go on in another execution: a history bears 10,000 signals."""
        is_idle = self.working is None and not self.unsaved and self.state != "closed"
        is_due = is_idle and workflow.info().is_continue_as_new_suggested()
        return is_due and workflow.patched("goes-on-anew")

    def _carry_over(self) -> TicketSpec:
        carried = Carried(
            number=self.number, wants_work=self.wants_work, stuck=self.stuck,
            asked_by=self.asked_by,
            closes_at=self.closes_at.timestamp() if self.closes_at else None,
        )  # fmt: skip
        return self.spec.model_copy(
            update={"state": self.state, "attempts": self.attempts, "carried": carried}
        )

    def _take_over(self, carried: Carried) -> None:
        self.number = carried.number
        self.wants_work, self.stuck = carried.wants_work, carried.stuck
        self.asked_by = carried.asked_by
        if carried.closes_at is not None:
            self.closes_at = datetime.fromtimestamp(carried.closes_at, UTC)

    # --- waiting

    async def _wait(self) -> None:
        """Until there is something to do; a ticket that stays resolved is closed."""

        def is_due() -> bool:
            can_start = self.wants_work and self.working is None and self.state in CAN_WORK
            return bool(self.unsaved) or can_start or self.state == "closed"

        patience = None
        if self.state == "resolved":
            self.closes_at = self.closes_at or workflow.now() + KEPT_RESOLVED
            patience = max(self.closes_at - workflow.now(), timedelta(seconds=1))
        try:
            await workflow.wait_condition(is_due, timeout=patience)
        except TimeoutError:
            self._move("closed", "it stayed resolved", "watch")

    # --- an agent's work

    async def _work(self) -> None:
        self.attempts, self.stuck = self.attempts + 1, False
        self._move("investigating", "an agent looks for the cause", AGENT)
        at = workflow.now().timestamp()
        by, self.asked_by = self.asked_by, None
        if by is not None and not workflow.patched(NAMES_WHO_ASKED):
            by = None
        work = Work(ticket=self.spec, attempt=self.attempts, at=at, run=self._name_run(), by=by)
        try:
            worked = await _call("work_on_ticket", work, Worked, longest=LONGEST)
            if self.state != "closed":
                await self._verify(worked)
        except ActivityError as error:
            reason = str(error.cause or error)[:500]
            self._follow("failed", f"the work on it failed: {reason}")
        finally:
            self.working = None

    async def _stop_work(self) -> None:
        """Nothing is left half-changed when a person closes the ticket."""
        assert self.working is not None
        self.working.cancel()
        self.working = None
        if workflow.patched("stop-work"):
            stop = UndoWork(ticket=self.spec.id, run=self._name_run())
            await _call("stop_ticket_work", stop, Undone, longest=timedelta(hours=1))

    def _name_run(self) -> str:
        """The first attempt may join a run that changes the subject without a ticket."""
        if self.spec.run is not None and self.attempts == 1:
            return self.spec.run
        execution = workflow.info().run_id.replace("-", "")[-10:]
        return f"care-{self.spec.id}-{self.attempts}-{execution}"

    async def _verify(self, worked: Worked) -> None:
        """Watch the invariants for their windows; undo everything if one that held breaks."""
        names = worked.held
        if self.spec.invariant is not None:
            names = tuple(dict.fromkeys((self.spec.invariant, *worked.held)))
        if not worked.changed:
            seen = await self._look(names[:1], None)
            if worked.rejected is not None:  # what a person refused is never taken for a repair
                self._follow(
                    "failed", _describe_rejection(worked.rejected, names, seen), worked.run
                )
            elif seen.failing or not names:
                self._follow("failed", f"nothing was changed: {worked.summary}", worked.run)
            else:
                self._follow("resolved", worked.summary or "the invariant holds", worked.run)
            return
        self._follow("verifying", "the invariants are watched", worked.run)
        self.stuck = bool(worked.stuck)
        seen = await self._watch(names, worked)
        if seen.failing:
            await self._take_back(worked, ", ".join(seen.failing))
        elif worked.stuck:
            self._follow("failed", f"a person has to look: {worked.stuck}", worked.run)
        else:
            self._follow("resolved", f"{len(names)} invariants hold", worked.run)

    async def _watch(self, names: tuple[str, ...], worked: Worked) -> Verified:
        """Watch the invariants until one that held breaks, or their windows end."""
        until = workflow.now() + timedelta(seconds=worked.window_seconds)
        if workflow.patched("watch-in-one-activity"):
            request = WatchChange(
                verify=Verify(
                    subject=self.spec.subject, names=names, changed_at=worked.changed_at
                ),
                held=tuple(name for name in worked.held if name not in worked.unsure),
                until=until.timestamp(),
                blind_until=(until + BLIND).timestamp(),
            )  # fmt: skip
            longest = timedelta(seconds=worked.window_seconds) + BLIND + timedelta(minutes=5)
            return await _call("watch_change", request, Verified, longest=longest)
        while True:
            seen = await self._look(names, worked.changed_at)
            worse = [name for name in seen.broken if name in worked.held]
            wait = BLIND if len(seen.unknown) == len(seen.failing) > 0 else timedelta(0)
            if worse or workflow.now() >= until + wait:
                return seen
            await workflow.sleep(LOOK_EVERY)

    async def _take_back(self, worked: Worked, failing: str) -> None:
        undo = UndoWork(ticket=self.spec.id, run=worked.run)
        undone = await _call("undo_ticket_work", undo, Undone, longest=timedelta(hours=1))
        stopped = f"; the undo stopped: {undone.stopped}" if undone.stopped else ""
        changes = "1 change was" if undone.undone == 1 else f"{undone.undone} changes were"
        why = f"after the change: {failing}; {changes} undone{stopped}"
        self._follow("failed", why, worked.run)

    async def _look(self, names: tuple[str, ...], changed_at: float | None) -> Verified:
        request = Verify(subject=self.spec.subject, names=names, changed_at=changed_at)
        return await _call("verify_invariants", request, Verified)

    # --- states

    def _follow(self, state: TicketState, why: str, run: str | None = None) -> None:
        """Move, unless a person has closed or resolved the ticket meanwhile."""
        if state in TRANSITIONS[self.state]:
            self._move(state, why, AGENT, run)

    def _move(
        self, state: TicketState, why: str, by: str, run: str | None = None,
        fields: TicketFields | None = None,
    ) -> None:  # fmt: skip
        if state != "resolved":
            self.closes_at = None
        self.state = state
        at = workflow.now().timestamp()
        why = why[:2_000]
        self.unsaved.append(Move(state=state, why=why, by=by, at=at, run=run, fields=fields))

    async def _save_moves(self) -> None:
        while self.unsaved:
            move = self.unsaved.pop(0)
            self.number += 1
            request = SaveMove(
                ticket=self.spec.id, move=move, number=self.number, attempts=self.attempts
            )
            await _call("save_ticket_move", request, SaveMove)


def _describe_rejection(rejected: str, names: tuple[str, ...], seen: Verified) -> str:
    if not names:
        return f"nothing was changed: {rejected}"
    now = ", ".join(seen.failing) if seen.failing else f"{names[0]} holds without a change"
    return f"nothing was changed: {rejected}; now: {now}"


async def _call(
    name: str, request: Any, kind: type[T], *, longest: timedelta = timedelta(minutes=5)
) -> T:
    return await workflow.execute_activity(
        name,
        request,
        result_type=kind,
        start_to_close_timeout=longest,
        heartbeat_timeout=timedelta(seconds=30),
        retry_policy=RETRY,
    )
