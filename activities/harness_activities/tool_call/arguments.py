"""Validate and convert the arguments of a tool call; errors let a model correct them."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from jsonschema import Draft202012Validator
from pydantic import ValidationError as PydanticError
from pydantic_core import to_json

from harness.agent import Tool
from harness.commons.argument_cost import are_small, is_plain
from harness.commons.children import Limits, run_in_child
from harness.contracts.errors import InvalidToolArguments, ToolError, UnknownTool
from harness.contracts.tool import ToolSpec
from harness_activities.jobs.arguments import (
    as_json,
    check_arguments,
    cut_text,
    format_path,
    format_value,
    without_nulls,
)

MAX_SHOWN = 5
MAX_COUNTED = 1_000
LIMITS = Limits(seconds=5, memory_mb=512, answer_mb=1)
CALL_AGAIN = "\nCall it again."
"""For the model only; a person who edits a call does not see it."""


class CheckedTool:
    """A tool with its argument validator, which costs more to build than to use."""

    def __init__(self, tool: Tool[..., Any]) -> None:
        self.tool = tool
        self._schema = tool.spec.parameters
        self._validator: Any = Draft202012Validator(self._schema)
        self._is_plain = is_plain(self._schema)

    async def convert_arguments(self, arguments: Mapping[str, Any] | str) -> dict[str, Any]:
        """Convert the arguments to the function's own types; raises ToolError if they do not
        fit."""
        spec = self.tool.spec
        if isinstance(arguments, str):
            raise _invalid_arguments(
                spec,
                [f"{format_value(arguments)} is not a JSON object; {_describe_expected(spec)}"],
            )
        problems, no_nulls = await self._find_problems(arguments)
        if problems:
            raise _invalid_arguments(spec, problems)
        if no_nulls:
            arguments = without_nulls(self._schema, arguments)
        try:
            return self.tool.signature.convert_arguments(arguments)
        except PydanticError as error:
            raise _invalid_arguments(spec, _describe_pydantic(error)) from None

    async def _find_problems(self, arguments: Mapping[str, Any]) -> tuple[list[str], bool]:
        if self._is_plain and are_small(arguments):
            return check_arguments(self._validator, self._schema, arguments)
        try:
            asked = to_json({"schema": self._schema, "arguments": arguments})
        except (ValueError, RecursionError):
            why = "they are nested too deeply, or contain half of a surrogate pair"
            raise _invalid_arguments(self.tool.spec, [why]) from None
        found = await run_in_child("harness_activities.jobs.arguments:find_problems", asked, LIMITS)
        problems, no_nulls = json.loads(found)
        return problems, no_nulls


def unknown_tool_error(name: str, known: Iterable[str]) -> ToolError:
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    hint = f"Did you mean {' or '.join(near)}? " if near else ""
    there = f"There are: {', '.join(names)}." if names else "There are no tools."
    return UnknownTool(f"There is no tool called {format_value(name)}. {hint}{there}")


def _invalid_arguments(spec: ToolSpec, problems: list[str]) -> ToolError:
    lines = "\n".join(f"- {problem}" for problem in problems)
    return InvalidToolArguments(f"The arguments of {spec.name} do not fit:\n{lines}{CALL_AGAIN}")


def _describe_pydantic(error: PydanticError) -> list[str]:
    count = error.error_count()
    if count > MAX_COUNTED:  # each costs more to describe than to find
        return [f"{count:,} values are wrong: {cut_text(error.title)}"]
    found = error.errors(include_url=False, include_context=False)[:MAX_SHOWN]
    return [
        f"{format_path(each['loc'])}: {format_value(each['input'])} is wrong: "
        f"{cut_text(each['msg'])}"
        for each in found
    ]


def _describe_expected(spec: ToolSpec) -> str:
    return f"expected one that fits {cut_text(as_json(spec.parameters))}"
