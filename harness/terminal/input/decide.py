"""Ask the person at the terminal for a decision."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from typing import Any, Protocol, cast

from harness.contracts.clean_text import clean_line
from harness.contracts.errors import InvalidSignal, SteeringError
from harness.contracts.event import DecisionRequested
from harness.contracts.verdicts import MEANINGS
from harness.terminal.input.attend import Ask, Send
from harness.terminal.input.keyboard import read_line
from harness.terminal.input.line_editor import drop_ahead, edit_line
from harness.terminal.view.arguments import argument_lines
from harness.terminal.view.live import RunView

KEYS = {
    "approval": "[y]es, [n]o or n WHY, [e]dit, [v]iew the arguments:",
    "answer": "your answer:",
    "outcome": "[h]appened or h RESULT, [a]gain, [e]dit, [n]o, [v]iew the arguments:",
    "budget": "[y]es, [f]inish, [n]o:",
    "store": "[y]es, [n]o:",
}
YES, NO, EDIT, VIEW = {"y", "yes"}, {"n", "no"}, {"e", "edit"}, {"v", "view"}
AGAIN, HAPPENED = {"a", "again"}, {"h", "happened"}
FINISH = {"f", "finish"}
TYPED = {"approve": "y", "reject": "n", "edit": "e", "answer": "h"}
EDITED = 20_000
"""Characters up to which a line is edited in place."""
SAID_HAPPENED = "It happened, according to a person who checked."


class Person(Protocol):
    """Where a person reads a question and types the answer."""

    def note(self, text: str) -> None: ...

    def write(self, lines: Sequence[str]) -> None: ...

    def drop_ahead(self) -> None:
        """Drop what was typed before the question: it was not meant for it."""
        ...

    async def read(self, question: str) -> str | None:
        """The answer; None at the end of input."""
        ...

    async def edit(self, text: str) -> str | None:
        """The text as the person changed it."""
        ...


class LinePerson:
    """A person who reads the lines of a run and types after them."""

    def __init__(self, view: RunView) -> None:
        self.note, self.write = view.note, view.write
        self.drop_ahead = drop_ahead
        self._view = view

    async def read(self, question: str) -> str | None:
        self._view.ask(f"    {question}")
        return await read_line()

    async def edit(self, text: str) -> str | None:
        return await edit_line("    ", text)


def make_ask(person: Person) -> Ask:
    """Asks this person for decisions."""

    async def ask(event: DecisionRequested) -> Send | None:
        for line in explain_keys(event.need):
            person.note(line)
        person.drop_ahead()
        while True:
            typed = await person.read(KEYS[event.need])
            if typed is None:
                return None
            if event.need in ("approval", "outcome") and typed.lower() in VIEW:
                if not await _page_arguments(person, event):
                    return None
                continue
            return await _interpret_answer(person, event, typed)

    return ask


def explain_keys(need: str) -> list[str]:
    """What each key does, the recommended one first."""
    if need == "answer":
        return []
    again = "a" if need == "outcome" else "y"
    answer = "f" if need == "budget" else "h"
    keys = {**TYPED, "approve": again, "answer": answer}
    return [f"      {keys[verdict]}  {does}" for verdict, does in _offered_verdicts(need)]


def _offered_verdicts(need: str) -> list[tuple[str, str]]:
    found = list(MEANINGS[need].items())
    return [each for each in found if need != "budget" or each[0] != "edit"]


async def _interpret_answer(person: Person, event: DecisionRequested, typed: str) -> Send:
    word, _, rest = typed.partition(" ")
    word, note = word.lower(), rest.strip() or None
    if event.need == "answer":
        return _send_answer(typed, event)
    if word in NO:
        return lambda run: run.reject(event, note=note)
    if word in EDIT and event.need != "budget":
        changed, replace = await _edit_arguments(person, event)
        return lambda run: run.decide("edit", event, arguments=changed, replace=replace)
    if event.need == "outcome":
        if word in HAPPENED:
            return _send_answer(note or SAID_HAPPENED, event)
        if word in AGAIN:
            return lambda run: run.approve(event, note=note)
        raise _unknown_choice(
            typed, "Type h if it happened, a to call it again, e to change it, n to leave it, or v."
        )
    if word in YES:
        return lambda run: run.approve(event, note=note)
    if event.need == "budget" and word in FINISH:
        return _send_answer("finish", event)
    keys = {"approval": "Type y, n, e or v.", "budget": "Type y, f or n."}.get(
        event.need, "Type y or n."
    )
    raise _unknown_choice(typed, keys)


async def _edit_arguments(person: Person, event: DecisionRequested) -> tuple[dict[str, Any], bool]:
    """The edited arguments and whether they replace all; of very long ones only the changes."""
    text = editable_json(event.arguments or {})
    if len(text) > EDITED:
        return parse_arguments(await person.read("arguments to change, as JSON:") or ""), False
    while True:
        person.note("    The arguments, as JSON. Enter sends them; an empty line changes nothing:")
        text = await person.edit(text) or ""
        if not text.strip():
            raise InvalidSignal("Nothing was edited.", fix="Decide, or edit again.")
        try:
            return parse_arguments(text), True
        except InvalidSignal as error:
            person.note(f"    {error.message} {error.fix}")


def editable_json(value: dict[str, Any] | str) -> str:
    """JSON on one line of printable characters."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return "".join(each if clean_line(each) == each else json.dumps(each)[1:-1] for each in text)


async def _page_arguments(person: Person, event: DecisionRequested) -> bool:
    """Page through all arguments; False at the end of input."""
    columns, rows = shutil.get_terminal_size()
    lines = argument_lines(event.asked, max(20, columns - 2))
    step = max(1, rows - 2)
    for start in range(0, len(lines), step):
        person.write(lines[start : start + step])
        left = len(lines) - start - step
        if left <= 0:
            break
        typed = await person.read(
            f"{left:,} of {len(lines):,} lines left. Enter shows more, q stops:"
        )
        if typed is None:
            return False
        if typed.lower().startswith("q"):
            break
    return True


def _send_answer(text: str, event: DecisionRequested) -> Send:
    if not text:
        raise InvalidSignal("The answer is empty.", fix="Type an answer.")
    return lambda run: run.answer(text, event)


def _unknown_choice(typed: str, fix: str) -> SteeringError:
    return InvalidSignal(f"Unknown choice {typed!r}.", fix=fix)


def parse_arguments(text: str) -> dict[str, Any]:
    """Parse the arguments of an edited call."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidSignal(
            f"The arguments are not JSON: {error}.",
            fix='Type an object: {"a": 1}.',
        ) from None
    if not isinstance(value, dict):
        raise InvalidSignal(
            "The arguments are not a JSON object.", fix='Type one, such as {"a": 1}.'
        )
    return cast("dict[str, Any]", value)
