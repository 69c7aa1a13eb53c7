"""Cases from what has happened: recorded runs, and conversations."""

from __future__ import annotations

from harness.contracts.errors import EvalInvalid, HarnessError
from harness.contracts.run import RunState
from harness.conversations.client import MOST, Conversations
from harness.conversations.rows import StoredMessage
from harness.engine.connection import Connection
from harness.evals.contracts import Case, Turn
from harness.evals.dataset import MOST_CASES, check_cases
from harness.history import reader
from harness.journal.whatif import read_outcome
from harness.runs.listing import RunRow, list_runs

ENDED = "ExecutionStatus != 'Running'"


async def find_runs(connection: Connection, query: str, limit: int | None) -> list[RunRow]:
    """Ended runs that match a query, the newest first, without what-ifs."""
    most = min(limit or MOST_CASES, MOST_CASES)
    found: dict[str, RunRow] = {}
    asked = f"({query}) AND {ENDED}" if query.strip() else ENDED
    async for row in list_runs(connection, asked):
        if row.ended is not None and not row.whatif:
            found.setdefault(row.id, row)
        if len(found) >= most:
            break
    if not found:
        raise EvalInvalid(f"No ended run matches {query!r}.", fix="Try it: harness list --query")
    return list(found.values())


async def replay_cases(connection: Connection, query: str, limit: int | None) -> list[Case]:
    """A case for each recorded run: it is replayed with its tools answered from the record."""
    rows = await find_runs(connection, query, limit)
    return [Case(id=row.id, input=row.asked or row.id, source=row.id) for row in rows]


async def run_cases(connection: Connection, query: str, limit: int | None) -> list[Case]:
    """A case for each completed run: its prompt, with its answer as what is expected."""
    cases: list[Case] = []
    for row in await find_runs(connection, f"({query}) AND HarnessState = 'completed'", limit):
        events = [e async for e in reader.read_events(connection, row.id, wait=False)]
        was, spec = read_outcome(events, 0), await reader.read_spec(connection, row.id)
        if was is None or spec is None or was.state is not RunState.COMPLETED or not spec.asked:
            continue
        expected = was.output if was.data is None else was.data
        cases.append(Case(id=row.id, input=spec.asked, expected=expected))
    return check_cases(cases, f"What matches {query!r}")


async def conversation_cases(
    connection: Connection, ids: tuple[str, ...], limit: int | None
) -> list[Case]:
    """A case for each answered message: what was said before it, and its answer as what is
    expected."""
    cases: list[Case] = []
    for id in ids:
        try:
            messages = await _read_messages(Conversations(connection), id)
        except HarnessError as error:
            raise EvalInvalid(f"Conversation {id[:80]!r}: {error.message}") from error
        said: list[Turn] = []
        for message in messages:
            if message.role == "assistant" and said and said[-1].role == "user":
                expected, name = message.text, f"{id}/{message.turn}"
                if not any(each.id == name for each in cases):
                    cases.append(Case(id=name, input=tuple(said), expected=expected))
            if message.text.strip():
                said.append(Turn(role=message.role, content=message.text))
    return check_cases(cases[: limit or MOST_CASES], "The conversations")


async def _read_messages(conversations: Conversations, id: str) -> list[StoredMessage]:
    found: list[StoredMessage] = []
    after: str | None = None
    while True:
        page = await conversations.messages(id, limit=MOST, after=after)
        found += page.messages
        if (after := page.next) is None or len(found) > MOST_CASES:
            return found
