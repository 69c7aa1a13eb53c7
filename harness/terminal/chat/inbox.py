"""The conversation of a chat: sends messages, and finds the runs that answer them."""

from __future__ import annotations

import asyncio
import time
import unicodedata
import uuid
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from harness.contracts.errors import HarnessError, NoWorker, from_info
from harness.contracts.event import LIVE, Event, RunEnded, RunStarted
from harness.contracts.message import Text
from harness.remote.open_text import OpenText

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from harness.conversations.contracts import (
        Answering,
        Card,
        Policy,
        Receipt,
        SessionView,
        Turn,
        TurnOptions,
    )
    from harness.terminal.backend import Backend, BackendRun

T = TypeVar("T")

LOOK_S = 0.1
UNSERVED_S = 1.0
LATE_S = 2.0
"""A worker that is there has answered by then."""
PATIENCE_S = 120.0
"""How long the place where runs live may be away before a chat gives up."""
FIRST_PAUSE_S, LAST_PAUSE_S = 0.3, 5.0
TITLE_CHARACTERS = 60

Report = Callable[[str], None]
"""Tells the person something about the connection."""


@dataclass
class ChatInbox:
    """One conversation, which is created by its first message."""

    backend: Backend
    agent: str
    report: Report
    card: Card | None = None
    id: str | None = None
    """The id of a new conversation, if the person chose one."""
    title: str | None = None
    model: str | None = None
    options: TurnOptions | None = None
    serve: Mapping[str, str] = field(default_factory=dict[str, str])
    """The commands that serve agents, where they are known."""
    shown: int = 0
    """The number of the newest run that the person has seen."""
    hints: set[str] = field(default_factory=set[str])
    """What was sent as hints."""
    _sent: set[str] = field(default_factory=set[str])
    _unserved: bool = False
    _asked: float | None = None
    """When the session was asked what it has not answered yet."""

    @property
    def how_to_serve(self) -> str:
        """The command that serves the agent."""
        return self.serve.get(self.agent, "harness worker FILE.py")

    async def send(self, text: str, policy: Policy) -> Receipt:
        """Send a message; again, as the same one, while the place is away."""
        card = self.card or await self._create(text)
        message = f"cli-{uuid.uuid4()}"
        self._sent.add(message)
        if policy == "hint":
            self.hints.add(text)
        conversations = self.backend.conversations
        with self._awaiting():
            return await _persist(
                lambda: conversations.send(
                    card.id, text, message=message, policy=policy, options=self.options
                ),
                self.report,
            )

    @property
    def unserved(self) -> bool:
        """Whether no worker answers for the conversation, as far as is known."""
        late = self._asked is not None and time.monotonic() - self._asked > LATE_S
        return self._unserved or late

    @contextmanager
    def _awaiting(self) -> Generator[None]:
        """Something was asked that a worker answers at once."""
        self._asked = time.monotonic()
        try:
            yield
        finally:
            self._asked = None

    async def _create(self, text: str) -> Card:
        title = self.title or make_title(text)
        self.card = await self.backend.conversations.create(
            self.agent, id=self.id, title=title, model=self.model
        )
        return self.card

    async def read(self) -> SessionView | None:
        """What the conversation's session says; None if no worker answers."""
        assert self.card is not None
        id = self.card.id
        with self._awaiting():
            found = await _persist(lambda: self.backend.conversations.read(id), self.report)
        self.card = found.card
        return found.session

    async def find_open(self) -> Answering | None:
        """The run after those that the person has seen, if it has not ended. Its history has it, so
        that no worker needs to answer."""
        from harness.conversations.contracts import Answering, turn_run

        if self.card is None:
            return None
        number = self.shown + 1
        run = turn_run(self.card.id, number)
        try:
            events = await self.backend.get_run(run).trace()
        except HarnessError:
            return None  # whatever it is, the session says it
        first = next(iter(events), None)
        if not isinstance(first, RunStarted) or isinstance(events[-1], RunEnded):
            return None
        if (first.session, first.owner) != (self.card.id, self.card.owner):
            return None
        self.shown = number
        asked = (Text(text=first.prompt),)
        return Answering(message="", run=run, number=number, state="running", parts=asked)

    async def next_turn(self) -> Turn | None:
        """The next run that the person has not seen; waits for one that is on its way. None if
        nothing waits.

        Raises:
            HarnessError: A message of this chat gets no run.
        """
        while self.card is not None:
            view = await self.read()
            if view is None:
                self._report_unserved()
                await asyncio.sleep(UNSERVED_S)
                continue
            self._unserved = False
            found = self._find_new(view)
            if found is not None or (view.open is None and not view.queue):
                return found
            await asyncio.sleep(LOOK_S)
        return None

    async def skip_answered(self) -> None:
        """Count all runs so far as seen."""
        if self.card is not None and (view := await self.read()) is not None:
            self.shown = max(self.shown, view.last)

    async def settle(self) -> None:
        """Wait until the conversation knows that the run that was seen has ended."""
        while (view := await self.read()) is not None and view.open is not None:
            if view.open.number != self.shown:
                return
            await asyncio.sleep(LOOK_S)

    def _find_new(self, view: SessionView) -> Turn | None:
        for turn in (*view.turns, *([view.open] if view.open else [])):
            if turn.run is None:
                if turn.error is not None and turn.message in self._sent:
                    self._sent.discard(turn.message)
                    raise from_info(turn.error)
            elif (turn.number or 0) > self.shown:
                self.shown = turn.number or 0
                return turn
        return None

    def _report_unserved(self) -> None:
        if not self._unserved:
            self._unserved = True
            self.report(f"No worker answers now; the message waits. Serve: {self.how_to_serve}")

    async def follow(self, run: BackendRun) -> AsyncGenerator[Event]:
        """The events of a run, each once, also when the place goes away and comes back."""
        seen, live, pauses = 0, OpenText(), _Pauses()
        while True:
            skip = seen
            try:
                async for event in run.events():
                    pauses.reset(self.report)
                    if isinstance(event, LIVE):
                        if skip:
                            continue
                    elif skip:
                        skip -= 1
                        continue
                    else:
                        seen += 1
                    for new in live.take(event):
                        yield new
                return
            except HarnessError as error:
                await pauses.wait(error, self.report)


class _Pauses:
    """Waits longer and longer while the place is away, and says so once."""

    def __init__(self) -> None:
        self._pause = FIRST_PAUSE_S
        self._since: float | None = None

    async def wait(self, error: HarnessError, report: Report) -> None:
        """Wait before the next attempt; raise the error if there should be none."""
        if not error.retryable or isinstance(error, NoWorker):
            raise error
        now = time.monotonic()
        if self._since is None:
            self._since = now
            report(f"{error.message.rstrip('.')}. Trying again.")
        if now - self._since > PATIENCE_S:
            raise error
        await asyncio.sleep(self._pause)
        self._pause = min(2 * self._pause, LAST_PAUSE_S)

    def reset(self, report: Report) -> None:
        """It answers."""
        if self._since is not None:
            report("Connected again.")
        self._since, self._pause = None, FIRST_PAUSE_S


async def _persist(attempt: Callable[[], Awaitable[T]], report: Report) -> T:
    """Repeat something that may be repeated, while the place is away."""
    pauses = _Pauses()
    while True:
        try:
            done = await attempt()
        except HarnessError as error:
            await pauses.wait(error, report)
        else:
            pauses.reset(report)
            return done


def make_title(text: str) -> str | None:
    """A title from the first line of a message, so that lists show what it is about."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    shown = " ".join("".join(map(_show_character, line)).split())
    if len(shown) > TITLE_CHARACTERS:
        shown = shown[: TITLE_CHARACTERS - 1].rstrip() + "…"
    return shown or None


def _show_character(character: str) -> str:
    """A space for what separates words; nothing for what is invisible inside of them."""
    if character.isspace() or unicodedata.category(character) == "Cc":
        return " "
    return character if character.isprintable() else ""
