"""Reads a run's card: what `harness show` and the API say of it."""

from __future__ import annotations

from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionResponse

from harness.contracts.errors.run import not_a_run
from harness.engine.connection import Connection
from harness.history import live, reader
from harness.history.diagnosis import diagnose_stuck_run
from harness.history.fork_index import find_forks
from harness.history.observed_run import ObservedRun
from harness.history.pinned_agent import read_agent
from harness.history.retries import find_retries
from harness.history.run_reads import RunReads
from harness.journal.card import Card, card_of


async def read_card(connection: Connection, run: str) -> Card:
    """Read the card of a run. Needs no worker.

    Raises:
        RunNotFound: No run has this id.
    """
    events = reader.read_events(connection, run, wait=False)
    card = card_of([event async for event in events])
    if card is None:
        raise not_a_run(run)
    more: dict[str, object] = {
        "spec": await read_agent(connection, run),
        "forks": await find_forks(connection.temporal, run),
    }
    if not card.state.over:
        described = await live.describe_execution(connection.temporal, run)
        more |= await _describe_calls(connection, run, described)
    return card.model_copy(update=more)


async def read_observed_card(
    connection: Connection, reads: RunReads, run: str, observed: ObservedRun | None
) -> Card:
    """Like `read_card`, in a process that keeps what it reads. `observed`: the run, if it was
    observed for the same request."""
    observed = observed or await reads.observe(run)
    card = await reads.read_card(run, observed)
    more: dict[str, object] = {}
    if forks := await reads.forks.find(run):
        more["forks"] = forks
    if not card.state.over and observed.described is not None:
        more |= await _describe_calls(connection, run, observed.described)
    return card.model_copy(update=more) if more else card


async def _describe_calls(
    connection: Connection, run: str, described: DescribeWorkflowExecutionResponse
) -> dict[str, object]:
    client = connection.temporal
    return {
        "stuck": await diagnose_stuck_run(client, run, described),
        "retries": tuple(await find_retries(client.data_converter, described)),
    }
