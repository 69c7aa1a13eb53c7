"""Read YAML of any origin in bounded time: texts, lists and mappings, nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, cast

from harness.commons.extras import require_extra
from harness.contracts.clean_text import clean_line
from harness.contracts.errors import RulesInvalid

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BYTES = 1_000_000
MOST_NODES = 100_000
MOST_DEEP = 20
MAX_REASON = 300
Node: TypeAlias = "str | list[Node] | dict[str, Node]"


def read_yaml(content: str) -> list[Node]:
    """Read the documents of a file. Scalars are texts, whatever they look like.

    Raises:
        RulesInvalid: It is not YAML, is too large, or has aliases, types or keys that are not
            texts: aliases make few bytes into many, and types into code.
    """
    require_extra("care", "Reading YAML", "yaml")
    import yaml

    if len(content.encode(errors="replace")) > MAX_BYTES:
        raise RulesInvalid(f"The file is larger than {MAX_BYTES // 1_000_000} MB.")
    loader = cast("Any", getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    try:
        return _build(cast("Iterator[Any]", yaml.parse(content, Loader=loader)))
    except yaml.YAMLError as error:
        reason = " ".join(str(error).split())[:MAX_REASON]
        raise RulesInvalid(f"The file is not YAML: {clean_line(reason)}.") from None


def _build(events: Iterator[Any]) -> list[Node]:
    import yaml

    documents = list[Node]()
    stack = list[_Open]()
    for number, event in enumerate(events):
        if number > MOST_NODES:
            raise RulesInvalid(f"The file has more than {MOST_NODES:,} parts.")
        done: Node
        match event:
            case yaml.AliasEvent():
                raise RulesInvalid(_place(event, "an alias: write the value itself"))
            case yaml.NodeEvent() if (tag := _find_type(event)) is not None:
                raise RulesInvalid(_place(event, f"the type {tag}: remove it"))
            case yaml.ScalarEvent():
                done = str(event.value)
            case yaml.SequenceStartEvent() | yaml.MappingStartEvent():
                stack.append(_Open([] if isinstance(event, yaml.SequenceStartEvent) else {}))
                if len(stack) > MOST_DEEP:
                    raise RulesInvalid(_place(event, f"more than {MOST_DEEP} levels"))
                continue
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                done = stack.pop().node
            case _:
                continue
        if not stack:
            documents.append(done)
        elif (problem := stack[-1].add(done)) is not None:
            raise RulesInvalid(_place(event, problem))
    return documents


class _Open:
    """A list or mapping that is being read."""

    def __init__(self, node: list[Node] | dict[str, Node]) -> None:
        self.node = node
        self._key: str | None = None

    def add(self, child: Node) -> str | None:
        """Add a part; what is wrong with it, if anything is."""
        if isinstance(self.node, list):
            self.node.append(child)
        elif self._key is not None:
            self.node[self._key] = child
            self._key = None
        elif not isinstance(child, str):
            return "a key that is not a text"
        elif child in self.node:
            return f"the key {child[:80]!r} twice"
        else:
            self._key = child
        return None


def _find_type(event: Any) -> str | None:
    tag = getattr(event, "tag", None)
    return None if tag in (None, "!", "tag:yaml.org,2002:str") else str(tag)[:80]


def _place(event: Any, problem: str) -> str:
    return clean_line(f"Line {event.start_mark.line + 1} of the file has {problem}.")
