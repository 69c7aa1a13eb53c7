"""The page of public names: signatures and docstrings as they stand in the code."""

from __future__ import annotations

import inspect
import re
from typing import Any

from docs import source
from docs.generate import fields_table, notes, page, title


def python_page() -> str:
    import harness
    from harness.agent import Agent, Ask, Happened, ModelRetry, RunContext, Tool, ToolContext, tool
    from harness.contracts import message, model, run, whatif
    from harness.contracts.errors import HarnessError
    from harness.runs.listing import RunRow
    from harness.sdk.client import HarnessClient
    from harness.sdk.handle import RunHandle
    from harness.sdk.local import Harness
    from harness.sdk.result import RunResult
    from harness.sdk.run_reader import RunReader
    from harness.sdk.session import Session

    names = ", ".join(f"`{name}`" for name in harness.__all__)
    parts = [title("Python", "the public names"), notes("pages")["python"]]
    parts += [f"From `harness`: {names}.", "Tools that are built in: [tools](tools.md)."]
    parts += ["## Agent", _call(source.constructor(Agent)), _doc(Agent)]
    parts += ["### Agent.output_validator", _text(Agent.output_validator.__doc__ or "")]
    parts += ["## RunContext", _doc(RunContext), fields_table(RunContext)]
    parts += ["## ModelRetry", _doc(ModelRetry)]
    made = source.function(tool)
    parts += ["## tool", _call(f"@{made.signature}"), _text(made.text)]
    parts += ["## Tool", _doc(Tool), fields_table(Tool, skip=("hooks", "signature"))]
    parts += [_methods(Tool), "## Happened", _doc(Happened), fields_table(Happened)]
    parts += ["## ToolContext", _doc(ToolContext), fields_table(ToolContext, skip=("host",))]
    parts += [_methods(ToolContext), "## Ask", "`from harness.agent import Ask`", _doc(Ask)]
    parts += [fields_table(Ask), "## Harness", _doc(Harness), _methods(Harness)]
    parts += [_methods(HarnessClient, skip=("begin", "serve"))]
    parts += ["## RunHandle", "What `start` and `run` return.", _methods(RunHandle)]
    parts += [_methods(RunReader)]
    parts += ["## RunResult", _doc(RunResult), fields_table(RunResult), _methods(RunResult)]
    parts += ["## Session", "What `harness.session()` returns.", _doc(Session), _methods(Session)]
    parts += ["## RunRow", _doc(RunRow), fields_table(RunRow)]
    kinds: list[Any] = [whatif.WhatIfReport, whatif.SourceOutcome, whatif.ForkOutcome]
    kinds += [whatif.Outcome, whatif.Called]
    kinds += [run.Budget, run.RunStatus, run.Pending, run.Totals]
    kinds += [model.Usage, model.ModelPlan, model.Candidate, model.ModelParams]
    kinds += [model.ContextPolicy, message.Message]
    for kind in kinds:
        where = f"`from {kind.__module__} import {kind.__name__}`"
        where = "" if kind.__name__ in harness.__all__ else where
        parts += [f"## {kind.__name__}", where, _doc(kind), fields_table(kind)]
    parts += _testing()
    states = ", ".join(f"`{state}`" for state in run.RunState)
    parts += ["## RunState", f"One of {states}. `state.over`: nothing comes after it."]
    parts += ["## HarnessError", _doc(HarnessError), notes("python")["HarnessError"]]
    return page(parts)


def _testing() -> list[str]:
    from harness import testing

    kinds: list[Any] = [testing.ScriptedModel, testing.FunctionModel]
    made = source.function(testing.call)
    parts = ["## harness.testing", "[Test an agent](../how-to/test-agents.md) shows how to use it."]
    parts += ["### run_agent", _doc(testing.AgentRunner), _methods(testing.AgentRunner)]
    for kind in kinds:
        parts += [f"### {kind.__name__}", _call(source.constructor(kind)), _doc(kind)]
    parts += ["### Reply", _doc(testing.Reply), fields_table(testing.Reply)]
    parts += ["### call", _call(made.signature), _text(made.text)]
    checked = source.function(testing.check_replay)
    named = checked.signature.replace("check(", "check_replay(", 1)
    return [*parts, "### check_replay", _call(named), _text(checked.text)]


def _methods(kind: type, skip: tuple[str, ...] = ()) -> str:
    parts: list[str] = []
    for each in source.members(kind):
        if each.name not in skip:
            parts += [f"### {kind.__name__}.{each.name}", _call(each.signature), _text(each.text)]
    return "\n\n".join(part for part in parts if part)


def _call(signature: str) -> str:
    text = _spaced(signature) if len(signature) <= 90 else _wrapped(signature)
    return f"```text\n{text}\n```"


def _spaced(signature: str) -> str:
    """`n: int=1` as people write it: `n: int = 1`."""
    return re.sub(r"(\w+: [^=()]+?)=", r"\1 = ", signature)


def _wrapped(signature: str) -> str:
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
    inside = "".join(f"    {_spaced(each)},\n" for each in args if each)
    return f"{start}(\n{inside}){rest[end + 1 :]}"


def _doc(kind: type) -> str:
    return _text(source.docstring(kind))


def _text(text: str) -> str:
    """A docstring as Markdown: its `Args:` become a list."""
    whole, _, arguments = inspect.cleandoc(text).partition("Args:\n")
    if not arguments:
        return whole
    items: list[str] = []
    for line in arguments.splitlines():
        name, colon, rest = line.strip().partition(": ")
        if line.startswith("    ") and not line.startswith("     ") and colon:
            items.append(f"- `{name}`: {rest}")
        elif line.strip():
            items[-1] += f" {line.strip()}"
    return f"{whole.strip()}\n\n" + "\n".join(items)
