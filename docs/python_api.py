"""The page of public names: signatures and docstrings as they stand in the code."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from docs import source
from docs.generate import fields_table, join_parts, load_notes, page_title

GROUPS: dict[str, tuple[str, ...]] = {
    "Run agents": (
        "run", "run_sync", "get_run", "Harness", "RunHandle", "RunResult", "Session", "RunRow",
        "RunNeed", "Prompt",
    ),
    "Declare agents and tools": (
        "Agent", "RunContext", "ModelRetry", "tool", "Tool", "ToolContext", "Ask", "Happened",
        "Target", "McpOAuth", "McpServer", "McpTool",
        "AnyTool", "Approval", "Budget", "ModelPlan", "Candidate", "ModelParams", "ContextPolicy",
        "MemoryPolicy",
    ),
    "Messages": ("Message", "Text", "Image", "FileRef", "ToolCall", "ToolResult"),
    "What a run says": (
        "RunState", "RunStatus", "Pending", "Decision", "Totals", "Usage", "TranscriptView",
        "Attempt", "Retry", "HarnessError", "ErrorInfo",
    ),
    "Effects and undo": ("EffectRow", "UndoReport", "UndoStep", "Undone"),
    "Forks, what-ifs and evaluations": (
        "Change", "RunDiff", "DiffSide", "DiffRow", "Recording", "read_recording", "WhatIfReport",
        "SourceOutcome", "ForkOutcome", "Outcome", "Called", "summarize_whatif", "draw_whatif",
        "Observed",
    ),
    "Settings": ("load_settings", "Settings", "ProviderSettings"),
}  # fmt: skip
"""The names of `harness`, each once."""
MODULES = ("harness.testing", "harness.testing.conformance", "harness.extensions")
"""Others that have a chapter of their own."""
HIDDEN = {
    "AgentParts": {"process", "box"},
    "Arg": {"is_option", "shown", "takes_no_value"},
    "Connection": {"vault", "stores", "signing"},
    "Database": {"connect", "listen", "unavailable_error", "close"},
    "Harness": {"begin", "warn_unserved"},
    "Recording": {"executions", "specs", "nodes", "artifacts", "proof", "projector", "spec"},
    "Tool": {"hooks", "signature", "fn"},
    "ToolContext": {"host", "root"},
}
"""What is of use inside only."""
ELSEWHERE = ("Settings", "ProviderSettings")
"""Their fields have a page of their own."""


def python_page() -> str:
    import harness

    check_groups(harness.__all__)
    parts = [page_title("Python", "the public names"), load_notes("pages")["python"]]
    for group, names in GROUPS.items():
        parts += [f"## {group}"]
        for name in names:
            parts += _chapter(name, getattr(harness, name))
    for module in MODULES:
        loaded = import_module(module)
        parts += [f"## {module}", _to_markdown(inspect.getdoc(loaded) or "")]
        for name in loaded.__all__:
            if getattr(loaded, name) is not getattr(harness, name, None):  # it has its chapter
                parts += _chapter(name, getattr(loaded, name))
    return join_parts(part for part in parts if part)


def check_groups(public: list[str]) -> None:
    listed = [name for names in GROUPS.values() for name in names]
    unlike = {name for name in public if not name.startswith("_")} ^ set(listed)
    if unlike or len(listed) != len(set(listed)):
        raise SystemExit(f"docs/python_api.py: GROUPS lacks, or has too many: {sorted(unlike)}")


def _chapter(name: str, value: Any) -> Iterator[str]:
    yield f"### {name}"
    if isinstance(value, type):
        yield from _class(name, value)
    elif inspect.isfunction(value):
        made = source.describe_function(value)
        at = "@" if name == "tool" else ""
        yield _signature_block(at + made.signature.replace(f"{value.__name__}(", f"{name}(", 1))
        yield _to_markdown(made.text)
    if name in load_notes("python"):
        yield load_notes("python")[name]


def _class(name: str, kind: type) -> Iterator[str]:
    hidden = HIDDEN.get(name, set[str]())
    if "Args:" in source.own_docstring(kind):
        yield _signature_block(source.constructor_signature(kind))
    yield _to_markdown(source.own_docstring(kind))
    if name in ELSEWHERE:
        return
    ours = [each for each in kind.__mro__ if each.__module__.startswith("harness")]
    for each in reversed(ours):
        if source.list_fields(each) and each is not _word():
            yield fields_table(each, skip=tuple(hidden))
    seen = {"wire", "code", *hidden}
    for each in ours:
        for member in source.list_members(each):
            if member.name not in seen and member.text:  # an override without text is its base's
                yield f"#### {name}.{member.name}"
                yield _signature_block(member.signature)
                yield _to_markdown(member.text)
            seen.add(member.name)


def _word() -> type:
    from harness.contracts.base import Word

    return Word


def _signature_block(signature: str) -> str:
    text = _space_defaults(signature) if len(signature) <= 90 else _wrap_arguments(signature)
    return f"```text\n{text}\n```"


def _space_defaults(signature: str) -> str:
    """`n: int=1` as people write it: `n: int = 1`."""
    return re.sub(r"(\w+: [^=()]+?)=", r"\1 = ", signature)


def _wrap_arguments(signature: str) -> str:
    """One argument a line."""
    start, _, rest = signature.partition("(")
    depth, end, cuts = 1, len(rest), [0]
    for place, letter in enumerate(rest):
        depth += (letter in "([{") - (letter in ")]}")
        if depth == 0:
            end = place
            break
        if depth == 1 and letter == ",":
            cuts.append(place + 1)
    args = [rest[a:b].strip().rstrip(",") for a, b in zip(cuts, [*cuts[1:], end], strict=True)]
    inside = "".join(f"    {_space_defaults(each)},\n" for each in args if each)
    return f"{start}(\n{inside}){rest[end + 1 :]}"


def _to_markdown(text: str) -> str:
    """A docstring as Markdown: its sections become lists."""
    parts = re.split(r"^(Args|Returns|Raises):\n", inspect.cleandoc(text), flags=re.MULTILINE)
    made = [parts[0].strip()]
    for name, body in zip(parts[1::2], parts[2::2], strict=True):
        if name == "Returns":
            made.append(f"Returns: {' '.join(body.split())}")
        else:
            made.append("\n".join([f"{name}:\n", *_items(body)]))
    return "\n\n".join(made)


def _items(body: str) -> list[str]:
    items: list[str] = []
    for line in body.splitlines():
        name, colon, rest = line.strip().partition(": ")
        if line.startswith("    ") and not line.startswith("     ") and colon:
            items.append(f"- `{name}`: {rest}")
        elif line.strip():
            items[-1] += f" {line.strip()}"
    return items
