"""The base of request bodies, what is wrong with one, and the addresses of what was created."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from pydantic import BaseModel, BeforeValidator, ConfigDict, StrictInt, ValidationError

from harness.api.route import PREFIX
from harness.contracts.errors import InvalidRequest


def _read_whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


WholeNumber = Annotated[StrictInt, BeforeValidator(_read_whole)]
"""An integer as JSON Schema has it: `5.0` is one, `"5"` and `true` are none."""


class Body(BaseModel):
    """A request's body: unknown fields are refused, so that a typo is not ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


def location_of(kind: str, id: str) -> str:
    """The address of something, as the `Location` header has it: ids may hold any character."""
    return f"{PREFIX}/{kind}/{quote(id, safe='')}"


def first_problem(error: ValidationError) -> InvalidRequest:
    """The first thing that is wrong with a message, as an error."""
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(map(str, first["loc"])) or "the message"
    return InvalidRequest(f"{where}: {first['msg']}")
