"""The chat itself: what is typed becomes a message, a hint, an answer or a command; runs are shown
one after another."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from harness.contracts.clean_text import clean_line
from harness.contracts.errors import HarnessError
from harness.contracts.run import RunState, Totals
from harness.terminal.chat.commands import COMMANDS, CommandCompleter, run_command
from harness.terminal.chat.history import open_history
from harness.terminal.chat.inbox import ChatInbox
from harness.terminal.chat.left import Left
from harness.terminal.chat.markdown import print_wrapped
from harness.terminal.chat.past import Past, print_asked, print_past, read_past
from harness.terminal.chat.screen import Screen
from harness.terminal.chat.status import Spent, describe_status
from harness.terminal.chat.view import ChatView, make_screen_console, print_blocks_later
from harness.terminal.input.attend import Attendance, Attended, Why
from harness.terminal.input.decide import make_ask
from harness.terminal.input.interrupts import GRACE_S, Interrupts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.conversations.contracts import Answering, Card, Policy, Turn
    from harness.terminal.backend import Backend, BackendRun

HINT = "Type a message. /help lists the commands, Ctrl-C stops an answer, Ctrl-D leaves."
SHOWN_TURNS = 3
"""How many of the last turns are shown when a conversation is resumed."""
FIRST_LOOK_S, LAST_LOOK_S = 3.0, 12.0
"""Between two looks for a worker of the run that is shown."""

Export = Callable[["Backend", "Card", str | None], Awaitable[str]]
"""Writes the conversation to a file; what it wrote."""


class Talk:
    """A chat at a terminal, about one conversation at a time."""

    def __init__(
        self, backend: Backend, inbox: ChatInbox, model: str | None, export: Export,
        interrupts: Interrupts,
    ) -> None:  # fmt: skip
        self.backend, self.inbox, self.export = backend, inbox, export
        self.model = model
        self.spent = Spent()
        self.screen = Screen(
            history=open_history(),
            completer=CommandCompleter(),
            status=self._describe_status,
            on_interrupt=self._interrupt,
            on_leave=self._leave,
        )
        self.console = make_screen_console(self.screen.print)
        self._interrupts = interrupts
        self._last_press = float("-inf")
        self._answering: asyncio.Task[None] | None = None
        self._attended: Attended | None = None
        self._run: BackendRun | None = None
        """The run that is shown now."""
        self._view: ChatView | None = None
        self._since: float | None = None
        self._state: RunState | None = None
        self._leaving = asyncio.Event()
        self._unserved = False
        """No worker serves the run that is shown."""
        self._sending = False
        self._stop_next = False
        """The person wants to stop an answer whose run is not known yet."""
        self._interrupted = False

    # --- what commands use

    @property
    def busy(self) -> bool:
        """Whether an answer runs or is on its way."""
        return self._sending or self._answering is not None

    def note(self, text: str) -> None:
        """Print a line that is not part of the conversation."""
        for line in text.split("\n"):
            print_wrapped(self.console, clean_line(line), "ask")
        self.screen.redraw()

    def write(self, lines: Sequence[str], style: str = "quiet") -> None:
        """Print lines that a command answers."""
        for line in lines:
            print_wrapped(self.console, clean_line(line), style)
        self.screen.redraw()

    async def send(self, text: str, policy: Policy) -> None:
        """Send a message, and show the runs that answer it."""
        self._sending = True
        try:
            receipt = await self.inbox.send(text, policy)
        except HarnessError as error:
            self.screen.restore(text)
            self.report_error(error)
            return
        finally:
            self._sending = False
        if receipt.outcome == "queued" and self.busy:
            self.write([f"  waits at place {receipt.position}"])
        self.answer()

    def answer(self, first: Turn | None = None) -> None:
        """Show what runs, until nothing waits: first the run that is known to be open."""
        if self._answering is None:
            self._since = time.monotonic()
            self._answering = asyncio.create_task(self._show_answers(first))

    def stop(self) -> None:
        """Stop the answer, as Ctrl-C does."""
        if self._run is not None:
            self._interrupts.count_press()
        elif self.busy:
            self._stop_next = True

    def leave(self) -> None:
        """Leave the chat; an answer goes on."""
        self._leaving.set()

    async def open(self, inbox: ChatInbox) -> None:
        """Go on with another conversation."""
        self.inbox, self.spent = inbox, Spent()
        await self._show_past()

    async def past(self) -> Past:
        """The turns of the conversation that have ended."""
        return await read_past(self.backend, self.inbox.card)

    def show_past(self, past: Past, turns: int) -> None:
        """Show the last turns of those that have ended."""
        show = partial(print_blocks_later, self.screen, first=True)
        print_past(self.console, past, turns, show)
        self.screen.redraw()

    async def asked(self) -> Answering | None:
        """The message that is being answered."""
        view = None if self.inbox.card is None else await self.inbox.read()
        return view.open if view else None

    def show_asked(self, turn: Answering, *, pending: bool) -> None:
        """Show the message that is being answered, and if wanted what its run asks."""
        print_asked(self.console, turn, pending=pending)
        self.screen.redraw()

    def report_error(self, error: HarnessError) -> None:
        """Print an error with its fix."""
        self.note(f"✗ {error.message}")
        if error.fix:
            self.note(f"  {error.fix}")

    # --- the loop

    async def run(self) -> Left:
        """Talk until the person leaves."""
        async with self.screen.open():
            typing = asyncio.create_task(self._take_typed())
            leaving = asyncio.create_task(self._leaving.wait())
            try:
                await asyncio.wait({typing, leaving}, return_when=asyncio.FIRST_COMPLETED)
                if typing.done():
                    typing.result()
            finally:
                tasks: list[asyncio.Task[Any]] = [typing, leaving]
                tasks += [self._answering] if self._answering else []
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
        attended = self._attended
        if self._run is not None and attended is None:
            attended = Attended(Why.DETACHED)
        return Left(self.inbox, self._interrupted, self._state, self._run, attended)

    async def _take_typed(self) -> None:
        self.write([HINT])
        await self._guard(self._show_past())
        while True:
            text = await self.screen.submitted.get()
            if text.strip():
                await self._guard(self._take(text.strip()))

    async def _take(self, text: str) -> None:
        word = text.split(maxsplit=1)[0]
        if word.startswith("/") and (word[1:] in COMMANDS or "/" not in word[1:]):
            await self._take_command(text)
            return
        self._print_message("↳" if self.busy else "›", text)
        await self.send(text, "hint" if self.busy else "queue")

    async def _take_command(self, text: str) -> None:
        if text.split(maxsplit=1)[0] != "/queue":  # which shows its message
            self.console.print()
            self.write([f"› {text}"])
        await run_command(self, text)

    def _print_message(self, mark: str, text: str) -> None:
        """Print what the person sends: a message between empty lines, a hint within the answer."""
        if not self.busy or (self._view is not None and not self._view.untouched):
            self.console.print()
        for line in text.split("\n"):
            print_wrapped(self.console, f"{mark} {clean_line(line)}", "bold")
            mark = " "
        if not self.busy:
            self.console.print()
        elif self._view is not None:
            self._view.interject()

    async def _guard(self, doing: Awaitable[None]) -> None:
        """An operation that fails ends no chat."""
        try:
            await doing
        except HarnessError as error:
            self.report_error(error)

    async def _show_past(self) -> None:
        card = self.inbox.card
        if card is None:
            return
        past = await self.past()
        self.spent = Spent.of(past.turns)
        self.inbox.shown = max((turn.number for turn in past.turns), default=0)
        self.show_past(past, SHOWN_TURNS)
        found = await self.inbox.find_open()
        if found is not None:
            self.show_asked(found, pending=False)  # which is asked next
            self.answer(found)
            return
        view = await self.inbox.read()
        if view is not None:
            ended = [t.number or 0 for t in view.turns if t.run]
            self.inbox.shown = max([self.inbox.shown, *ended])
            if view.open is not None and not past.has(view.open):
                self.show_asked(view.open, pending=False)  # which is asked next
            if view.open or view.queue:
                self.answer()

    # --- answers

    async def _show_answers(self, first: Turn | None) -> None:
        try:
            while not self._leaving.is_set():
                turn, first = first or await self.inbox.next_turn(), None
                if turn is None or turn.run is None:
                    return
                await self._attend(self.backend.get_run(turn.run))
        except HarnessError as error:
            self.report_error(error)
        finally:
            if not self._leaving.is_set():
                self._run = None
            self._answering = self._since = self._view = None
            self._stop_next = False
            self.screen.live = str
            self.screen.redraw()

    async def _attend(self, run: BackendRun) -> None:
        self._interrupts.take_count()
        if self._stop_next:
            self._interrupts.count_press()
        self._stop_next = False
        self._run, self._view = run, (view := ChatView(self.screen, self.inbox.hints))
        person = ScreenPerson(self.screen, view, lambda text: self._guard(self._take_command(text)))
        attendance = Attendance(
            run, view, self._interrupts, ask=make_ask(person), stops=True,
            follow=lambda: self.inbox.follow(run),
        )  # fmt: skip
        looking = asyncio.create_task(self._look_for_worker(run))
        try:
            attended = await attendance.attend_run()
        finally:
            looking.cancel()
            self._unserved = False
        stopped = self._interrupts.take_count()
        if attended.ended is None:
            self._attended = attended
            self._leaving.set()
            return
        self._run = None
        if not stopped:  # whoever stops an answer has not failed
            self._state = attended.ended.state
        self.spent.add(attended.ended.totals or Totals())

    async def _look_for_worker(self, run: BackendRun) -> None:
        """Find out from time to time whether a worker serves the run that is shown."""
        pause = FIRST_LOOK_S
        while True:
            await asyncio.sleep(pause)
            with suppress(HarnessError):
                self._unserved = not await run.is_served()
            pause = FIRST_LOOK_S if self._unserved else min(2 * pause, LAST_LOOK_S)

    # --- keys

    def _interrupt(self) -> None:
        now = time.monotonic()
        twice, self._last_press = now - self._last_press <= GRACE_S, now
        if self._run is not None:
            self._interrupts.count_press()
        elif self.busy and not twice:
            if not self._stop_next:
                self.note("Stopping the answer once its run is there.")
            self._stop_next = True
            self._note_how_to_leave()
        elif self.screen.buffer.text and not twice:
            self.screen.buffer.reset()
            self._last_press = float("-inf")
        elif twice:
            self._interrupted = True
            self._leaving.set()
        else:
            self._note_how_to_leave()

    def _note_how_to_leave(self) -> None:
        self.note(f"To leave, press Ctrl-C again within {GRACE_S:g} s, or Ctrl-D.")

    def _leave(self) -> None:
        if self.screen.asking:
            self.screen.leave_question()
        else:
            self.leave()

    def _describe_status(self, width: int) -> str:
        card, model = self.inbox.card, self.model
        if self.inbox.options and self.inbox.options.model:
            model = self.inbox.options.model
        elif card is not None and card.model:
            model = card.model
        return describe_status(
            agent=self.inbox.agent, model=model, spent=self.spent,
            title=card.title if card else self.inbox.title,
            since=self._since, asking=self.screen.asking,
            unserved=self._unserved or self.inbox.unserved, width=width,
        )  # fmt: skip


class ScreenPerson:
    """A person who reads questions on the screen and types answers in its line. Commands stay
    commands: `run` runs them, and the question is asked again."""

    def __init__(
        self, screen: Screen, view: ChatView, run: Callable[[str], Awaitable[None]]
    ) -> None:
        self._screen, self._run = screen, run
        self.note, self._print = view.note, view.write

    def write(self, lines: Sequence[str]) -> None:
        """Print lines."""
        self._print(lines)
        self._screen.redraw()

    def drop_ahead(self) -> None:
        """What was being typed is kept for later: `Screen.ask` begins with an empty line."""

    async def read(self, question: str) -> str | None:
        """The answer; None if the person leaves."""
        while (typed := await self._screen.ask(question)) is not None:
            name = typed.partition(" ")[0]
            if not name.startswith("/") or name[1:] not in COMMANDS:
                return typed
            if name == "/quit":
                return None  # leaves the question open, as Ctrl-D does
            await self._run(typed)
        return None

    async def edit(self, text: str) -> str | None:
        """The text as the person changed it."""
        return await self._screen.ask("arguments:", text)
