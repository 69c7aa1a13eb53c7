"""Reads a run's card: what `harness show` and the API say of it."""

from __future__ import annotations

from contextlib import suppress

from harness.contracts.errors import RunError, RunNotFound
from harness.engine.connection import Connection
from harness.history import reader
from harness.history.diagnosis import diagnose_stuck_run
from harness.history.retries import list_retries
from harness.journal.card import Card, card_of
from harness.runs.description import read_agent
from harness.runs.filter import RunFilter
from harness.runs.listing import list_runs

MOST_FORKS = 100
"""How many forks are listed."""


async def read_card(connection: Connection, run: str) -> Card:
    """Read the card of a run. Needs no worker.

    Raises:
        RunNotFound: No run has this id.
    """
    events = reader.read_events(connection, run, wait=False)
    card = card_of([event async for event in events])
    if card is None:
        raise RunNotFound(f"{run!r} is a workflow, but not a run of an agent.")
    more: dict[str, object] = {
        "spec": await read_agent(connection, run),
        "forks": await _find_forks(connection, run),
    }
    if not card.state.over:
        more["stuck"] = await diagnose_stuck_run(connection.temporal, run)
        more["retries"] = tuple(await list_retries(connection.temporal, run))
    return card.model_copy(update=more)


async def _find_forks(connection: Connection, run: str) -> tuple[str, ...]:
    """The newest forks of a run; none if this namespace does not index them yet."""
    with suppress(RunError):
        found = list_runs(connection, RunFilter(fork_of=run).query(), MOST_FORKS)
        return tuple(dict.fromkeys([row.id async for row in found]))
    return ()
