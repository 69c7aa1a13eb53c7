"""What an MCP server declares about its tools: bounded, compared, and named for models."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from harness.contracts.base import Word
from harness.contracts.clean_text import clean_line
from harness.contracts.tool import PIN_PARTS
from harness.contracts.transcript import digest
from harness.mcp_tools.schema_check import UnusableSchema, clean_schema, clean_words

MAX_TOOLS = 128
"""Tools of one server: some providers accept no more in a request."""
MAX_DESCRIPTION = 4_000
MAX_TOOL_NAME = 64
DIGEST_CHARS = 12
_INVALID = re.compile(r"[^A-Za-z0-9_-]")
HINTS = ("readOnlyHint", "destructiveHint", "idempotentHint")


class Declared(Word):
    """A tool as its server declares it: exactly this was approved, or not."""

    name: str
    description: str
    parameters: dict[str, Any]
    hints: dict[str, bool]
    """Those of its annotations that say what a call changes. Claims, not facts."""

    @property
    def pin(self) -> str:
        """See `ToolPolicy.pin`."""
        return ".".join(_digest_part(part) for part in self._parts())

    def find_changes(self, now: Declared) -> list[str]:
        """Name the parts in which `now` differs."""
        pairs = zip(PIN_PARTS, self._parts(), now._parts(), strict=True)
        return [name for name, before, after in pairs if before != after]

    def _parts(self) -> tuple[Any, Any, Any]:
        return self.description, self.parameters, self.hints


def _digest_part(value: Any) -> str:
    return digest(json.dumps(value, sort_keys=True).encode(errors="replace"))[:DIGEST_CHARS]


class Offered(NamedTuple):
    """A tool that models may be offered."""

    declared: Declared
    name: str
    """SERVER__TOOL."""
    description: str
    parameters: dict[str, Any]


class Reading(NamedTuple):
    offered: tuple[Offered, ...]
    refused: Mapping[str, str]
    """Unusable tools, each with the reason."""


def read_declared(name: str, description: str | None, schema: Any, annotations: Any) -> Declared:
    """Keep of a declaration what matters."""
    hints = {hint: value for hint in HINTS if isinstance(value := annotations.get(hint), bool)}
    return Declared(name=name, description=description or "", parameters=schema or {}, hints=hints)


def choose_tools(server: str, declared: Iterable[Declared], only: Iterable[str] = ()) -> Reading:
    """Choose the usable tools, and name them so that every provider accepts the names."""
    wanted, offered, refused = set(only), dict[str, Offered](), dict[str, str]()
    for each in declared:
        if wanted and each.name not in wanted:
            continue
        shown = clean_line(each.name[:80])
        name = f"{server}__{_INVALID.sub('_', each.name)}"
        if not each.name or len(name) > MAX_TOOL_NAME:
            refused[shown] = f"its name must have 1 to {MAX_TOOL_NAME - len(server) - 2} characters"
        elif name in offered:
            refused[shown] = f"{clean_line(offered[name].declared.name)} has the same name, {name}"
        elif len(offered) >= MAX_TOOLS:
            refused[shown] = f"the server has more than {MAX_TOOLS} tools; choose some with `only`"
        else:
            try:
                offered[name] = _offer(each, name)
            except UnusableSchema as why:
                refused[shown] = str(why)
    return Reading(tuple(offered.values()), refused)


def _offer(declared: Declared, name: str) -> Offered:
    words = clean_words(declared.description.strip(), MAX_DESCRIPTION)
    return Offered(declared, name, words or name, clean_schema(declared.parameters))


def check_unchanged(server: str, approved: Declared, now: Mapping[str, Declared]) -> str | None:
    """Return what changed of a tool since it was approved; None if nothing did."""
    found = now.get(approved.name)
    if found is None:
        return f"the server {server} has no tool {clean_line(approved.name)} any more"
    changes = approved.find_changes(found)
    if not changes:
        return None
    words = f"{clean_line(approved.name)} of the server {server} has changed"
    return f"{words}: {' and '.join(changes)}"
