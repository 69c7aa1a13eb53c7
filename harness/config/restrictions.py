"""Restrictions of a harness.toml that do not count, and the refusal to serve without them."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.config import _keys, _sources, trust
from harness.config._keys import Table
from harness.config._owned import Foreign, find_foreign
from harness.contracts.clean_text import clean_line
from harness.contracts.errors import ConfigError, Untrusted

if TYPE_CHECKING:
    from harness.config.settings import Settings


@dataclass(frozen=True)
class Missing:
    """Settings that restrict what runs may do, and do not count."""

    file: str
    sections: tuple[str, ...]
    """Their sections; empty if nobody can tell, because others may have changed the file."""
    why: str
    fix: str
    """What makes them count."""


def check_restrictions(settings: Settings) -> None:
    """Refuse to serve without the policies, gates, budgets or limits of a file that is not trusted:
    one changed byte would switch them off.

    Raises:
        Untrusted: There are such sections.
    """
    if missing := settings.missing:
        raise Untrusted(
            f"{missing.why}: runs would be served without these restrictions.", fix=missing.fix
        )


def find_ignored(
    file: Path, ignored: Iterable[_keys.Path], chosen: Collection[_keys.Path]
) -> Missing | None:
    """Find restrictions among the values that a file which is not trusted may not set.

    Args:
        file: The harness.toml.
        ignored: The keys of those values.
        chosen: The keys that the environment sets instead.
    """
    sections = _list_sections(ignored, chosen)
    if not sections:
        return None
    return Missing(
        clean_line(str(file)),
        sections,
        f"{clean_line(str(file))} is not trusted, so nothing in its {_name(sections)} counts",
        "Review and trust the file: harness trust. To serve without them, remove the sections.",
    )


def find_passed_over(files: Iterable[Path], chosen: Collection[_keys.Path]) -> Missing | None:
    """Find restrictions in files that someone else may have written.

    Nothing else is taken from them. That such a file restricts nothing is not believed if the user
    has trusted it before: whoever can write to it can remove its sections. The sections of all
    profiles count.

    Args:
        files: Each harness.toml that is ignored for that reason.
        chosen: The keys that the environment sets instead.
    """
    for file in files:
        foreign = find_foreign(file) if os.path.lexists(file) else None
        if foreign is not None and (found := _examine(file, foreign, chosen)):
            return found
    return None


def _examine(file: Path, foreign: Foreign, chosen: Collection[_keys.Path]) -> Missing | None:
    try:
        read = _sources.read_file(file.parent)
        tables = (read.top, *read.profiles.values())
        sections = _list_sections([key for table in tables for key in table], chosen)
        what = f"nothing in its {_name(sections)} counts"
        if not sections:
            if str(read.path) not in trust.read_trust().files:
                return None
            what = "it is ignored although you trusted it"
    except ConfigError:
        sections, what = (), "it is ignored, and what it restricts cannot be read"
    return Missing(
        clean_line(str(file)),
        sections,
        clean_line(f"{foreign.why}, so {what}"),
        f"Review {clean_line(str(file))}, then run: {clean_line(foreign.fix)}. If it is not "
        "yours, write a harness.toml of your own in your project.",
    )


def _list_sections(keys: Iterable[_keys.Path], chosen: Collection[_keys.Path]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(key[0] for key in keys if key not in chosen and _restricts(key)))


def _restricts(key: _keys.Path) -> bool:
    node = _keys.find_key(key[:1])
    return isinstance(node, Table) and bool(node.section and node.section.restricts)


def _name(sections: Iterable[str]) -> str:
    return " and ".join(f"[{name}]" for name in sections)
