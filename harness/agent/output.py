"""An agent's output type: its JSON schema, and the conversion of answers to values."""

from __future__ import annotations

import inspect
from typing import Any, cast

from pydantic import BaseModel, ConfigDict, ValidationError, create_model
from pydantic.errors import PydanticUserError

from harness.agent.schema import object_schema
from harness.contracts.errors import InvalidAgent, InvalidOutput

VALUE = "value"
"""The field that holds an output that is not a JSON object: providers require an object."""


class OutputType:
    """A pydantic model, or any other type in a model with one field."""

    def __init__(self, kind: Any, agent: str) -> None:
        self.name = getattr(kind, "__name__", None) or str(kind)
        model = cast("type[BaseModel]", kind) if _is_model(kind) else None
        try:
            schema = object_schema(model) if model else {}
            self.wrapped = schema.get("type") != "object"
            self._model = _wrap_type(kind) if model is None or self.wrapped else model
            self.schema = object_schema(self._model) if self.wrapped else schema
        except (PydanticUserError, TypeError) as error:
            problem = str(error).splitlines()[0]
            raise InvalidAgent(
                f"Agent {agent}: its output type has no JSON form ({problem}).",
                fix="Use a pydantic model, or a type that pydantic can describe.",
            ) from None

    def parse_data(self, data: Any) -> Any:
        """Convert a run's `data` to the type. Raises InvalidOutput."""
        try:
            made = self._model.model_validate({VALUE: data} if self.wrapped else data)
        except ValidationError as error:
            raise InvalidOutput(
                f"The result does not fit {self.name}: {describe_problems(error)}."
            ) from None
        return getattr(made, VALUE) if self.wrapped else made

    def dump_value(self, value: Any) -> Any:
        """Convert a value of the type to `data`, plain JSON. Raises InvalidOutput."""
        try:
            made = self._model.model_validate({VALUE: value} if self.wrapped else value)
        except ValidationError as error:
            raise InvalidOutput(
                f"{value!r} does not fit {self.name}: {describe_problems(error)}."
            ) from None
        data = made.model_dump(mode="json", by_alias=True)
        return data[VALUE] if self.wrapped else data


def describe_problems(error: ValidationError, most: int = 5) -> str:
    """Describe what is wrong and where, without the values."""
    found = error.errors(include_url=False, include_input=False)[:most]
    return "; ".join(f"{_format_place(each['loc'])}: {each['msg']}" for each in found)


def _format_place(steps: tuple[int | str, ...]) -> str:
    return ".".join(str(step) for step in steps) or "the whole"


def read_output_type(kind: Any, agent: str) -> OutputType | None:
    """Read an output type; None for text, which needs no schema."""
    if kind is None or kind is str:
        return None
    if isinstance(kind, BaseModel | str | int | float | list | tuple | dict):
        raise InvalidAgent(
            f"Agent {agent}: output={kind!r} is not a type.",
            fix="Give a pydantic model, a union of models, or a plain type such as list[int].",
        )
    return OutputType(kind, agent)


def _is_model(kind: Any) -> bool:
    return inspect.isclass(kind) and issubclass(kind, BaseModel)


def _wrap_type(kind: Any) -> type[BaseModel]:
    fields: dict[str, Any] = {VALUE: (kind, ...)}
    return create_model("Output", __config__=ConfigDict(extra="forbid"), **fields)
