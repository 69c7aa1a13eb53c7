"""The routes of forks and what-ifs."""

from __future__ import annotations

from functools import partial

from fastapi import Response

from harness.api.body import location_of
from harness.api.caller import Role
from harness.api.context import CallerOf, Context, VisibleRun
from harness.api.event_stream import EventStream
from harness.api.idempotency import IdempotencyKey
from harness.api.route import Created, Route
from harness.api.work_stream import Report, stream_work, write_event
from harness.contracts.whatif import ForkOutcome, SourceOutcome, WhatIfReport
from harness.forks.fork import Change, start_fork
from harness.forks.fork_handle import ForkHandle
from harness.forks.views import ForkBody, Forked, ForkEnded, SourceFailed, WhatIfBody
from harness.forks.whatif import WhatIf
from harness.runs.requests import digest_key


async def fork(
    body: ForkBody, run: VisibleRun, context: Context, caller: CallerOf, response: Response
) -> Forked:
    """Start a run that continues another one after a turn. The other run stays as it is."""
    change = Change(
        hint=body.hint, model=body.model, instructions=body.instructions, results=body.results
    )
    forked = await start_fork(
        context.connection, run, body.at, change, id=body.id, owner=caller.user, by=caller.user
    )
    response.headers["Location"] = location_of("runs", forked)
    return Forked(id=forked)


async def ask_whatif(
    body: WhatIfBody, context: Context, caller: CallerOf, idempotency_key: IdempotencyKey = None
) -> EventStream:
    """Fork runs with a change, and compare the outcomes; no tool runs. Streams `fork_started`,
    `fork_ended` and `source_failed`, then the report as `result`. A client that leaves ends the
    what-if, and its forks are aborted. With an `Idempotency-Key` those that have started go on, and
    the same request again joins them."""
    runs = list(dict.fromkeys(body.runs))
    question = body.question()
    question.check_size(len(runs))
    for run in runs:
        await context.check_run(caller, run)
    key = digest_key(caller, f"whatif {idempotency_key}") if idempotency_key else None

    async def ask(report: Report) -> WhatIfReport:
        def report_progress(source: SourceOutcome, fork: ForkOutcome | None) -> None:
            if fork is None:
                report(write_event("source_failed", SourceFailed(source=source)))
            else:
                report(write_event("fork_ended", ForkEnded(source=source, fork=fork)))

        asking = WhatIf(
            context.connection,
            partial(ForkHandle, context.connection, context.feeds, by=caller.user),
            question,
            owner=caller.user,
            by=caller.user,
            key=key,
            started=lambda id: report(write_event("fork_started", Forked(id=id))),
        )
        return await asking.ask(runs, progress=report_progress)

    return EventStream(context, caller, stream_work(ask))


ROUTES = (
    Route("POST", "/runs/{run}/fork", fork, Role.OPERATOR, 201, creates=Created("run")),
    Route("POST", "/whatifs", ask_whatif, Role.OPERATOR, media_type="text/event-stream"),
)
