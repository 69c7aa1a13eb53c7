"""What a stack is to those who use it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Endpoints:
    """Where Temporal and Postgres answer."""

    temporal_address: str
    namespace: str
    ui_url: str | None
    """Base address of the Temporal web page."""
    database_url: str = field(repr=False)
    """A libpq URL; it holds a password."""
    local_engine: bool
    local_database: bool
    notes: tuple[str, ...] = ()
    """What was picked and why, one line each, for people."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """One line of `harness doctor`."""

    name: str
    ok: bool
    """Nothing is broken."""
    detail: str
    note: bool = False
    """Nothing is broken, and there is something to know or to weigh."""
    fix: str = ""
    """What to do about it; empty when there is nothing to do."""
