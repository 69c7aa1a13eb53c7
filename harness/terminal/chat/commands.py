"""The commands of a chat, which begin with a slash."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, Protocol

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from harness.contracts.errors import ConversationNotFound, InvalidValue
from harness.conversations.contracts import Change, TurnOptions
from harness.runs.start_request import check_model
from harness.terminal.chat.inbox import ChatInbox
from harness.terminal.chat.names import describe_listed, find_conversation, list_newest
from harness.terminal.view.console import NARROW
from harness.terminal.view.text import count_of, format_money

if TYPE_CHECKING:
    from harness.conversations.contracts import Answering, Card, Policy
    from harness.terminal.backend import Backend
    from harness.terminal.chat.past import Past
    from harness.terminal.chat.screen import Screen
    from harness.terminal.chat.status import Spent

LISTED = 15
ALL_TURNS = 1_000_000


class Chat(Protocol):
    """What commands use of a chat."""

    backend: Backend
    inbox: ChatInbox
    screen: Screen
    spent: Spent
    model: str | None
    export: Callable[[Backend, Card, str | None], Awaitable[str]]

    @property
    def busy(self) -> bool: ...

    def note(self, text: str) -> None: ...

    def write(self, lines: Sequence[str], style: str = "quiet") -> None: ...

    def show_past(self, past: Past, turns: int) -> None: ...

    async def asked(self) -> Answering | None: ...

    def show_asked(self, turn: Answering, *, pending: bool) -> None: ...

    async def send(self, text: str, policy: Policy) -> None: ...

    async def open(self, inbox: ChatInbox) -> None: ...

    async def past(self) -> Past: ...

    def stop(self) -> None: ...

    def leave(self) -> None: ...


class ChatCommand(NamedTuple):
    """A command of a chat."""

    takes: str
    about: str
    run: Callable[[Chat, str], Awaitable[None]]
    waits: bool = False
    """Not while an answer runs."""


async def run_command(chat: Chat, text: str) -> None:
    """Run what was typed."""
    word, _, rest = text[1:].partition(" ")
    command = COMMANDS.get(word)
    if command is None:
        chat.note(f"There is no command /{word}. /help lists them.")
    elif command.waits and chat.busy:
        chat.note(f"/{word} waits until the answer has ended; /stop ends it now.")
    else:
        await command.run(chat, rest.strip())


class CommandCompleter(Completer):
    """Completes the name of a command."""

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Completion]:
        """The commands that begin with what was typed."""
        del complete_event
        typed = document.text
        if typed.startswith("/") and " " not in typed and "\n" not in typed:
            for name, command in COMMANDS.items():
                if name.startswith(typed[1:]):
                    yield Completion(
                        f"/{name}", start_position=-len(typed), display_meta=command.about
                    )


async def _help(chat: Chat, rest: str) -> None:
    del rest
    shown = [(f"/{name} {each.takes}".rstrip(), each.about) for name, each in COMMANDS.items()]
    width = max(len(form) for form, _ in shown) + 2
    if chat.screen.columns >= NARROW:
        chat.write([f"  {form:<{width}}{about}" for form, about in shown], "")
    else:
        chat.write([line for form, about in shown for line in (f"  {form}", f"    {about}")], "")
    chat.write([
        "  While an answer runs, Enter sends a hint to it and Ctrl-C stops it. Alt-Enter, or a "
        "backslash before Enter, begins a new line. Ctrl-C twice or Ctrl-D leaves."
    ])  # fmt: skip


async def _history(chat: Chat, rest: str) -> None:
    if rest and not rest.isdecimal():
        raise InvalidValue(
            f"{rest[:40]!r} is not a number of messages.", fix="For example: /history 5"
        )
    asked, past = await chat.asked(), await chat.past()
    if asked is not None and past.has(asked):
        asked = None
    if not past.messages and asked is None:
        chat.write(["  Nothing has been answered yet."])
    chat.show_past(past, int(rest[:6]) if rest else ALL_TURNS)
    if asked is not None:
        chat.show_asked(asked, pending=True)


async def _resume(chat: Chat, rest: str) -> None:
    if not rest:
        listed = await list_newest(chat.backend, LISTED)
        chat.write([f"  {describe_listed(each)}" for each in listed] or ["  There is none yet."])
        chat.write(["  /resume NAME: its id or title, or how one of them begins."])
        return
    try:
        card = await find_conversation(chat.backend, rest, besides=chat.inbox.card)
    except ConversationNotFound as error:
        raise ConversationNotFound(
            error.message, fix="/resume lists them, /new TITLE begins one."
        ) from None
    await chat.open(_inbox_of(chat, card))


async def _new(chat: Chat, rest: str) -> None:
    old = chat.inbox
    await chat.open(replace(_fresh(old), title=rest or None, model=old.model))
    chat.write(["  A new conversation begins with your next message."])


async def _title(chat: Chat, rest: str) -> None:
    inbox = chat.inbox
    if not rest:
        title = inbox.card.title if inbox.card else inbox.title
        chat.write([f"  {title or 'It has no title yet.'}"])
    elif inbox.card is None:
        inbox.title = rest
    else:
        inbox.card = await chat.backend.conversations.change(inbox.card.id, Change(title=rest))


async def _model(chat: Chat, rest: str) -> None:
    inbox = chat.inbox
    if rest:
        options = inbox.options or TurnOptions()
        inbox.options = options.model_copy(update={"model": check_model(rest)})
        chat.write([f"  The next message is answered by {rest}."])
        return
    chosen = inbox.options.model if inbox.options else None
    chat.write([f"  {chosen or (inbox.card and inbox.card.model) or chat.model or 'not known'}"])


async def _cost(chat: Chat, rest: str) -> None:
    del rest
    spent = chat.spent
    chat.write([
        f"  {count_of(spent.answers, 'answer')}, {count_of(spent.calls, 'tool call')}, "
        f"{spent.input:,} tokens in, {spent.output:,} out, {format_money(spent.micros)}"
    ])  # fmt: skip


async def _fork(chat: Chat, rest: str) -> None:
    card, past = chat.inbox.card, await chat.past()
    turns = [turn for turn in past.turns if turn.number > 0]
    back = int(rest[:6]) if rest.isdecimal() else 1
    if card is None or not 1 <= back <= len(turns) or (rest and not rest.isdecimal()):
        raise InvalidValue(
            "There is no such message to go back to.",
            fix="/fork goes on from before your last message, /fork 2 from before the one before.",
        )
    turn = turns[-back]
    forked = await chat.backend.conversations.fork(card.id, turn.message or turn.run)
    await chat.open(_inbox_of(chat, forked))
    chat.write([f"  A copy from before that message: {forked.id}. The other one stays."])
    asked = next((m.text for m in past.messages if m.turn == turn.number), "")
    chat.screen.restore(asked)


async def _export(chat: Chat, rest: str) -> None:
    if chat.inbox.card is None:
        raise InvalidValue("There is nothing to export yet.", fix="Send a message first.")
    chat.write([f"  {await chat.export(chat.backend, chat.inbox.card, rest or None)}"])


async def _queue(chat: Chat, rest: str) -> None:
    if not rest:
        raise InvalidValue("The message is missing.", fix="For example: /queue And then the tests.")
    chat.write([f"» {rest}"], "bold")
    await chat.send(rest, "queue")


async def _stop(chat: Chat, rest: str) -> None:
    del rest
    chat.stop()


async def _quit(chat: Chat, rest: str) -> None:
    del rest
    chat.leave()


COMMANDS: dict[str, ChatCommand] = {
    "help": ChatCommand("", "list the commands", _help),
    "history": ChatCommand("[N]", "show the last N messages and answers, or all", _history),
    "resume": ChatCommand("[NAME]", "go on with another conversation, or list them", _resume, True),
    "new": ChatCommand("[TITLE]", "begin another conversation", _new, True),
    "title": ChatCommand("[TEXT]", "show or change the title", _title),
    "model": ChatCommand("[PROVIDER/MODEL]", "show or choose the model", _model),
    "cost": ChatCommand("", "what the conversation has used", _cost),
    "fork": ChatCommand("[N]", "go back before your last message, in a copy", _fork, True),
    "export": ChatCommand("[FILE]", "write it to a file: .md or .json", _export),
    "queue": ChatCommand("TEXT", "send a message that waits for its turn", _queue),
    "stop": ChatCommand("", "stop the answer", _stop),
    "quit": ChatCommand("", "leave; an answer goes on", _quit),
}


def _fresh(old: ChatInbox) -> ChatInbox:
    return ChatInbox(old.backend, old.agent, old.report, options=old.options, serve=old.serve)


def _inbox_of(chat: Chat, card: Card) -> ChatInbox:
    return replace(_fresh(chat.inbox), agent=card.agent, card=card)
