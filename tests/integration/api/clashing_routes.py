"""Routes of an installed capability whose names are those of harness."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any

from pydantic import BaseModel

from harness.contracts.capability import Capability
from harness.contracts.run import Budget
from harness.extensions import Created, Role, Route


class State(Enum):
    GOOD = "good"


class Started(BaseModel):
    """The start of a race."""

    gun: str


class User(BaseModel):
    horse: str


class RunCard(BaseModel):
    horses: list[User]
    state: State
    budget: Budget | None = None
    """A model of harness."""


class ValidationError(BaseModel):
    lap: int


class Problem(BaseModel):
    fence: int


class Horse(BaseModel):
    name: str


async def start_run(body: Started) -> RunCard:
    """Start a race."""
    raise NotImplementedError(body)


async def add_horse(body: ValidationError) -> Horse:
    """Add a horse."""
    raise NotImplementedError(body)


async def show_horse(horse: str) -> Problem:
    """Show a horse."""
    raise NotImplementedError(horse)


async def list_agents() -> Horse:
    """Answer at a path that is taken."""
    raise NotImplementedError


async def show_callback() -> Any:
    """Show what JSON cannot."""


class Odd(BaseModel):
    call: Callable[[], None]


ROUTES = (
    Route("POST", "/races", start_run, Role.OPERATOR, 201),
    Route("POST", "/horses", add_horse, Role.OPERATOR, 201, creates=Created("horse", "/name")),
    Route("GET", "/horses/{horse}", show_horse, Role.VIEWER),
    Route("GET", "/agents", list_agents, Role.VIEWER),
)
ODD = (Route("GET", "/odd", show_callback, Role.VIEWER, answer=Odd),)
RACES, CALLBACKS = (
    Capability(name=name, summary="Race.", routes=f"{__name__}:{routes}")
    for name, routes in (("races", "ROUTES"), ("odd_ones", "ODD"))
)
