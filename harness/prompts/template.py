"""The language of prompt templates: text with `{{ name }}`, after declarations in TOML. Pure.

A parser of its own, because template engines do more than a prompt may: they run code (Jinja),
escape for HTML (Mustache) or let a missing variable pass. Here a value is inserted as it is, once:
what looks like a variable inside of a value is text.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, NamedTuple

from pydantic import Field, StringConstraints, ValidationError

from harness.contracts.base import Word
from harness.contracts.errors import InvalidTemplate, InvalidVariable, PromptTooLarge
from harness.contracts.prompt import Value
from harness.prompts.variables import (
    MAX_VARIABLES,
    NAME,
    Unfit,
    Variable,
    check_declaration,
    check_text,
    fit_value,
    write_value,
)

MAX_TEMPLATE = 100_000
"""Bytes."""
MAX_HEAD, MAX_HEAD_LINE = 10_000, 500
"""Characters of the declarations. A dotted key of 18,000 takes `tomllib` four seconds."""
MAX_LINES = 2_000
"""A diff of more takes seconds."""
MAX_INSERTED = 1_000
"""How often `{{` may stand in a template."""
MAX_VALUES = 200_000
"""Bytes of all values. They are stored with the run, beside the prompt."""
MAX_PROMPT = 500_000
"""Bytes. Temporal takes 2 MB."""
FENCE = "+++"
OPEN, CLOSE, ESCAPE = "{{", "}}", "\\"


class Head(Word):
    """The declarations at the top of a template."""

    description: Annotated[str, StringConstraints(strict=True, max_length=500)] | None = None
    variables: dict[str, Variable] | None = Field(default=None, max_length=MAX_VARIABLES)


class Inserted(NamedTuple):
    """Where the value of a variable goes."""

    name: str


@dataclass(frozen=True)
class Template:
    """A template that was read."""

    description: str | None
    variables: Mapping[str, Variable]
    parts: Sequence[str | Inserted]


def read_template(text: str) -> Template:
    """Read the text of a template.

    Raises:
        InvalidTemplate: It is malformed; the message names the line or the variable.
        PromptTooLarge: It is too large.
    """
    if len(text) > MAX_TEMPLATE or len(text.encode(errors="replace")) > MAX_TEMPLATE:
        raise PromptTooLarge(f"The template has more than {MAX_TEMPLATE:,} bytes.")
    try:
        text = check_text(text)
    except Unfit as error:
        raise InvalidTemplate(f"The template is refused: {error}.") from None
    if text.count("\n") >= MAX_LINES:
        raise PromptTooLarge(f"The template has more than {MAX_LINES:,} lines.")
    head, body, line = _split_head(text)
    parts = _read_body(body, line)
    used = list(dict.fromkeys(each.name for each in parts if isinstance(each, Inserted)))
    if not used and not body.strip():
        raise InvalidTemplate("The template has no text.", fix="Write the prompt into the file.")
    return Template(head.description, _match_variables(head.variables, used), parts)


def fill_template(
    ref: str, template: Template, given: Mapping[str, object]
) -> tuple[str, dict[str, Value]]:
    """Insert values into a template.

    Args:
        ref: How messages name the template.
        template: The template.
        given: The values by variable.

    Returns:
        The prompt, and the values with defaults.

    Raises:
        InvalidVariable: A variable is missing or unknown, or its value does not fit.
        PromptTooLarge: The values, or the prompt that they make, are too large.
    """
    unknown = [name for name in given if name not in template.variables]
    if unknown:
        known = ", ".join(template.variables) or "none"
        raise InvalidVariable(
            f"Prompt {ref} has no variable {unknown[0][:64]!r}.",
            fix=f"Its variables: {known}.",
        )
    values = {
        name: _choose_value(ref, name, variable, given)
        for name, variable in template.variables.items()
    }
    written = {name: write_value(value) for name, value in values.items()}
    sizes = {name: len(text.encode()) for name, text in written.items()}
    if sum(sizes.values()) > MAX_VALUES:
        raise PromptTooLarge(f"The variables of {ref} have more than {MAX_VALUES:,} bytes.")
    # Before anything is built: one value may be inserted thousands of times.
    size = sum(len(p.encode()) if isinstance(p, str) else sizes[p.name] for p in template.parts)
    if size > MAX_PROMPT:
        raise PromptTooLarge(f"Prompt {ref} would have {size:,} bytes, of {MAX_PROMPT:,} at most.")
    return "".join(p if isinstance(p, str) else written[p.name] for p in template.parts), values


def _choose_value(ref: str, name: str, variable: Variable, given: Mapping[str, object]) -> Value:
    value = given.get(name, variable.default)
    if value is None:
        raise InvalidVariable(
            f"Prompt {ref} needs the variable {name!r}.", fix=f"Give {name}: {variable.meaning}."
        )
    try:
        return fit_value(variable, value)
    except Unfit as error:
        raise InvalidVariable(
            f"Variable {name!r} of prompt {ref}: {error}.", fix=f"Give {name}: {variable.meaning}."
        ) from None


def _split_head(text: str) -> tuple[Head, str, int]:
    """The declarations, the text after them, and the number of its first line."""
    lines = text.split("\n")
    if lines[0].rstrip() != FENCE:
        return Head(), text.strip("\n"), 1 + len(text) - len(text.lstrip("\n"))
    ends = [number for number, line in enumerate(lines) if number and line.rstrip() == FENCE]
    if not ends:
        raise InvalidTemplate(f"The declarations that start with {FENCE} in line 1 do not end.",
            fix=f"Put a line {FENCE} before the text.")  # fmt: skip
    declared, body = "\n".join(lines[1 : ends[0]]), "\n".join(lines[ends[0] + 1 :])
    if len(declared) > MAX_HEAD:
        raise PromptTooLarge(f"The declarations have more than {MAX_HEAD:,} characters.")
    if any(len(line) > MAX_HEAD_LINE for line in lines[1 : ends[0]]):
        raise PromptTooLarge(
            f"A line of the declarations has more than {MAX_HEAD_LINE} characters.",
            fix='Break a long text: """ around several lines.',
        )
    skipped = len(body) - len(body.lstrip("\n"))
    return _read_head(declared), body.strip("\n"), ends[0] + 2 + skipped


def _read_head(text: str) -> Head:
    try:
        return Head.model_validate(tomllib.loads("\n" + text))  # so that its lines are the file's
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where, why = ".".join(map(str, first["loc"][:3])), first["msg"]
        if first["type"] == "extra_forbidden":
            raise InvalidTemplate(
                f"Declaration {where[:200]}: unknown declaration.",
                fix="Declare each variable in its own table: [variables.NAME], then its type.",
            ) from None
        if where.endswith(".default"):
            why = "Not a text, a number, true, false or a list of texts"
        raise InvalidTemplate(f"Declaration {where[:200]}: {why}.") from None
    except (ValueError, RecursionError) as error:
        raise InvalidTemplate(f"The declarations are not TOML: {str(error)[:200]}.") from None


def _read_body(body: str, line: int) -> list[str | Inserted]:
    if body.count(OPEN) > MAX_INSERTED:
        raise PromptTooLarge(f"The template has {OPEN} more than {MAX_INSERTED:,} times.")
    parts: list[str | Inserted] = []
    at = 0
    while (found := body.find(OPEN, at)) >= 0:
        text = body[at:found]
        plain = text.rstrip(ESCAPE)
        escapes = len(text) - len(plain)
        parts.append(plain + ESCAPE * (escapes // 2))
        if escapes % 2:
            parts.append(OPEN)
            at = found + len(OPEN)
            continue
        end = body.find(CLOSE, found)
        name = body[found + len(OPEN) : end].strip(" ") if end >= 0 else ""
        if not NAME.fullmatch(name):
            line += body.count("\n", 0, found)
            raise InvalidTemplate(
                f"Line {line}: {body[found : found + 40].splitlines()[0]!r} is not a variable.",
                fix=r"Write {{ name }}, or \{{ for the characters themselves.",
            )
        parts.append(Inserted(name))
        at = end + len(CLOSE)
    return [*parts, body[at:]]


def _match_variables(
    declared: Mapping[str, Variable] | None, used: Sequence[str]
) -> Mapping[str, Variable]:
    """The variables of a template. Without declarations, each is a text that is required."""
    if declared is None:
        if len(used) > MAX_VARIABLES:
            raise PromptTooLarge(f"The template has more than {MAX_VARIABLES} variables.")
        return {name: Variable() for name in used}
    for name in used:
        if name not in declared:
            raise InvalidTemplate(
                f"Variable {name!r} is used, but not declared.", fix=f"Declare [variables.{name}]."
            )
    for name, variable in declared.items():
        if name not in used:
            raise InvalidTemplate(
                f"Variable {name[:64]!r} is declared, but not used.",
                fix=f"Use {{{{ {name[:64]} }}}}, or remove the declaration.",
            )
        try:
            check_declaration(variable)
        except Unfit as error:
            raise InvalidTemplate(f"Variable {name!r}: {error}.") from None
    return declared
