"""Prepares the run of an agent that another run calls as a tool: its id, its share, its permit."""

from __future__ import annotations

import hashlib

from harness.contracts.errors import RunForged, SubagentRefused
from harness.contracts.message import Message, Taint, user_message
from harness.contracts.permit import Above
from harness.contracts.run import Budget, RunSpec
from harness.contracts.subagent import MAX_DEPTH, CalledBy, ChildStart, Subagent
from harness.contracts.tool import RunTool
from harness.engine.connection import Connection
from harness.runs.published import find_published
from harness.runs.start import PreparedRun, Request, pin_spec, prepare_run
from harness.store.permits import is_spec_signed

MAX_PREFIX = 150
"""Of a child's id, which the id of its agent and a digest follow."""
DIGEST = 12


def child_id(run: str, origin: str, request: RunTool, agent: str) -> str:
    """The id of the run that a call starts: the same whenever the call is made again."""
    place = f"{origin}\0{request.turn}\0{request.call.name}\0{request.call.id}\0{request.ordinal}"
    digest = hashlib.sha256(f"{run}\0{place}".encode()).hexdigest()[:DIGEST]
    return f"{run[:MAX_PREFIX]}.{agent}.{digest}"


async def prepare_child(
    connection: Connection,
    run: str,
    origin: str,
    above: RunSpec,
    request: RunTool,
    prompt: str,
    taint: Taint | None,
) -> ChildStart:
    """Pin and sign the run that a call starts. Starts nothing: it may be done again.

    Args:
        connection: The connection of the worker.
        run: The run that makes the call.
        origin: First run id of its chain.
        above: What it was started with; the worker has verified it.
        request: The call.
        prompt: What the agent is asked, in the words of the calling run's model.
        taint: What that model had read.

    Raises:
        SubagentRefused: It would stand too deep, or nothing is left for it.
    """
    subagent = find_subagent(above, request)
    depth = 1 + (above.called_by.depth if above.called_by else 0)
    if depth > MAX_DEPTH:
        raise SubagentRefused(
            f"{request.call.name} was not called: this run is {MAX_DEPTH} agents deep already."
        )
    agent = await find_published(connection, subagent.agent)
    budget = share_budget(subagent.budget or agent.budget, above.budget, request.left)
    if subagent.handover:
        budget = budget.model_copy(update={"ask": above.budget.ask})  # it is the same budget
    child = child_id(run, origin, request, agent.name)
    asked = Request(
        messages=_make_messages(subagent, above, prompt, taint),
        head=request.handed,
        session=above.session if subagent.handover else None,
        id=child,
        lineage=above.lineage or run,
        budget=budget,
        owner=above.owner if above.owned else None,
        by=above.started_by,
        priority=above.priority,
    )
    called_by = CalledBy(
        run=run, turn=request.turn, call=request.call.id, depth=depth, handover=subagent.handover
    )
    chain = _describe_above(origin, above, request)
    spec = _place_below(await pin_spec(connection, agent, asked), above, called_by, chain)
    await connection.stores.children.add(child, run, request.turn)
    return _make_start(await prepare_run(connection, spec, child))


def _make_start(prepared: PreparedRun) -> ChildStart:
    return ChildStart(
        run=prepared.id,
        spec=prepared.spec.model_dump(mode="json", exclude_none=True),
        queue=prepared.queue,
        attributes=prepared.attributes,
        summary=prepared.summary,
        details=prepared.details,
        memo=prepared.memo,
        budget=prepared.spec.budget,
        priority=prepared.spec.priority,
    )


def _describe_above(origin: str, above: RunSpec, request: RunTool) -> Above:
    known = above.above or Above(origins=(), session=above.session)
    cost = (known.cost_micros or 0) + (request.cost_micros or 0)
    return Above(origins=(origin, *known.origins), session=known.session, cost_micros=cost or None)


def _place_below(spec: RunSpec, above: RunSpec, called_by: CalledBy, chain: Above) -> RunSpec:
    shared = above.workspace if spec.workspace is not None else None
    return spec.model_copy(
        update={
            "root": above.root or called_by.run,
            "called_by": called_by,
            "above": chain,
            "workspace": shared or spec.workspace,
            "trace": above.trace,
        }
    )


def _make_messages(
    subagent: Subagent, above: RunSpec, prompt: str, taint: Taint | None
) -> tuple[Message, ...]:
    """What the agent reads first, after the conversation so far if it takes that over. Nothing of
    it is what a person said."""
    if not subagent.handover:
        message = user_message(prompt, origin="caller")
        return (message.model_copy(update={"taint": taint}),)
    words = f"{above.agent} has handed this conversation over to you, {subagent.agent}: {prompt}"
    return (user_message(words, origin="handover"),)


def find_subagent(above: RunSpec, request: RunTool) -> Subagent:
    """The agent behind a tool, as the calling run pinned it.

    Raises:
        RunForged: The run has no such tool.
    """
    policy = above.tools.get(request.call.name)
    if policy is None or policy.subagent is None:
        raise RunForged(f"{request.call.name} is not an agent that this run may call.")
    return policy.subagent


def share_budget(own: Budget, above: Budget, left: Budget | None) -> Budget:
    """What a child may use: no more than its caller was given, and no more than that has left.

    Raises:
        SubagentRefused: Nothing is left.
    """
    most = above.model_copy(update={"turns": None})  # turns are each run's own
    share = own.within(most).within(left or Budget())
    for name in ("tokens", "cost_micros", "seconds"):
        limit = getattr(share, name)
        if limit is not None and limit <= 0:
            raise SubagentRefused(f"Nothing is left of this run's budget of {WORDS[name]}.")
    return share


WORDS = {"tokens": "tokens", "cost_micros": "money", "seconds": "time"}


async def check_spec(connection: Connection, run: str, spec: RunSpec | None) -> RunSpec:
    """Return what a run was started with.

    Raises:
        RunForged: Nothing shows that it was started for the run.
    """
    if spec is not None and connection.settings.worker.accept_unsigned:
        return spec
    signer = await connection.signing.get_signer()
    if spec is None or not is_spec_signed(signer, run, spec):
        raise RunForged(f"The permit of {run!r} does not match what it was started with.")
    return spec
