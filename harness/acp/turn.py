"""One prompt: starts a run, or continues an open one, and follows it until the editor may go on."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.acp.permissions import QUESTION, ask_permission
from harness.acp.updates import Updates
from harness.agent import Agent
from harness.contracts.clean_text import clean_text
from harness.contracts.event import LIVE, DecisionMade, DecisionRequested, Event, RunEnded
from harness.contracts.run import RunState
from harness.engine.connection import Connection
from harness.journal.card import card_of
from harness.runs.holds import HoldWatch
from harness.sdk.handle import RunHandle
from harness.sdk.session import Session

if TYPE_CHECKING:
    from acp import Client


@dataclass
class Conversation:
    """A session of the editor: a session of runs."""

    session: Session
    workspace: Path | None
    run: RunHandle[Any] | None = None
    """The newest run."""
    cancelled: bool = False
    busy: bool = False
    """A prompt is being answered."""
    shown: set[str] = field(default_factory=set[str])
    """Cursors of events of the newest run that the editor has."""


async def begin_turn(
    conversation: Conversation, agent: Agent[Any, Any] | str, text: str
) -> RunHandle[Any]:
    """The run that answers the prompt. What the person says while a run waits for an answer is the
    answer; while it does anything else, a hint."""
    run = conversation.run
    if run is None or (await run.status()).state.over:
        run = await conversation.session.start(agent, text, workspace=conversation.workspace)
        conversation.run, conversation.shown = run, set()
        return run
    asked = next((each for each in await run.pending() if each.need == QUESTION), None)
    if asked is None:
        await run.hint(text)
    else:
        await run.answer(text, asked)
    return run


async def follow_turn(
    editor: Client, connection: Connection, conversation: Conversation
) -> RunEnded | None:
    """Show the editor what the run does, and ask the person what it asks. Returns its end; None if
    it is paused, or waits for a person, whose next prompt continues it."""
    turn = _Turn(editor, connection, conversation)
    try:
        return await turn.follow()
    finally:
        await turn.close()


class _Turn:
    def __init__(self, editor: Client, connection: Connection, conversation: Conversation) -> None:
        assert conversation.run is not None
        self._editor = editor
        self._conversation = conversation
        self._run = conversation.run
        self._watch = HoldWatch(connection, self._run.id)
        self._coming = asyncio.Queue[Event | Exception | None]()
        """Events; None: the person dismissed a question, or the events have ended."""
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._reading = asyncio.create_task(self._read_events())

    async def follow(self) -> RunEnded | None:
        updates, shown = Updates(), self._conversation.shown
        card = card_of(await self._run.trace())
        for asked in card.waiting if card and not card.state.over else ():
            if str(asked.cursor) in shown:  # before; or else its event comes
                self._ask(asked)
        while (event := await self._coming.get()) is not None:
            if isinstance(event, Exception):
                raise event
            if await self._is_paused(event):
                await self._say(
                    f"Run {self._run.id} is paused. Resume it: harness resume {self._run.id}"
                )
                return None
            if not self._is_new(event):
                continue
            for update in updates.of_event(event):
                await self._editor.session_update(self._conversation.session.id, update)
            if isinstance(event, RunEnded):
                return event
            if isinstance(event, DecisionMade) and event.id in self._asking:
                self._asking.pop(event.id).cancel()
            if isinstance(event, DecisionRequested):
                if event.need == QUESTION:
                    await self._say(event.question)
                    return None
                self._ask(event)
        await self._say(f"Run {self._run.id} waits for a decision.")
        return None

    def _is_new(self, event: Event) -> bool:
        """Whether the editor has not had this event; from now on it has."""
        if isinstance(event, LIVE):
            return True
        place, shown = str(event.cursor), self._conversation.shown
        if place in shown:
            return False
        shown.add(place)
        return True

    async def _is_paused(self, event: Event) -> bool:
        """Whether the run is paused since this event, which the editor may have seen before."""
        hold = await self._watch.find_hold(event)
        return hold is not None and hold.state is RunState.PAUSED

    def _ask(self, asked: DecisionRequested) -> None:
        self._asking[asked.id] = asyncio.create_task(self._ask_permission(asked))

    async def _ask_permission(self, asked: DecisionRequested) -> None:
        session = self._conversation.session.id
        try:
            if not await ask_permission(self._editor, session, self._run, asked):
                self._coming.put_nowait(None)
        except Exception as error:
            self._coming.put_nowait(error)

    async def _read_events(self) -> None:
        try:
            async for event in self._run.events():
                self._coming.put_nowait(event)
            self._coming.put_nowait(None)
        except Exception as error:
            self._coming.put_nowait(error)

    async def _say(self, text: str) -> None:
        from acp.helpers import update_agent_message_text

        update = update_agent_message_text(f"\n\n{clean_text(text)}")
        await self._editor.session_update(self._conversation.session.id, update)

    async def close(self) -> None:
        tasks = [self._reading, *self._asking.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
