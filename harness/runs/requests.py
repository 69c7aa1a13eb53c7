"""Carries out what a caller asks of runs: the HTTP routes and the tools of MCP both call this."""

from __future__ import annotations

import hashlib

from harness.api.caller import Caller
from harness.api.context import ApiContext
from harness.contracts.verdicts import Decision
from harness.prompts.views import read_question
from harness.runs import steer
from harness.runs.attachments import add_parts
from harness.runs.published import find_published
from harness.runs.start import start_run
from harness.runs.start_request import Request, as_messages
from harness.runs.uploads import find_uploads
from harness.runs.views import AbortBody, DecideBody, HintBody, ReasonBody, StartRun

KEY_CHARS = 24


def digest_key(caller: Caller, key: str) -> str:
    """A key of one caller must not name what another one started."""
    return hashlib.sha256(f"{caller.user}\0{key}".encode()).hexdigest()[:KEY_CHARS]


async def begin_run(
    context: ApiContext, caller: Caller, body: StartRun, key: str | None = None
) -> str:
    """Start a run of a published agent for a caller; return its id. The same `key` again joins the
    run that it started."""
    connection = context.connection
    agent = await find_published(connection, body.agent)
    id = body.id
    if id is None and key:
        id = f"{body.agent}-{digest_key(caller, key)}"
    asked = read_question(body.prompt, body.template, body.variables, "prompt")
    files = await find_uploads(context, caller, body.files)
    request = Request(
        messages=add_parts(as_messages(asked), files) if isinstance(asked, str) else (),
        files=files,
        prompt=None if isinstance(asked, str) else asked,
        id=id,
        model=body.model,
        budget=body.budget,
        labels=body.labels,
        priority=body.priority,
        owner=caller.user,
        by=caller.user,
    )
    run = await start_run(connection, agent, request, eager=False)
    context.counts.runs_started += 1
    return run


async def hint_run(context: ApiContext, caller: Caller, run: str, body: HintBody) -> None:
    """Send a hint: the model of the run reads it with its next call."""
    value = {"text": body.text, "interrupt": body.interrupt}
    await steer.send_signal(context.connection, run, "hint", value, by=caller.user)


async def pause_run(context: ApiContext, caller: Caller, run: str, body: ReasonBody) -> None:
    """Hold a run before its next step."""
    await steer.send_signal(context.connection, run, "pause", body.reason, by=caller.user)


async def resume_run(context: ApiContext, caller: Caller, run: str, body: ReasonBody) -> None:
    """Let a paused run continue."""
    await steer.send_signal(context.connection, run, "resume", body.reason, by=caller.user)


async def abort_run(context: ApiContext, caller: Caller, run: str, body: AbortBody) -> None:
    """End a run; what it has so far is kept."""
    await steer.abort_run(context.connection, run, body.reason, undo=body.undo, by=caller.user)


async def decide_run(
    context: ApiContext, caller: Caller, run: str, body: DecideBody, key: str | None = None
) -> Decision:
    """Decide what a run waits for. The same `key` again is the same decision."""
    digest = digest_key(caller, key) if key else None
    return await steer.decide_run(
        context.connection, run, body.item, body.said(), key=digest, by=caller
    )
