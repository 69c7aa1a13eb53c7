"""Prepares the run that answers a message: its number, its transcript, its agent, its permit."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from temporalio.service import RPCError, RPCStatusCode

from harness.contracts.errors import (
    ConversationBusy,
    RunForged,
    RunNotFound,
)
from harness.contracts.event import RunEnded
from harness.contracts.run import RunSpec
from harness.conversations.contracts import (
    MESSAGE_LABEL,
    Card,
    PreparedTurn,
    PrepareTurn,
    TurnOptions,
    turn_run,
)
from harness.conversations.rows import StoredTurn
from harness.conversations.store import Conversations
from harness.engine.connection import Connection
from harness.engine.retry import unreachable_error
from harness.history import live, reader
from harness.history.written import check_written
from harness.runs.published import find_published
from harness.runs.start import pin_spec, prepare_run
from harness.runs.start_request import Request
from harness.store.permits import is_spec_signed


async def prepare_turn(connection: Connection, request: PrepareTurn) -> PreparedTurn:
    """Pin and sign the next run of a conversation. Starts nothing: it may be done again.

    Raises:
        RunForged: Nothing shows that the conversation has the transcript that is asked for.
    """
    card, message = request.card, request.message
    last, head = await _find_head(connection, request)
    run, options = turn_run(card.id, last + 1), message.options or TurnOptions()
    agent = await find_published(connection, card.agent)
    asked = Request(
        messages=(message.message,),
        template=message.template,
        id=run,
        session=card.id,
        head=head,
        model=options.model or card.model,
        budget=options.budget,
        workspace=None if options.workspace is None else Path(options.workspace),
        labels={MESSAGE_LABEL: message.id},
        owner=card.owner,
        by=message.by,
    )
    prepared = await prepare_run(connection, await pin_spec(connection, agent, asked), run)
    return PreparedTurn(
        run=run,
        number=last + 1,
        spec=prepared.spec,
        queue=prepared.queue,
        attributes=prepared.attributes,
        summary=prepared.summary,
        details=prepared.details,
        memo=prepared.memo or None,
    )


async def find_last(connection: Connection, conversation: str, known: int = 0) -> int:
    """The number of the newest run. The stored number may lag behind by what a crash cut off."""
    number = max(known, await connection.stores.sessions.find_last(conversation))
    while await run_exists(connection, turn_run(conversation, number + 1)):
        number += 1
    return number


async def read_turn_spec(connection: Connection, card: Card, number: int) -> RunSpec | None:
    """What a run of the conversation was started with; see `read_session_spec`."""
    return await read_session_spec(connection, card.id, card.owner, number)


async def read_session_spec(
    connection: Connection, session: str, owner: str | None, number: int
) -> RunSpec | None:
    """Read the spec of a session's run; None if the run does not exist, or belongs to someone or
    something else."""
    spec = await find_session_spec(connection, session, number)
    return spec if spec is not None and spec.owner == owner else None


async def find_session_spec(connection: Connection, session: str, number: int) -> RunSpec | None:
    """Read the spec of a session's run, whoever owns it; None if the run does not exist, or was not
    started as one of the session: whoever can start a run can start it with any id."""
    run = turn_run(session, number)
    try:
        spec = await reader.read_spec(connection, run)
    except RunNotFound:
        return None
    if spec is None or spec.session != session:
        return None
    if connection.settings.worker.accept_unsigned:
        return spec
    signer = await connection.signing.get_signer()
    return spec if is_spec_signed(signer, run, spec) else None


async def _find_head(connection: Connection, request: PrepareTurn) -> tuple[int, str | None]:
    """The newest run, and the transcript node that the next one starts from."""
    card, known = request.card, request.last
    if known == 0 and not request.headless and request.head != card.base:
        raise _forged_head(request)
    if known and request.headless and not await run_exists(connection, turn_run(card.id, known)):
        known = 0
    last = await find_last(connection, card.id, known)
    for number in range(last, 0, -1):
        if number == request.last and not request.headless:
            await _check_head(connection, request)
            return last, request.head
        spec = await read_turn_spec(connection, card, number)
        if spec is not None:
            # A run that was terminated says nothing of its transcript: go on where it had started.
            return last, await _read_own_head(
                connection, turn_run(card.id, number), spec
            ) or spec.head
    return last, card.base


async def _check_head(connection: Connection, request: PrepareTurn) -> None:
    """Raise RunForged unless `head` is where the run `last` ended, or where it started: it may have
    been rolled back."""
    card, number, head = request.card, request.last, request.head
    saved = await _read_saved_turn(connection, card, number)
    if saved is not None and head == saved.base:
        return  # the rows are signed, and outlive the run in Temporal
    if saved is not None and head == saved.head:
        await check_written(connection, turn_run(card.id, number), head, saved.base)
        return
    spec = await read_turn_spec(connection, card, number)
    if spec is None:
        raise _forged_head(request)
    if head == spec.head:
        return
    run, end = turn_run(card.id, number), None
    with suppress(RunNotFound):  # the archive may have it
        end = await live.read_completion(connection.temporal, run)
    if head != (end.head if end else await _read_head(connection, run)):
        raise _forged_head(request)
    await check_written(connection, run, head, spec.head)


async def _read_own_head(connection: Connection, run: str, spec: RunSpec) -> str | None:
    head = await _read_head(connection, run)
    await check_written(connection, run, head, spec.head)
    return head


async def _read_saved_turn(connection: Connection, card: Card, number: int) -> StoredTurn | None:
    namespace = connection.endpoints.namespace
    rows = Conversations(connection.database, connection.vault, namespace)
    found = await rows.list_turns(card.id, number, number)
    return found[0] if found else None


def _forged_head(request: PrepareTurn) -> RunForged:
    return RunForged(
        f"Nothing shows that conversation {request.card.id!r} has the transcript node "
        f"{(request.head or 'None')[:80]!r} after its run {request.last:,}."
    )


async def find_newest_head(connection: Connection, card: Card) -> str | None:
    """The transcript node after the newest run that has ended."""
    last = await find_last(connection, card.id)
    for number in range(last, 0, -1):
        spec = await read_turn_spec(connection, card, number)
        if spec is not None:
            with suppress(ConversationBusy):
                return (
                    await _read_own_head(connection, turn_run(card.id, number), spec) or spec.head
                )
    return card.base


async def _read_head(connection: Connection, run: str) -> str | None:
    ended: RunEnded | None = None
    async for event in reader.read_events(connection, run, wait=False):
        if isinstance(event, RunEnded):
            ended = event
    if ended is None:
        raise ConversationBusy(f"Run {run!r}, started elsewhere in the same session, is open.")
    return ended.head


async def run_exists(connection: Connection, run: str) -> bool:
    try:
        await connection.temporal.get_workflow_handle(run).describe()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return False
        raise unreachable_error(error) from error
    return True
