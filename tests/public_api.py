"""The public names of harness and their signatures, as text: `python -m tests.public_api` writes
`tests/public_api.txt`, and a test compares the two."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from docs import source
from harness import Tool
from harness.errors import HarnessError

MODULES = (
    "harness", "harness.errors", "harness.events", "harness.testing",
    "harness.testing.conformance", "harness.tools",
    "harness.extensions",
)  # fmt: skip
"""Where users and authors of capabilities import from."""
FILE = Path(__file__).with_suffix(".txt")


def describe_api() -> str:
    lines: list[str] = []
    for module in MODULES:
        lines.append(f"# {module}")
        for name, value in public_names(module):
            lines += describe(name, value)
        lines.append("")
    return "\n".join(lines)


def public_names(module: str) -> Iterator[tuple[str, Any]]:
    loaded = import_module(module)
    for name in sorted(loaded.__all__):
        if not name.startswith("_"):
            yield name, getattr(loaded, name)


def describe(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, type):
        yield from _describe_class(name, value)
    elif isinstance(value, Tool):
        given: Tool[..., Any, Any] = value
        yield f"{name}({', '.join(given.spec.parameters['properties'])}): {given.policy.effect}"
    elif inspect.isfunction(value):
        yield source.describe_function(value).signature.replace(value.__name__, name, 1)
    else:
        yield name


def classes_of(kind: type) -> list[type]:
    """The class and those of ours that it inherits from, whose members are public with it."""
    return [each for each in kind.__mro__ if each.__module__.startswith("harness")]


def _describe_class(name: str, kind: type) -> Iterator[str]:
    bases = ", ".join(base.__name__ for base in kind.__bases__ if base is not object)
    code = kind.__dict__.get("code") if issubclass(kind, HarnessError) else None
    yield f"class {name}({bases}){f': {code}' if code else ''}"
    if issubclass(kind, HarnessError) and kind is not HarnessError:
        return  # what it has is its base's
    if "__init__" in kind.__dict__ and not kind.__dict__["__init__"].__qualname__.startswith("_"):
        yield from (f"    {each}" for each in _constructor(kind))
    seen: set[str] = set()
    for each in classes_of(kind):
        for field in source.list_fields(each):
            if field.name not in seen:
                default = "" if field.default is None else f" = {field.default}"
                yield f"    {field.name}: {field.type}{default}"
        for member in source.list_members(each):
            if member.name not in seen:
                yield f"    {member.signature}"
        seen |= {each.name for each in (*source.list_fields(each), *source.list_members(each))}


def _constructor(kind: type) -> Iterator[str]:
    try:
        yield source.constructor_signature(kind)
    except IndexError:
        return  # made by a decorator, from its fields


if __name__ == "__main__":
    FILE.write_text(describe_api(), "utf-8")
