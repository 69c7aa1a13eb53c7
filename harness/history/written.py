"""Whether a run has written the transcript that it says it ended with.

Whoever answers for a run's workflow can end it with the transcript of any other run, and the next
run of the session would read that.
"""

from __future__ import annotations

from temporalio.service import RPCError, RPCStatusCode

from harness.contracts.errors import RunForged
from harness.engine.connection import Connection
from harness.engine.retry import unreachable_error
from harness.history.reader import open_seals
from harness.store import Transcripts
from harness.store.permits import is_bound, sign_member


async def check_written(
    connection: Connection, run: str, head: str | None, base: str | None
) -> None:
    """Raise RunForged unless the run ended with a node that its steps, or those of a run below it,
    have written.

    Args:
        connection: The connection.
        run: The run.
        head: The node that it says it ended with.
        base: The node that it started from; a run may end without having written anything.
    """
    if head not in (None, base) and not await _has_written(connection, run, head or ""):
        raise RunForged(
            f"Run {run!r} says that it ended with transcript node {(head or '')[:80]!r}, which it "
            "has not written."
        )


async def _has_written(connection: Connection, run: str, head: str) -> bool:
    """Whether the run wrote this node, or a run below it, to which it may have handed over. Nodes
    that no step has written were imported, or made again from a run's history."""
    transcripts = Transcripts(connection.database, vault=connection.vault)
    writers = await transcripts.find_writers(head)
    if not writers:
        return True
    for each in (run, *await connection.stores.children.find_below(run)):
        for writer in writers:
            if await _is_execution(connection, each, writer):
                return await transcripts.has_written(writer, head)
    return False


async def _is_execution(connection: Connection, run: str, run_id: str) -> bool:
    signer = await connection.signing.get_signer()
    if await is_bound(connection.database, sign_member(signer, run, run_id)):
        return True
    try:
        await connection.temporal.get_workflow_handle(run, run_id=run_id).describe()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise unreachable_error(error) from error
        seal = await open_seals(connection).find_by_execution(run_id)
        return seal is not None and seal.run == run
    return True
