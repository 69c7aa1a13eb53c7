"""The values in a call's arguments, and what each looks like. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from harness.contracts.gate import ValueKind
from harness.gates.texts import plain_text, squeeze

MOST_VALUES = 64
"""Values of a call that are traced one by one."""
DEPTH = 8
SHORT = 64
"""Characters of a name, at most."""
LONG_PIECE = 8
"""A piece of text with at least this many characters is traced on its own."""

EMAIL = re.compile(r"[a-z0-9][a-z0-9._%+-]{0,63}@[a-z0-9](?:[a-z0-9-]{0,62}\.){1,8}[a-z]{2,24}")
URL = re.compile(
    r"(?:[a-z][a-z0-9+.-]{1,12}://|www\.)[^\s\"'<>()\[\]]{2,2000}"
    r"|(?:[a-z0-9][a-z0-9-]{0,62}\.){1,8}(?:com|org|net|io|dev|ai|co|app|info|biz|xyz|ru|cn|de|uk|eu)"
    r"(?:[:/][^\s\"'<>()\[\]]{0,2000})?(?![\w.-])"
)
ID = re.compile(r"(?=(?:[a-z_-]{0,16}\d){4})[a-z0-9_-]{6,64}")
_DATE = re.compile(r"\d{4}-\d\d(?:-\d\d)?(?:[ t]\d\d:\d\d(?::\d\d)?\S{0,16})?|\d\d:\d\d(?::\d\d)?")
_PATH = re.compile(
    r"(?:[a-z]:)?[\w.~@ -]{0,255}(?:[/\\][\w.~@ -]{0,255}){1,64}|[\w -]{1,80}\.[a-z0-9]{1,5}"
)
_IDENTIFIES = re.compile(
    r"(?:^|[._-])(?:id|ids|uuid|number|iban|account)(?:\.\d+)?$|[a-z]I[dD]s?(?:\.\d+)?$"
)
"""Arguments whose value identifies something, however short it is."""
_HOST = re.compile(r"^(?:[a-z][a-z0-9+.-]{1,12}://)?(?:[^/@\s]{0,200}@)?([^/:?#\s]{1,253})")


@dataclass(frozen=True, slots=True)
class Value:
    """One value to trace."""

    argument: str
    kind: ValueKind
    plain: str
    needles: tuple[str, ...]
    """What to look for in plain text."""
    squeezed: str = ""
    """What to look for in squeezed text, if anything."""
    whole: bool = True
    """Whether it is the argument's whole value."""


def list_values(arguments: Any) -> list[Value] | None:
    """List the values to trace; None if there are too many."""
    found: list[Value] = []
    for path, leaf in _walk(arguments, "", 0):
        found += _read_leaf(path, leaf)
        if len(found) > MOST_VALUES:
            return None
    return found


def _walk(value: Any, path: str, depth: int) -> Iterator[tuple[str, Any]]:
    if depth > DEPTH:
        yield path, str(value)
    elif isinstance(value, dict):
        for key, inner in cast("dict[str, Any]", value).items():
            yield from _walk(inner, f"{path}.{key}" if path else str(key)[:SHORT], depth + 1)
    elif isinstance(value, list):
        for place, inner in enumerate(cast("list[Any]", value)):
            yield from _walk(inner, f"{path}.{place}", depth + 1)
    elif value is not None and not isinstance(value, bool):
        yield path, value


def _read_leaf(path: str, leaf: Any) -> list[Value]:
    if isinstance(leaf, int | float) and not _IDENTIFIES.search(path):
        return _read_number(path, leaf)
    plain = plain_text(str(leaf))
    kind = classify(plain)
    if kind == "text" or (kind == "name" and " " in plain):
        return _read_text(path, kind, plain)
    if kind == "name" and _IDENTIFIES.search(path):
        kind = "id"
    return [_make_value(path, kind, plain)] if len(plain) > 2 or kind == "id" else []


def classify(plain: str) -> ValueKind:
    """Say what a plain text looks like."""
    squeezed = squeeze(plain)
    if EMAIL.fullmatch(plain):
        return "email"
    if URL.fullmatch(plain) or plain.startswith(("http://", "https://", "www.")):
        return "url"
    if _DATE.fullmatch(plain):
        return "name"
    if (
        len(plain) <= SHORT
        and plain.count(" ") <= 8
        and ID.fullmatch(squeezed)
        and (" " not in plain or sum(each.isdigit() for each in squeezed) * 2 > len(squeezed))
    ):
        return "id"
    if _PATH.fullmatch(plain) and plain.count(" ") <= 3:
        return "path"
    return "name" if len(plain) <= SHORT and "\n" not in plain else "text"


def _make_value(path: str, kind: ValueKind, plain: str, *, whole: bool = True) -> Value:
    needles = (plain,)
    if kind == "url":
        host = host_of(plain)
        needles = (plain, host) if host else (plain,)
    elif kind == "path":
        name = re.split(r"[/\\]", plain)[-1]
        needles = (plain, name) if len(name) > 3 else (plain,)
    squeezed = squeeze(plain) if kind in ("id", "email") else ""
    return Value(path, kind, plain, needles, squeezed if len(squeezed) > 7 else "", whole)


def _read_number(path: str, number: float) -> list[Value]:
    forms = tuple(dict.fromkeys((f"{number:g}", f"{number:.2f}", f"{number:,.2f}", str(number))))
    if len(forms[0].strip("-")) < 3:
        return []  # small numbers are everywhere
    return [Value(path, "amount", forms[0], forms)]


def _read_text(path: str, kind: ValueKind, plain: str) -> list[Value]:
    """A text is traced as a whole, and by the addresses in it."""
    found = [Value(path, kind, plain, (plain,))]
    for inner, pattern in (("email", EMAIL), ("url", URL)):
        pieces = dict.fromkeys(match[0].rstrip(".,;:!?") for match in pattern.finditer(plain))
        found += [
            _make_value(path, cast("ValueKind", inner), piece, whole=False)
            for piece in list(pieces)[:MOST_VALUES]
            if len(piece) >= LONG_PIECE
        ]
    return found


def host_of(plain: str) -> str:
    """Return the host that an address names."""
    match = _HOST.match(plain)
    return match[1].removeprefix("www.") if match else ""
