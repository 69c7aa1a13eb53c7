"""`Prompt`: a template and the values of its variables, in place of a text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from harness.contracts.errors import InvalidValue
from harness.contracts.prompt import Value

NAME = "[A-Za-z0-9][A-Za-z0-9_.-]{0,63}"
_REF = re.compile(rf"({NAME})(?:@([1-9][0-9]{{0,8}}))?")


class Ref(NamedTuple):
    """A prompt template, or one version of it."""

    name: str
    version: int | None = None
    """None: the newest."""

    def __str__(self) -> str:
        return self.name if self.version is None else f"{self.name}@{self.version}"


@dataclass(frozen=True, init=False)
class Prompt:
    """A prompt made from a template: `harness.run(agent, Prompt("refund@3", amount=3))`.

    Args:
        template: The template's name, or one version of it as NAME@VERSION. Without a version, the
            newest one when the run starts. The run records which one it was.
        variables: The values of its variables.

    Raises:
        InvalidValue: `template` is not a name.
    """

    template: str
    """NAME or NAME@VERSION."""
    variables: Mapping[str, Value]
    """The values by variable."""

    def __init__(self, template: str, /, **variables: Value | list[str]) -> None:
        read_ref(template)
        object.__setattr__(self, "template", template)
        object.__setattr__(self, "variables", variables)


def read_ref(text: str) -> Ref:
    """Read NAME or NAME@VERSION; InvalidValue if it is neither."""
    found = _REF.fullmatch(text) if isinstance(text, str) else None  # pyright: ignore[reportUnnecessaryIsInstance]
    if found is None:
        raise InvalidValue(
            f"{str(text)[:80]!r} does not name a prompt template.",
            fix="Use NAME or NAME@VERSION, such as refund@3: up to 64 letters, digits, _, . or -.",
        )
    return Ref(found[1], int(found[2]) if found[2] else None)
