"""The tree of known keys, derived from the settings models."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, get_args, get_origin

from pydantic import SecretStr

from harness.config.settings import HARMLESS, Section, settings_model

Path = tuple[str, ...]


@dataclass(frozen=True)
class Leaf:
    """A key that holds a value."""

    type: Any
    harmless: bool = False

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
    """A key that holds other keys: those of a section, or any name if `each` is set."""

    section: type[Section] | None
    each: type[Section] | None = None

    def child(self, name: str) -> Leaf | Table | None:
        if self.each:
            return Table(self.each)
        field = self.section.model_fields.get(name) if self.section else None
        return _make_node(field.annotation, HARMLESS in field.metadata) if field else None

    def names(self) -> list[str]:
        return list(self.section.model_fields) if self.section else []


def _make_node(annotation: Any, harmless: bool) -> Leaf | Table:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return Table(annotation)
    if get_origin(annotation) is dict:
        return Table(None, each=get_args(annotation)[1])
    return Leaf(annotation, harmless)


@cache
def root_table() -> Table:
    """The table of all keys."""
    return Table(settings_model())


def find_key(path: Path) -> Leaf | Table | None:
    node: Leaf | Table | None = root_table()
    for name in path:
        node = node.child(name) if isinstance(node, Table) else None
    return node


def list_keys(table: Table | None = None, at: Path = ()) -> Iterator[Path]:
    """List every key with a fixed name; names of providers are free."""
    table = table or root_table()
    for name in table.names():
        node = table.child(name)
        if isinstance(node, Table):
            yield from list_keys(node, (*at, name))
        else:
            yield (*at, name)


def guess_key(key: Path) -> Path | None:
    """Guess the known key that `key` was meant to be."""
    depth = next(n for n in range(len(key) - 1, -1, -1) if isinstance(find_key(key[:n]), Table))
    table, wrong = find_key(key[:depth]), key[depth]
    if isinstance(table, Table) and (close := _closest_match(wrong, table.names())):
        corrected = (*key[:depth], close, *key[depth + 1 :])
        if find_key(corrected):
            return corrected
        if corrected != key:
            return guess_key(corrected)
    known = list(list_keys())
    elsewhere = [k for k in known if k[-1] == key[-1]]
    dotted = _closest_match(
        ".".join(key), map(".".join, elsewhere or known), 0.0 if elsewhere else 0.6
    )
    return tuple(dotted.split(".")) if dotted else None


def is_foreign(section: str) -> bool:
    """Whether a section is unlike all known ones: it may belong to a package that was removed."""
    known = root_table().names()
    return section not in known and _closest_match(section, known, 0.7) is None


def suggest_name(name: str, known: Iterable[str]) -> str:
    """Suggest the name that was probably meant, or else list the known ones."""
    known = sorted(known)
    close = _closest_match(name, known)
    return f"Did you mean {close!r}?" if close else f"Known: {', '.join(known)}."


def _closest_match(name: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    return next(iter(difflib.get_close_matches(name, list(known), n=1, cutoff=cutoff)), None)
