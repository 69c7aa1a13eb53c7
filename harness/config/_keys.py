"""The tree of known keys, read off the settings models themselves."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, get_args, get_origin

from pydantic import SecretStr

from harness.config.settings import Section, Settings

Path = tuple[str, ...]


@dataclass(frozen=True)
class Leaf:
    """A key that holds a value."""

    type: Any

    @property
    def secret(self) -> bool:
        return SecretStr in (self.type, *get_args(self.type))

    @property
    def is_list(self) -> bool:
        return get_origin(self.type) is tuple

    def holds(self, wanted: type) -> bool:
        return wanted in (self.type, *get_args(self.type))


@dataclass(frozen=True)
class Table:
    """A key that holds other keys: those of a section, or any name where `each` is set."""

    section: type[Section] | None
    each: type[Section] | None = None

    def child(self, name: str) -> Leaf | Table | None:
        if self.each:
            return Table(self.each)
        field = self.section.model_fields.get(name) if self.section else None
        return _node(field.annotation) if field else None

    def names(self) -> list[str]:
        return list(self.section.model_fields) if self.section else []


def _node(annotation: Any) -> Leaf | Table:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return Table(annotation)
    if get_origin(annotation) is dict:
        return Table(None, each=get_args(annotation)[1])
    return Leaf(annotation)


ROOT = Table(Settings)


def find(path: Path) -> Leaf | Table | None:
    node: Leaf | Table | None = ROOT
    for name in path:
        node = node.child(name) if isinstance(node, Table) else None
    return node


def leaves(table: Table = ROOT, at: Path = ()) -> Iterator[Path]:
    """Every key with a fixed name; providers stand under names of their own."""
    for name in table.names():
        node = table.child(name)
        if isinstance(node, Table):
            yield from leaves(node, (*at, name))
        else:
            yield (*at, name)


def nearest(name: str, known: Iterable[str]) -> str:
    """The end of a sentence that tells the name that was probably meant, or the possible ones."""
    known = sorted(known)
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    if close:
        return f"Did you mean {close[0]!r}?"
    return f"Known: {', '.join(known)}." if len(known) <= 16 else ""
