"""Make what the API takes from the words of a command."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from harness.cli.parser import UsageError

Body = TypeVar("Body", bound=BaseModel)


def make_body(model: type[Body], fields: Mapping[str, Any], command: str) -> Body:
    """Check the words of a command.

    Raises:
        UsageError: They are not what the API takes.
    """
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        reason = first["msg"].removeprefix("Value error, ")
        raise UsageError(
            f"{place}: {reason}." if place else f"{reason.capitalize()}.",
            f"See `harness {command} --help`.",
        ) from None
