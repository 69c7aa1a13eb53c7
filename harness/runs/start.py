"""Starts runs: pins everything a run needs, then hands it to Temporal."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass, replace

from temporalio.common import (
    Priority,
    SearchAttributeKey,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from harness.agent.checks import with_default_turns
from harness.commons.telemetry import current_trace_id, span
from harness.contracts.clean_text import clean_markdown
from harness.contracts.errors import (
    ContentTooLarge,
    SearchAttributesMissing,
)
from harness.contracts.family import session_family
from harness.contracts.published import PublishedAgent
from harness.contracts.queues import agent_queue
from harness.contracts.run import WORKFLOW, RunSpec, RunState
from harness.contracts.tool import Workspace
from harness.crypto.vault import new_salt
from harness.engine.connection import Connection, get_identity
from harness.engine.retry import unreachable_error
from harness.history import reader
from harness.prompts.client import Prompts
from harness.prompts.prompt import Prompt
from harness.runs.attachments import add_parts, adopt_attachments
from harness.runs.description import describe_start
from harness.runs.memo import make_memo
from harness.runs.model_queues import find_model_queue
from harness.runs.same_request import (
    REQUEST_MEMO,
    check_same_as_sealed,
    check_same_request,
    digest_request,
)
from harness.runs.start_request import MAX_ID, Request, as_messages, check_model
from harness.store.permits import sign_run

ALPHABET = "23456789abcdefghjkmnpqrstvwxyz"  # no characters that look alike
SUMMARY_CHARS = 200


def new_id(agent: str) -> str:
    """Make an id for a run or a workflow.

    Args:
        agent: What it starts with, such as the name of the agent.

    Returns:
        The id: that name, a dash and ten random characters.
    """
    return f"{agent}-{''.join(secrets.choice(ALPHABET) for _ in range(10))}"


async def _fill_request(connection: Connection, request: Request, prompt: Prompt) -> Request:
    filled = await Prompts(connection).fill(prompt)
    messages = add_parts(as_messages(filled.text), request.files)
    return replace(request, messages=messages, template=filled.pinned)


async def pin_spec(connection: Connection, agent: PublishedAgent, request: Request) -> RunSpec:
    model, queue, compaction = agent.models[0], agent.model_queue, agent.compaction
    if request.model:
        model = check_model(request.model)
        queue = find_model_queue(connection.settings, model)
        if compaction and not compaction.named:
            compaction = compaction.model_copy(update={"queue": queue})
    return RunSpec(
        agent=agent.name,
        spec=agent.spec,
        model=model,
        override=True if request.model else None,
        messages=request.messages,
        head=request.head,
        tools=agent.tools,
        budget=with_default_turns(request.budget or agent.budget),
        parallel=agent.parallel,
        undo=agent.undo,
        bounded=True,
        asks=True if agent.asks else None,
        instructs=agent.instructs,
        checks=agent.checks,
        remembers=agent.remembers,
        learns=agent.learns,
        session=request.session,
        parent=request.parent,
        workspace=_choose_workspace(agent, request),
        model_queue=queue,
        trace=current_trace_id(),
        started_by=request.by or get_identity(),
        labels=dict(request.labels) if request.labels else None,
        lineage=session_family(request.session) if request.session else request.lineage,
        salt=new_salt() if connection.vault.encrypts else None,
        owner=request.owner,
        owned=None if request.owner is None else True,
        policed=True,
        template=request.template,
        priority=request.priority,
        compaction=compaction,
    )


def _choose_workspace(agent: PublishedAgent, request: Request) -> Workspace | None:
    """The folder that the request names, which is on this host, or the one of the agent."""
    if agent.workspace is None or request.workspace is None:
        return agent.workspace
    return Workspace(host=socket.gethostname(), root=str(request.workspace.resolve()))


async def start_run(
    connection: Connection, agent: PublishedAgent, request: Request, *, eager: bool
) -> str:
    """Start the run, or join the one that the same request started; return its id.

    `eager`: a worker in this process serves the agent and may get the first task at once.
    """
    id = request.id or new_id(agent.name)
    if request.prompt is not None:
        request = await _fill_request(connection, request, request.prompt)
    with span("start run", {"run": id, "agent": agent.name}):
        spec = await pin_spec(connection, agent, request)
        await launch_run(connection, spec, id, eager=eager, repeatable=_is_repeatable(request))
        return id


@dataclass(frozen=True, kw_only=True)
class PreparedRun:
    """A run that is ready to start: everything that Temporal needs."""

    id: str
    spec: RunSpec
    """Signed."""
    queue: str
    attributes: dict[str, str]
    """Search attributes, all keywords."""
    summary: str
    details: str
    memo: dict[str, str]
    """What lists of runs show besides the attributes."""
    joined: bool
    """It was added to its family for this start."""


async def prepare_run(connection: Connection, spec: RunSpec, id: str) -> PreparedRun:
    """Sign a pinned run, and store what must exist before it starts."""
    prompt = spec.asked
    joined = await join_family(connection, id, spec.lineage) if spec.lineage else False
    messages = await adopt_attachments(connection, id, spec.messages)
    spec = spec.model_copy(update={"messages": messages})
    attributes = {
        "HarnessAgent": spec.agent,
        "HarnessState": RunState.RUNNING.value,
        "HarnessSession": spec.session,
        "HarnessModel": spec.model,
        "HarnessForkOf": _fork_base(spec),
        "HarnessOwner": spec.owner,
    }
    return PreparedRun(
        id=id,
        spec=sign_run(await connection.signing.get_signer(), id, spec),
        queue=agent_queue(spec.agent),
        attributes={name: value for name, value in attributes.items() if value is not None},
        summary=_first_line(prompt),
        details=await describe_start(connection, spec, prompt),
        memo=make_memo(spec, prompt),
        joined=joined,
    )


async def launch_run(
    connection: Connection, spec: RunSpec, id: str, *, eager: bool, repeatable: bool
) -> None:
    """Hand a pinned run to Temporal. `repeatable`: the same spec again means the same run."""
    prepared = await prepare_run(connection, spec, id)
    if repeatable and await reader.is_sealed(connection, id):
        return await check_same_as_sealed(connection, id, prepared.spec)
    memo = dict(prepared.memo)
    if repeatable:
        memo[REQUEST_MEMO] = digest_request(prepared.spec)
    try:
        await connection.temporal.start_workflow(
            WORKFLOW,
            prepared.spec,
            id=id,
            task_queue=prepared.queue,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
            search_attributes=_search_attributes(prepared.attributes),
            memo=memo or None,
            static_summary=prepared.summary,
            static_details=prepared.details,
            request_eager_start=eager,
            priority=Priority(priority_key=prepared.spec.priority),
        )
    except WorkflowAlreadyStartedError:
        if prepared.joined:  # the run with this id is not in the family
            await leave_family(connection, id)
        await check_same_request(connection, id, prepared.spec, known=repeatable)
    except RPCError as error:
        raise _start_error(error) from error


async def join_family(connection: Connection, run: str, family: str) -> bool:
    """Add a run to its family before it starts, since the family's key encrypts its content. False
    if it was a member already."""
    await connection.vault.renew_key(family)
    connection.vault.note_family(run, family)
    return await connection.stores.families.add_member(connection.vault, run, family)


async def leave_family(connection: Connection, run: str) -> None:
    connection.vault.drop_family(run)
    await connection.stores.families.remove_member(run)


def _is_repeatable(request: Request) -> bool:
    """Whether the same request again means the same run. In a session it is a new message."""
    return request.id is not None and request.session is None


def _fork_base(spec: RunSpec) -> str | None:
    """The run that this one is a fork of; None if a file gives it an id too long for the index."""
    base = spec.parent.run if spec.parent else None
    return base if base and len(base) <= MAX_ID else None


def _search_attributes(values: Mapping[str, str]) -> TypedSearchAttributes:
    return TypedSearchAttributes(
        [
            SearchAttributePair(SearchAttributeKey.for_keyword(name), value)
            for name, value in values.items()
        ]
    )


def _first_line(prompt: str) -> str:
    """The first line, as the Markdown that Temporal's page takes it for."""
    line = prompt.strip().partition("\n")[0]
    shown = clean_markdown(line)
    if len(shown) <= SUMMARY_CHARS:
        return shown
    return clean_markdown(line[: SUMMARY_CHARS // 2 - 1]) + "…"


def _start_error(error: RPCError) -> Exception:
    if error.status is RPCStatusCode.INVALID_ARGUMENT and "search attribute" in error.message:
        return SearchAttributesMissing(error.message)
    if error.status is RPCStatusCode.INVALID_ARGUMENT:
        return ContentTooLarge(f"Temporal refuses the request: {error.message}")
    return unreachable_error(error)
