"""A decision put to the person at the terminal."""

from __future__ import annotations

import json
from typing import Any, cast

from harness.contracts.errors import SteeringError
from harness.contracts.event import DecisionRequested
from harness.terminal.attend import Ask, Send
from harness.terminal.keyboard import read_line
from harness.terminal.view import RunView

QUESTIONS = {
    "approval": "    [y]es, [n]o or n WHY, [e]dit:",
    "answer": "    your answer:",
    "outcome": "    [y]es run it again, [n]o leave it, or say what came of it:",
    "budget": "    [y]es grant as much again, [n]o stop:",
    "store": "    [y]es look again, [n]o let the run fail:",
}
YES, NO, EDIT = {"y", "yes"}, {"n", "no"}, {"e", "edit"}


def asking(view: RunView) -> Ask:
    async def ask(event: DecisionRequested) -> Send | None:
        view.ask(QUESTIONS[event.need])
        typed = await read_line()
        if typed is None:
            return None
        word, _, rest = typed.partition(" ")
        word, note = word.lower(), rest.strip() or None
        if event.need == "answer":
            return _answer(typed, event)
        if word in YES:
            return lambda run: run.approve(event.id, note=note)
        if word in NO:
            return lambda run: run.reject(event.id, note=note)
        if word in EDIT and event.need == "approval":
            view.ask(f"    {json.dumps(event.arguments, ensure_ascii=False)}\n    as JSON:")
            changed = arguments(await read_line() or "")
            return lambda run: run.decide("edit", event.id, arguments=changed)
        if event.need == "outcome":
            return _answer(typed, event)
        raise SteeringError("bad_payload", f"{typed!r} decides nothing.", fix="Type y or n.")

    return ask


def _answer(text: str, event: DecisionRequested) -> Send:
    if not text:
        raise SteeringError("bad_payload", "The answer is empty.", fix="Type some words.")
    return lambda run: run.answer(text, event.id)


def arguments(text: str) -> dict[str, Any]:
    """The arguments of an edited call, as a person types them."""
    try:
        value = json.loads(text)
    except ValueError as error:
        raise SteeringError(
            "bad_payload", f"That is no JSON: {error}.", fix="Type an object."
        ) from None
    if not isinstance(value, dict):
        raise SteeringError("bad_payload", "Arguments are a JSON object.", fix='Like {"a": 1}.')
    return cast("dict[str, Any]", value)
