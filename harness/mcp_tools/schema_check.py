"""Check the schema of a tool's parameters, which an MCP server wrote: it is given to models, and
arguments are checked with it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, cast

from harness.contracts.clean_text import clean_text

MAX_SCHEMA = 24_000
"""Characters of a schema as JSON."""
MAX_DEPTH = 24
MAX_CHAIN = 64
"""References in a row."""
MAX_TEXT = 2_000
"""Characters of a description in it."""
_TEXTS = frozenset({"description", "title", "$comment"})
_REFS = ("$ref", "$dynamicRef", "$recursiveRef")
_FORBIDDEN = ("$id", "$anchor", "$dynamicAnchor", "$vocabulary", "$dynamicRef")
_MAPS = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})
_BESIDE = ("allOf", "anyOf", "oneOf")
"""Keywords whose schemas apply to the same value."""


class UnusableSchema(Exception):
    """Why a schema cannot be used."""


def clean_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema as models get it. UnusableSchema if it is too large, refers to something
    outside of itself, is not a valid JSON schema of an object, or would not end."""
    _check_depth(schema)
    if len(json.dumps(schema)) > MAX_SCHEMA:
        raise UnusableSchema(f"its parameters' schema exceeds {MAX_SCHEMA:,} characters")
    if schema.get("type", "object") != "object":
        raise UnusableSchema("its parameters are not an object")
    if any(name in schema for name in (*_BESIDE, *_REFS, "not", "if", "enum", "const")):
        # Some providers refuse every request that offers such a tool.
        raise UnusableSchema("its parameters' schema has alternatives or references at the top")
    cleaned = cast("dict[str, Any]", _clean_node(schema, is_schema=True))
    cleaned.pop("$schema", None)
    cleaned |= {"type": "object"}
    cleaned.setdefault("properties", {})
    _check_valid(cleaned)
    _check_references(cleaned)
    return cleaned


def _check_depth(value: Any) -> None:
    """Check the depth before anything recursive reads it."""
    waiting = [(value, 0)]
    while waiting:
        each, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise UnusableSchema(f"its parameters' schema is nested more than {MAX_DEPTH} deep")
        if isinstance(each, dict):
            waiting += [(inner, depth + 1) for inner in cast("dict[str, Any]", each).values()]
        elif isinstance(each, list):
            waiting += [(inner, depth + 1) for inner in cast("list[Any]", each)]


def _clean_node(value: Any, *, is_schema: bool) -> Any:
    """Clean the texts for readers, and refuse hidden characters where they would be data."""
    if isinstance(value, dict):
        node = cast("dict[str, Any]", value)
        return {
            _check_visible(name): clean_words(text, MAX_TEXT)
            if is_schema and name in _TEXTS and isinstance(text, str)
            else _clean_node(text, is_schema=not (is_schema and name in _MAPS))
            for name, text in node.items()
        }
    if isinstance(value, list):
        return [_clean_node(each, is_schema=is_schema) for each in cast("list[Any]", value)]
    return _check_visible(value) if isinstance(value, str) else value


def _check_visible(text: str) -> str:
    if clean_text(text) != text:
        raise UnusableSchema("its parameters' schema has invisible characters")
    return text


def clean_words(text: str, limit: int) -> str:
    """Show hidden characters as their code points, and shorten."""
    if len(text) > limit:
        text = f"{text[:limit]} [cut]"
    return clean_text(text)


def _check_valid(schema: dict[str, Any]) -> None:
    from jsonschema import Draft202012Validator, SchemaError

    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        why = clean_words(error.message, 200)
        raise UnusableSchema(f"its parameters' schema is not valid: {why}") from None


def _check_references(schema: dict[str, Any]) -> None:
    """Check that references stay inside: a validator would fetch others from the network. And that
    none leads back to itself for the same value: the check would not end."""
    for node in _iterate_nodes(schema):
        for name in _FORBIDDEN:
            if isinstance(node.get(name), str):
                raise UnusableSchema(f"its parameters' schema uses {name}")
    ending: set[int] = set()
    for node in _iterate_nodes(schema):
        _check_ends(schema, node, ending, ())


def _check_ends(
    schema: dict[str, Any], node: Any, ending: set[int], above: tuple[int, ...]
) -> None:
    """Follow what applies to the same value. `ending`: the nodes that are known to end."""
    if not isinstance(node, dict) or id(cast("Any", node)) in ending:
        return
    here = cast("dict[str, Any]", node)
    if id(here) in above or len(above) > MAX_CHAIN:
        raise UnusableSchema("its parameters' schema refers to itself without end")
    for each in _applying(schema, here):
        _check_ends(schema, each, ending, (*above, id(here)))
    ending.add(id(here))


def _applying(schema: dict[str, Any], node: dict[str, Any]) -> Iterator[Any]:
    for name in _REFS:
        if isinstance(node.get(name), str):
            yield _resolve(schema, node[name])
    for name in _BESIDE:
        if isinstance(node.get(name), list):
            yield from node[name]
    for name in ("not", "if", "then", "else"):
        if name in node:
            yield node[name]
    if isinstance(node.get("dependentSchemas"), dict):
        yield from node["dependentSchemas"].values()


def _resolve(schema: dict[str, Any], reference: str) -> Any:
    found: Any = schema
    if reference != "#":
        if not reference.startswith("#/"):
            raise UnusableSchema("its parameters' schema refers to another document")
        for step in reference[2:].split("/"):
            name = step.replace("~1", "/").replace("~0", "~")
            found = cast("dict[str, Any]", found).get(name) if isinstance(found, dict) else None
    if not isinstance(found, dict | bool):
        raise UnusableSchema(f"its parameters' schema has no {clean_words(reference, 80)}")
    return cast("Any", found)


def _iterate_nodes(schema: Any) -> Iterator[dict[str, Any]]:
    waiting = [schema]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            node = cast("dict[str, Any]", each)
            yield node
            waiting += node.values()
        elif isinstance(each, list):
            waiting += cast("list[Any]", each)
