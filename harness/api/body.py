"""The base of request bodies, and addresses of what was created."""

from __future__ import annotations

from urllib.parse import quote

from pydantic import BaseModel, ConfigDict


class Body(BaseModel):
    """A request's body: unknown fields are refused, so that a typo is not ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


def location_of(kind: str, id: str) -> str:
    """The address of something, as the `Location` header has it: ids may hold any character."""
    return f"/api/v1/{kind}/{quote(id, safe='')}"
