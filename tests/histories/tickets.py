"""The recorded histories of tickets."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from harness import Harness
from harness.care.contracts import (
    TICKET_WORKFLOW,
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
)
from harness.care.states import TicketState
from harness.sdk.handle import RunHandle
from harness_workflows.care.ticket import CareTicket
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import eventually

Look = Callable[[int], Verified]


async def ticket_repaired(harness: Harness, model: ModelServer, name: str) -> RunHandle[Any]:
    """The agent's change is approved and holds; the invariant breaks again; a person closes it."""
    del model
    player = _Player(harness, name, lambda _: Verified())
    async with player.playing(autonomous=True) as handle:
        await player.until("resolved")
        await handle.signal("observe", False)
        await player.until("resolved", moves=12)
        await player.act("close")
    return harness.get_run(name)


async def ticket_undone(harness: Harness, model: ModelServer, name: str) -> RunHandle[Any]:
    """The change makes something worse and is undone; the work on it fails the second time."""
    del model
    worse = Verified(failing=("latency broken 5",), broken=("latency",))
    player = _Player(harness, name, lambda _: worse)
    async with player.playing(autonomous=False):
        await player.act("work")
        await player.until("failed")
        player.fails = True
        await player.act("work")
        await player.until("failed", moves=8)
        await player.act("resolve")
        await player.act("close")
    return harness.get_run(name)


async def ticket_held_again(harness: Harness, model: ModelServer, name: str) -> RunHandle[Any]:
    """The agent has failed, and the invariant holds again without it; a person closes it."""
    del model
    player = _Player(harness, name, lambda _: Verified())
    player.fails = True
    async with player.playing(autonomous=True) as handle:
        await player.until("failed")
        await handle.signal("observe", True)
        await player.until("resolved")
        await player.act("close")
    assert [move.by for move in player.moves[-2:]] == ["watch", "ann"]
    return harness.get_run(name)


async def ticket_changed(harness: Harness, model: ModelServer, name: str) -> RunHandle[Any]:
    """People change its fields; what its run does is told twice, and counts once."""
    del model
    player = _Player(harness, name, lambda _: Verified())
    player.again = True
    async with player.playing(autonomous=False) as handle:
        fields = TicketFields(priority="urgent", assignee="bob", link="b2")
        await handle.execute_update("change", TicketChange(fields=fields, by="ann"))
        await player.act("work")
        await player.until("resolved", moves=8)
        fields = TicketFields(assignee="", unlink="b2")
        await handle.execute_update("change", TicketChange(fields=fields, by="ann"))
        await player.act("close")
    assert len(player.moves) == 10, player.moves
    return harness.get_run(name)


async def ticket_rejected(harness: Harness, model: ModelServer, name: str) -> RunHandle[Any]:
    """A person rejects the change, and asks for the work again."""
    del model
    player = _Player(harness, name, lambda _: Verified())
    player.rejected = "rejected by ann: not at night"
    async with player.playing(autonomous=True):
        await player.until("failed")
        player.rejected = None
        await player.act("work")
        await player.until("resolved", moves=8)
        await player.act("close")
    assert [work.by for work in player.asked] == [None, "ann"]
    return harness.get_run(name)


async def ticket_stuck(harness: Harness, model: ModelServer, name: str) -> RunHandle[Any]:
    """A change fails and cannot be taken back: a person must look, also if the invariant holds."""
    del model
    player = _Player(harness, name, lambda _: Verified())
    player.stuck = "The rollback failed."
    async with player.playing(autonomous=True) as handle:
        await player.until("failed")
        await handle.signal("observe", True)
        await player.act("close")
    assert [move.state for move in player.moves[-2:]] == ["failed", "closed"]
    return harness.get_run(name)


class _Player:
    """Plays the activities of a ticket's workflow."""

    def __init__(self, harness: Harness, name: str, look: Look) -> None:
        self.moves: list[Move] = []
        self.fails = False
        self.again = False
        """Whether what the run does is told twice, each with its event."""
        self.stuck = ""
        """Why what the run changed cannot be taken back."""
        self.rejected: str | None = None
        """By whom and why what the run proposes is rejected."""
        self.asked: list[Work] = []
        self._looks = 0
        self._look = look
        self._name = name
        self._temporal = harness.connection.temporal

    @asynccontextmanager
    async def playing(self, *, autonomous: bool) -> AsyncGenerator[Any]:
        worker = Worker(
            self._temporal, task_queue=self._name, workflows=[CareTicket],
            activities=[self.save, self.work, self.verify, self.watch, self.undo],
            workflow_runner=UnsandboxedWorkflowRunner(),
        )  # fmt: skip
        spec = TicketSpec(
            id="a1", subject="shop", title="errors is broken", invariant="errors", by="watch",
            autonomous=autonomous,
        )  # fmt: skip
        async with worker:
            handle = await self._temporal.start_workflow(
                TICKET_WORKFLOW, spec, id=self._name, task_queue=self._name
            )
            yield handle
            await handle.result()

    async def act(self, action: Any) -> None:
        handle: Any = self._temporal.get_workflow_handle(self._name)
        await handle.execute_update("act", TicketAct(action=action, by="ann", why="I looked"))

    async def until(self, state: str, moves: int = 0) -> None:
        async def look() -> list[Move]:
            return self.moves

        await eventually(look, lambda m: len(m) >= moves and bool(m) and m[-1].state == state, 30)

    @activity.defn(name="save_ticket_move")
    async def save(self, request: SaveMove) -> SaveMove:
        self.moves.append(request.move)
        return request

    @activity.defn(name="work_on_ticket")
    async def work(self, request: Work) -> Worked:
        handle: Any = self._temporal.get_workflow_handle(self._name)
        self.asked.append(request)
        if self.rejected is not None:
            return Worked(run="run-1", changed=False, rejected=self.rejected)
        if self.fails:
            raise ApplicationError("The agent is unknown.", non_retryable=True)
        states: tuple[TicketState, ...] = ("proposed", "approved", "changing", "verifying")
        for number, state in enumerate(states * 2 if self.again else states):
            event = f"run/{number % len(states)}/0" if self.again else None
            move = Move(state=state, why="it goes on", by="agent", event=event)
            await handle.signal("follow", move)
        return Worked(
            run=f"run-{request.attempt}", changed=True, held=("latency",), summary="reverted",
            stuck=self.stuck,
        )  # fmt: skip

    @activity.defn(name="verify_invariants")
    async def verify(self, request: Verify) -> Verified:
        self._looks += 1
        return self._look(self._looks)

    @activity.defn(name="watch_change")
    async def watch(self, request: WatchChange) -> Verified:
        assert request.until < request.blind_until
        return await self.verify(request.verify)

    @activity.defn(name="undo_ticket_work")
    async def undo(self, request: UndoWork) -> Undone:
        return Undone(undone=1)
