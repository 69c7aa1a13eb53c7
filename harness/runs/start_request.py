"""What a caller may set for a run, and its checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from pydantic import TypeAdapter, ValidationError

from harness.agent.checks import check_budget
from harness.contracts.errors import InvalidValue
from harness.contracts.family import is_reserved
from harness.contracts.message import FileRef, Image, Message, Text, user_message
from harness.contracts.model import ModelRef
from harness.contracts.prompt import PinnedPrompt
from harness.contracts.run import Budget, Parent
from harness.prompts.prompt import Prompt

MAX_MODEL = 200
MODEL_REF = TypeAdapter[str](ModelRef)
MAX_ID = 250
"""Temporal's index keeps 255 characters."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a caller may set for a run besides its agent."""

    messages: tuple[Message, ...]
    prompt: Prompt | None = None
    """In place of messages: a template, whose text is made when the run starts."""
    files: tuple[Image | FileRef, ...] = ()
    """What is attached to the text of `prompt`."""
    template: PinnedPrompt | None = None
    """What made the messages, if that was a template."""
    id: str | None = None
    session: str | None = None
    head: str | None = None
    lineage: str | None = None
    """The family that `head` belongs to, unless that is the session's."""
    parent: Parent | None = None
    model: str | None = None
    budget: Budget | None = None
    workspace: Path | None = None
    labels: Mapping[str, str] | None = None
    priority: int | None = None
    """From 1, the most urgent, to 5."""
    owner: str | None = None
    """Who owns the run."""
    by: str | None = None
    """Who starts it; user@host of this process by default."""

    def __post_init__(self) -> None:
        _check_option_types(self)
        if self.id is not None:
            check_id(self.id)
        if self.model is not None:
            check_model(self.model)
        if self.budget is not None:
            check_budget(self.budget)
        if self.workspace is not None:
            check_workspace(self.workspace)
        if self.owner is not None:
            check_id(self.owner, "owner")
        if self.priority is not None:
            check_priority(self.priority)


def check_id(id: str, what: str = "run", most: int = MAX_ID) -> str:
    """Check that Temporal and the store can keep the id of a run or session."""
    if what == "run" and is_reserved(id):
        raise InvalidValue(
            f"{id[:40]!r} cannot name a run: harness reserves it.",
            fix="Choose another id.",
        )
    if 0 < len(id) <= most and id.isprintable() and id.strip():
        return id
    raise InvalidValue(
        f"{id[:40]!r} is not a valid {what} id.",
        fix=f"Use 1 to {most} printable characters.",
    )


def check_priority(priority: object) -> None:
    """Raise InvalidValue unless the priority is a whole number from 1 to 5."""
    known = isinstance(priority, int) and not isinstance(priority, bool) and 1 <= priority <= 5
    if not known:
        raise InvalidValue(
            f"priority={repr(priority)[:40]} is not a priority.",
            fix="Pass a whole number from 1 (most urgent) to 5.",
        )


def check_workspace(folder: Path) -> None:
    """Raise InvalidValue if the workspace is not a folder."""
    if not folder.is_dir():
        raise InvalidValue(
            f"The workspace {folder} is not a folder on this host.",
            fix="Create it, or name an existing folder.",
        )


def as_messages(prompt: str | Message | Sequence[Message]) -> tuple[Message, ...]:
    """Read a prompt as messages; InvalidValue if it is empty or of another type."""
    given: object = prompt
    if isinstance(prompt, str):
        given = (user_message(prompt),)
    elif isinstance(prompt, Message):
        given = (prompt,)
    if not isinstance(given, Sequence) or not all(
        isinstance(each, Message) for each in cast("Sequence[object]", given)
    ):
        raise InvalidValue(
            f"prompt is {prompt!r}, not a str, a Message or a list of Messages.",
            fix='Pass a text, such as "What is 2 + 2?".',
        )
    messages = tuple(cast("Sequence[Message]", given))
    if not any(_has_content(each) for each in messages):
        raise InvalidValue("The prompt is empty.", fix='Pass a text, such as "What is 2 + 2?".')
    return messages


def _has_content(message: Message) -> bool:
    return any(not isinstance(part, Text) or part.text.strip() for part in message.parts)


def _check_option_types(request: Request) -> None:
    """Check the types at run time, for users without a type checker."""
    options: dict[str, tuple[object, type, str]] = {
        "id": (request.id, str, "Pass a text."),
        "budget": (request.budget, Budget, "Pass a Budget, such as Budget(turns=10)."),
        "workspace": (request.workspace, Path, "Pass a Path, such as Path('src')."),
    }
    for name, (value, kind, fix) in options.items():
        if value is not None and not isinstance(value, kind):
            raise InvalidValue(f"{name}={value!r} is not a {kind.__name__}.", fix=fix)
    labels: object = request.labels
    if labels is not None and not _maps_text(labels):
        raise InvalidValue(
            f"labels={labels!r} does not map texts to texts.",
            fix='Pass a dict, such as {"team": "billing"}.',
        )


def _maps_text(value: object) -> bool:
    if not isinstance(value, Mapping):
        return False
    items = cast("Mapping[object, object]", value).items()
    return all(isinstance(name, str) and isinstance(text, str) for name, text in items)


def check_model(ref: str) -> str:
    """Check that providers and lists can name the model.

    Raises:
        InvalidValue: It is not provider/model, too long, or not printable.
    """
    try:
        found = MODEL_REF.validate_python(ref)
    except ValidationError:
        found = ""
    if 0 < len(found) <= MAX_MODEL and found.isprintable():
        return found
    words = f"{repr(ref)[:100]} is not a model name."
    fix = f"Use provider/model, such as openai/gpt-5, of up to {MAX_MODEL} characters."
    raise InvalidValue(words, fix=fix)
