"""The names in the OpenAPI document. Clients are generated with them, so what an installed
capability adds must not change those of harness."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any, cast

REF = "#/components/schemas/"
TYPE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
Schemas = dict[str, dict[str, Any]]


def name_schemas(document: dict[str, Any]) -> dict[str, Any]:
    """A document that names each schema as its class: FastAPI names models of different modules
    that have one name after the modules, and the class then says another one as its `title`."""
    schemas: Schemas = document["components"]["schemas"]
    titles = [_title_of(key, schema) for key, schema in schemas.items()]
    return rename_schemas(
        document,
        {
            key: title
            for key, title in zip(schemas, titles, strict=True)
            if titles.count(title) == 1
        },
    )


def rename_schemas(document: dict[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """A document with other names for its schemas."""
    renamed: dict[str, Any] = _rename_refs(document, names)
    schemas: Schemas = renamed["components"]["schemas"]
    renamed["components"]["schemas"] = {names.get(key, key): each for key, each in schemas.items()}
    return renamed


def add_part(document: dict[str, Any], part: dict[str, Any], capability: str) -> None:
    """Add the routes of an installed capability, and their schemas. Names that are taken get the
    capability's before them; schemas that are the same on both sides are shared."""
    ours: Schemas = document["components"]["schemas"]
    theirs: Schemas = part["components"]["schemas"]
    prefix = "".join(each.title() for each in capability.split("_"))
    names = _find_shared(ours, theirs)
    shared = {*names}
    taken = {*ours}
    for key, schema in theirs.items():
        if key not in shared:
            names[key] = _find_free(_title_of(key, schema), prefix, taken)
            taken.add(names[key])
    part = rename_schemas(part, names)
    ours.update({
        name: each for name, each in part["components"]["schemas"].items() if name not in ours
    })  # fmt: skip
    for path, methods in part["paths"].items():
        known = document["paths"].setdefault(path, {})
        for method, operation in methods.items():
            known.setdefault(method, operation)  # a route that was there before is the one served


def rename_operations(part: dict[str, Any], capability: str, taken: set[str]) -> None:
    """Give operations of an installed capability whose names are taken others."""
    for methods in part["paths"].values():
        for operation in methods.values():
            name = _find_free(operation["operationId"], f"{capability}_", taken)
            operation["operationId"] = name
            taken.add(name)


def _find_free(name: str, prefix: str, taken: set[str]) -> str:
    if name not in taken:
        return name
    numbered = (f"{prefix}{name}{number}" for number in count(2))
    first = f"{prefix}{name}"
    return first if first not in taken else next(each for each in numbered if each not in taken)


def _title_of(key: str, schema: Mapping[str, Any]) -> str:
    title = schema.get("title", "")
    return title if TYPE_NAME.fullmatch(title) else key


def _find_shared(ours: Schemas, theirs: Schemas) -> dict[str, str]:
    """The keys of their schemas that are ours too, each with our name: what each one refers to must
    be the same on both sides as well."""
    shared = {
        key: title for key, schema in theirs.items() if (title := _title_of(key, schema)) in ours
    }
    while wrong := [
        key
        for key, name in shared.items()
        if not all(ref in shared for ref in _find_refs(theirs[key]))
        or _rename_refs(theirs[key], shared) != ours[name]
    ]:
        for key in wrong:
            del shared[key]
    return shared


def _find_refs(node: object) -> Iterator[str]:
    if isinstance(node, str):
        if node.startswith(REF):
            yield node.removeprefix(REF)
    elif isinstance(node, dict):
        for each in cast("dict[str, object]", node).values():
            yield from _find_refs(each)
    elif isinstance(node, list):
        for each in cast("list[object]", node):
            yield from _find_refs(each)


def _rename_refs(node: Any, names: Mapping[str, str]) -> Any:
    """A copy whose references, those of discriminators too, have the names."""
    if isinstance(node, dict):
        found = cast("dict[str, object]", node)
        return {key: _rename_refs(each, names) for key, each in found.items()}
    if isinstance(node, list):
        return [_rename_refs(each, names) for each in cast("list[object]", node)]
    if isinstance(node, str) and node.startswith(REF):
        key = node.removeprefix(REF)
        return f"{REF}{names.get(key, key)}"
    return node
