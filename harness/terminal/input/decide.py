"""Ask the person at the terminal for a decision."""

from __future__ import annotations

import json
import shutil
from typing import Any, cast

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
    "budget": "[y]es, [n]o:",
    "store": "[y]es, [n]o:",
}
YES, NO, EDIT, VIEW = {"y", "yes"}, {"n", "no"}, {"e", "edit"}, {"v", "view"}
AGAIN, HAPPENED = {"a", "again"}, {"h", "happened"}
TYPED = {"approve": "y", "reject": "n", "edit": "e", "answer": "h"}
EDITED = 20_000
"""Characters up to which a line is edited in place."""
SAID_HAPPENED = "It happened, according to a person who checked."


def make_ask(view: RunView) -> Ask:
    async def ask(event: DecisionRequested) -> Send | None:
        for line in explain_keys(event.need):
            view.note(line)
        drop_ahead()
        while True:
            view.ask(f"    {KEYS[event.need]}")
            typed = await read_line()
            if typed is None:
                return None
            if event.need in ("approval", "outcome") and typed.lower() in VIEW:
                if not await _page_arguments(view, event):
                    return None
                continue
            return await _interpret_answer(view, event, typed)

    return ask


def explain_keys(need: str) -> list[str]:
    """What each key does, the recommended one first."""
    if need == "answer":
        return []
    again = "a" if need == "outcome" else "y"
    keys = {**TYPED, "approve": again}
    return [f"      {keys[verdict]}  {does}" for verdict, does in _offered_verdicts(need)]


def _offered_verdicts(need: str) -> list[tuple[str, str]]:
    found = list(MEANINGS[need].items())
    return [each for each in found if need != "budget" or each[0] != "edit"]


async def _interpret_answer(view: RunView, event: DecisionRequested, typed: str) -> Send:
    word, _, rest = typed.partition(" ")
    word, note = word.lower(), rest.strip() or None
    if event.need == "answer":
        return _send_answer(typed, event)
    if word in NO:
        return lambda run: run.reject(event, note=note)
    if word in EDIT and event.need != "budget":
        changed, replace = await _edit_arguments(view, event)
        return lambda run: run.decide("edit", event, arguments=changed, replace=replace)
    if event.need == "outcome":
        if word in HAPPENED:
            return _send_answer(note or SAID_HAPPENED, event)
        if word in AGAIN:
            return lambda run: run.approve(event, note=note)
        raise _unknown_choice(typed, "Type h if it happened, a to call it again, n to leave it.")
    if word in YES:
        return lambda run: run.approve(event, note=note)
    raise _unknown_choice(typed, "Type y or n.")


async def _edit_arguments(view: RunView, event: DecisionRequested) -> tuple[dict[str, Any], bool]:
    """The edited arguments and whether they replace all; of very long ones only the changes."""
    text = editable_json(event.arguments or {})
    if len(text) > EDITED:
        view.ask("    arguments to change, as JSON:")
        return parse_arguments(await read_line() or ""), False
    while True:
        view.note("    The arguments, as JSON. Enter sends them; an empty line changes nothing:")
        text = await edit_line("    ", text) or ""
        if not text.strip():
            raise InvalidSignal("Nothing was edited.", fix="Decide, or edit again.")
        try:
            return parse_arguments(text), True
        except InvalidSignal as error:
            view.note(f"    {error.message} {error.fix}")


def editable_json(value: dict[str, Any] | str) -> str:
    """JSON on one line of printable characters."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return "".join(each if clean_line(each) == each else json.dumps(each)[1:-1] for each in text)


async def _page_arguments(view: RunView, event: DecisionRequested) -> bool:
    """Page through all arguments; False at the end of input."""
    columns, rows = shutil.get_terminal_size()
    lines = argument_lines(event.asked, max(20, columns - 2))
    step = max(1, rows - 2)
    for start in range(0, len(lines), step):
        view.write(lines[start : start + step])
        left = len(lines) - start - step
        if left <= 0:
            break
        view.ask(f"    {left:,} of {len(lines):,} lines left. Enter shows more, q stops:")
        typed = await read_line()
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
