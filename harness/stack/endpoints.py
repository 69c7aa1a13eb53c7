"""The addresses of a stack, and the lines of `harness doctor`."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Endpoints:
    """The addresses of Temporal and Postgres."""

    temporal_address: str
    namespace: str
    ui_url: str | None
    """Base address of the Temporal web page, for links."""
    database_url: str = field(repr=False)
    """A libpq URL; contains a password."""
    local_temporal: bool
    local_database: bool
    local_ui_url: str | None = None
    """Where the local Temporal serves its web page, wherever links lead."""
    notes: tuple[str, ...] = ()
    """What was chosen and why, one line each, for people."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """One line of `harness doctor`."""

    name: str
    ok: bool
    """Nothing is broken."""
    detail: str
    note: bool = False
    """Nothing is broken, but there is something to know."""
    fix: str = ""
    """What to do; empty if there is nothing to do."""
