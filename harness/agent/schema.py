"""Build a tool's description and argument schema from a function's signature and docstring."""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, create_model
from pydantic.errors import PydanticUserError
from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema

from harness.agent.context import ToolContext
from harness.contracts.errors import ConfigError, InvalidAgent

_SECTION = re.compile(r"^(Args|Arguments|Parameters|Returns|Yields|Raises|Examples?|Notes?):\s*$")
_ARGUMENT = re.compile(r"^\*{0,2}(\w+)\s*(?:\([^)]*\))?:\s*(.*)$")


def tool_error(name: str, problem: str, fix: str) -> ConfigError:
    return InvalidAgent(f"Tool {name}: {problem}.", fix=fix)


@dataclass(frozen=True, kw_only=True)
class Signature:
    """The description and parameters of a tool function."""

    description: str
    parameters: dict[str, Any]
    """JSON schema of the arguments."""
    model: type[BaseModel]
    """Its fields are named by position, so that no parameter clashes with a method of the model;
    each has the parameter's name as its alias."""
    names: Mapping[str, str]
    """Field of `model` -> parameter."""
    context: str | None
    """The parameter that takes the ToolContext."""

    def convert_arguments(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Convert arguments to the function's types, with defaults filled in."""
        values = self.model.model_validate(arguments).__dict__
        return {name: values[field] for field, name in self.names.items()}


def read_signature(fn: Callable[..., Any], name: str) -> Signature:
    described, by_argument = _read_docstring(fn, name)
    hints = _read_hints(fn, name)
    context: str | None = None
    fields: dict[str, Any] = {}
    names: dict[str, str] = {}
    for parameter in inspect.signature(fn).parameters.values():
        hint = _hint_of(parameter, hints, name)
        if _is_context(hint):
            if context is not None:
                raise tool_error(name, "has two ToolContext parameters", "Keep one of them.")
            context = parameter.name
            continue
        field = f"p{len(fields)}"
        names[field] = parameter.name
        fields[field] = _make_field(parameter, hint, by_argument.get(parameter.name))
    try:
        model = create_model(name, __config__=ConfigDict(extra="forbid"), **fields)
        parameters = model.model_json_schema(by_alias=True, schema_generator=_Schema)
    except (PydanticUserError, TypeError) as error:
        problem = str(error).splitlines()[0]
        for field, parameter_name in names.items():
            problem = problem.replace(f"`{field}`", f"`{parameter_name}`")
        raise tool_error(
            name,
            f"a parameter's type has no JSON form ({problem})",
            "Use plain types, Literal, Enum, dataclasses, TypedDicts or pydantic models.",
        ) from None
    parameters.setdefault("properties", {})
    return Signature(
        description=described, parameters=parameters, model=model, names=names, context=context
    )


def object_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The JSON schema of `model`, without titles, which only cost tokens."""
    made = model.model_json_schema(by_alias=True, schema_generator=_Schema)
    reference = made.pop("$ref", None)
    if reference is None:
        return made
    # A recursive model: providers require its schema at the top level.
    return {**made["$defs"][reference.rpartition("/")[2]], **made}


class _Schema(GenerateJsonSchema):
    """Omits titles and does not warn about defaults that JSON cannot represent."""

    ignored_warning_kinds = {"skipped-choice", "non-serializable-default"}

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - the base's name
        return False

    def model_schema(self, schema: Any) -> dict[str, Any]:
        made = super().model_schema(schema)
        made.pop("title", None)
        return made


def _make_field(parameter: inspect.Parameter, hint: Any, description: str | None) -> Any:
    default = parameter.default
    if isinstance(default, FieldInfo):  # def f(n: int = Field(default=3, ge=1))
        hint, default = Annotated[hint, default], default.default
    elif default is inspect.Parameter.empty:
        default = ...
    return (_add_description(hint, description, parameter.name), default)


def _add_description(hint: Any, description: str | None, alias: str) -> Any:
    """Add the docstring's description of a parameter, unless its annotation has one."""
    named = Annotated[hint, Field(alias=alias)]
    if description is None or _has_description(hint):
        return named
    return Annotated[named, Field(description=description)]


def _has_description(hint: Any) -> bool:
    extras: tuple[Any, ...] = getattr(hint, "__metadata__", ())
    return any(isinstance(extra, FieldInfo) and extra.description for extra in extras)


def _read_hints(fn: Callable[..., Any], name: str) -> dict[str, Any]:
    target = fn if inspect.isroutine(fn) else type(fn).__call__
    try:
        return typing.get_type_hints(target, include_extras=True)
    except NameError as error:
        raise tool_error(
            name,
            f"its type hints cannot be read ({error})",
            "Import the type at the top of the module, not under TYPE_CHECKING or in a function.",
        ) from None


def _hint_of(parameter: inspect.Parameter, hints: dict[str, Any], name: str) -> Any:
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
        raise tool_error(
            name,
            f"takes {parameter}, but the model sends arguments by name",
            "Name each parameter; a list or dict parameter takes many values.",
        )
    if parameter.kind is parameter.POSITIONAL_ONLY:
        raise tool_error(
            name,
            f"parameter {parameter.name} is positional-only, but the model sends names",
            "Remove the / from the signature.",
        )
    if parameter.name not in hints:
        raise tool_error(
            name,
            f"parameter {parameter.name} has no type hint",
            f"Write {parameter.name}: TYPE (a method is decorated on its instance: "
            "tool(thing.method)).",
        )
    return hints[parameter.name]


def _is_context(hint: Any) -> bool:
    return hint is ToolContext or typing.get_origin(hint) is ToolContext


def _read_docstring(fn: Callable[..., Any], name: str) -> tuple[str, dict[str, str]]:
    """Split a docstring into the description and the parameters' descriptions from `Args:`."""
    text = inspect.getdoc(fn)
    if not text or not text.strip():
        raise tool_error(
            name,
            "has no docstring, which the model uses to choose tools",
            "Say what the tool does.",
        )
    kept: list[str] = []
    said: dict[str, list[str]] = {}
    current, indent, inside = "", 0, False
    for line in text.splitlines():
        section = _SECTION.match(line)
        if section:
            inside, indent = section[1] in ("Args", "Arguments", "Parameters"), 0
            if inside:
                continue
        elif inside and line.strip() and not line[0].isspace():
            inside = False
        if not inside:
            kept.append(line)
        elif line.strip():
            depth = len(line) - len(line.lstrip())
            indent = indent or depth
            found = _ARGUMENT.match(line.strip()) if depth <= indent else None
            if found:
                current = found[1]
            said.setdefault(current, []).append(found[2] if found else line.strip())
    described = {each: " ".join(part for part in said[each] if part) for each in said if each}
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip(), described
