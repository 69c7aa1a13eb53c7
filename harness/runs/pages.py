"""Pages of runs: what a caller may list, and reading it. `GET /runs`, the live list and the tools
of MCP share this."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from pydantic import AwareDatetime, BaseModel, BeforeValidator, Field

from harness.api.caller import Caller, Role
from harness.api.context import ApiContext, owner_filter
from harness.api.paging import decode_cursor, encode_cursor
from harness.api.times import read_time
from harness.contracts.errors import NotAllowed
from harness.contracts.run import RunState
from harness.runs.filter import RunFilter
from harness.runs.listing import list_page
from harness.runs.views import RunList

MAX_QUERY = 2_000


class RunQuery(BaseModel):
    """Which runs to list, as the parameters of `GET /runs`."""

    state: RunState | None = None
    agent: str | None = None
    session: str | None = None
    fork_of: str | None = None
    since: Annotated[AwareDatetime | None, BeforeValidator(read_time)] = None
    owner: Annotated[str | None, Field(max_length=200)] = None
    query: Annotated[str | None, Field(max_length=MAX_QUERY)] = None
    limit: Annotated[int, Field(ge=1, le=500)] = 50
    cursor: str | None = None


class RunPage(NamedTuple):
    """A page that a caller may read. The same for everyone to whom it shows the same."""

    query: str
    """In Temporal's language; it selects whose runs, too."""
    limit: int
    cursor: str | None = None
    shown: bool = True
    """False: others own all that it could show."""


def find_page(caller: Caller, asked: RunQuery) -> RunPage:
    """The page that answers a caller.

    Raises:
        NotAllowed: The caller may not write conditions.
    """
    if asked.query is not None and caller.role is not Role.ADMIN:
        raise NotAllowed("A query needs the role admin.", fix="Use the other filters.")
    own = owner_filter(caller)
    chosen = RunFilter(
        state=asked.state,
        agent=asked.agent,
        session=asked.session,
        fork_of=asked.fork_of,
        owner=own or asked.owner,
        since=asked.since,
    ).query()
    query = " AND ".join(part for part in (chosen, asked.query and f"({asked.query})") if part)
    shown = own is None or asked.owner in (None, own)
    return RunPage(query, asked.limit, asked.cursor, shown)


async def read_runs(context: ApiContext, page: RunPage) -> RunList:
    """The runs of a page. Callers at the same time share it."""
    if not page.shown:
        return RunList(runs=[])
    query, limit = page.query, page.limit
    signer = await context.connection.signing.get_signer()
    token = decode_cursor(signer, page.cursor, query)

    async def read_page() -> RunList:
        rows, following = await list_page(context.connection, query, token, limit)
        return RunList(runs=rows, next=encode_cursor(signer, following, query))

    return await context.reads.shared.read(("runs", query, token, limit), read_page)
