"""Are these arguments what the tool takes? If not: words that let a model mend them."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from pydantic import ValidationError as PydanticError

from harness.agent import Tool
from harness.contracts.errors import ToolError
from harness.contracts.tool import ToolSpec

MAX_SHOWN = 5
MAX_WORDS = 300


class Checked:
    """A tool with the validator of its arguments, which costs more to build than to use."""

    def __init__(self, tool: Tool[..., Any]) -> None:
        self.tool = tool
        self._validator: Any = Draft202012Validator(tool.spec.parameters)

    def typed(self, arguments: Mapping[str, Any] | str) -> dict[str, Any]:
        """The arguments as the function's own types; ToolError when they do not fit."""
        spec = self.tool.spec
        if isinstance(arguments, str):
            raise _refused(
                spec, [f"they are not a JSON object but {_short(arguments)}; {_expected(spec)}"]
            )
        try:
            problems = self._problems(arguments)
            if problems:  # strict modes of providers send null for what was left out
                arguments = self._without_nulls(arguments)
                problems = self._problems(arguments)
        except RecursionError:
            raise _refused(spec, ["they are nested too deeply"]) from None
        if problems:
            raise _refused(spec, list(dict.fromkeys(_words(problem) for problem in problems)))
        try:
            return self.tool.signature.typed(arguments)
        except PydanticError as error:
            raise _refused(spec, _pydantic_words(error)) from None

    def _problems(self, arguments: Mapping[str, Any]) -> list[ValidationError]:
        found: Iterable[ValidationError] = self._validator.iter_errors(arguments)
        return list(islice(found, MAX_SHOWN))

    def _without_nulls(self, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        needed = self.tool.spec.parameters.get("required", ())
        return {
            name: value for name, value in arguments.items() if value is not None or name in needed
        }


def unknown_tool(name: str, known: Iterable[str]) -> ToolError:
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    hint = f"Did you mean {' or '.join(near)}? " if near else ""
    there = f"There are: {', '.join(names)}." if names else "There are no tools."
    return ToolError("unknown", f"There is no tool called {_short(name)}. {hint}{there}")


def _refused(spec: ToolSpec, problems: list[str]) -> ToolError:
    lines = "\n".join(f"- {problem}" for problem in problems)
    return ToolError(
        "invalid_arguments", f"The arguments of {spec.name} do not fit:\n{lines}\nCall it again."
    )


def _words(error: ValidationError) -> str:
    schema = cast("dict[str, Any]", error.schema)
    where = _path(error.absolute_path)
    if error.validator == "additionalProperties":
        known: list[str] = list(schema.get("properties", {}))
        extra = [name for name in cast("dict[str, Any]", error.instance) if name not in known]
        near = difflib.get_close_matches(extra[0], known, n=1, cutoff=0.5) if extra else []
        meant = f"; did you mean {near[0]}?" if near else f"; known are: {', '.join(known)}"
        return f"{where}: unknown {', '.join(_short(name) for name in extra)}{meant}"
    if error.validator == "required":
        return f"{where}: {_cut(error.message)}"
    shown = {key: value for key, value in schema.items() if key not in ("description", "default")}
    return f"{where}: {_short(error.instance)} is wrong, expected {_cut(_json(shown))}"


def _pydantic_words(error: PydanticError) -> list[str]:
    found = error.errors(include_url=False, include_context=False)[:MAX_SHOWN]
    return [
        f"{_path(each['loc'])}: {_short(each['input'])} is wrong: {_cut(each['msg'])}"
        for each in found
    ]


def _expected(spec: ToolSpec) -> str:
    return f"expected one that fits {_cut(_json(spec.parameters))}"


def _path(steps: Iterable[str | int]) -> str:
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return path.removeprefix(".") or "the object"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _short(value: Any) -> str:
    return _cut(_json(value), 80)


def _cut(text: str, limit: int = MAX_WORDS) -> str:
    return text if len(text) <= limit else f"{text[:limit]}..."
