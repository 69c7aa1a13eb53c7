"""What the API says of itself and of the caller."""

from __future__ import annotations

from pydantic import BaseModel

from harness.api.caller import Role


class Me(BaseModel):
    """Who makes the request."""

    user: str
    role: Role


class Version(BaseModel):
    """The daemon's version."""

    version: str


class ErrorPage(BaseModel):
    """What an error means, and what to do about it."""

    code: str
    title: str
    meaning: str
    fix: str
    retryable: bool
