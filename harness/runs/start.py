"""Starts runs: pins everything a run needs, then hands it to Temporal."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from pydantic import TypeAdapter, ValidationError
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

from harness.agent.checks import check_budget, with_default_turns
from harness.commons.telemetry import current_trace_id, span
from harness.contracts.clean_text import clean_markdown
from harness.contracts.errors import (
    ContentTooLarge,
    InvalidValue,
    SearchAttributesMissing,
)
from harness.contracts.family import is_reserved, session_family
from harness.contracts.message import FileRef, Image, Message, Text, user_message
from harness.contracts.model import ModelRef
from harness.contracts.prompt import PinnedPrompt
from harness.contracts.published import PublishedAgent
from harness.contracts.queues import agent_queue
from harness.contracts.run import WORKFLOW, Budget, Parent, RunSpec, RunState
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
from harness.store.permits import sign_run

MAX_MODEL = 200
MODEL_REF = TypeAdapter[str](ModelRef)
ALPHABET = "23456789abcdefghjkmnpqrstvwxyz"  # no characters that look alike
SUMMARY_CHARS = 200
MAX_ID = 250
"""Temporal's index keeps 255 characters."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a caller may set for a run besides its agent."""

    messages: tuple[Message, ...]
    prompt: Prompt | None = None
    """In place of messages: a template, whose text is made when the run starts."""
    files: tuple[Image | FileRef, ...] = ()
    """What is attached to the text of `prompt`."""
    template: PinnedPrompt | None = None
    """What made the messages, if that was a template."""
    id: str | None = None
    session: str | None = None
    head: str | None = None
    lineage: str | None = None
    """The family that `head` belongs to, unless that is the session's."""
    parent: Parent | None = None
    model: str | None = None
    budget: Budget | None = None
    workspace: Path | None = None
    labels: Mapping[str, str] | None = None
    priority: int | None = None
    """From 1, the most urgent, to 5."""
    owner: str | None = None
    """Who owns the run."""
    by: str | None = None
    """Who starts it; user@host of this process by default."""

    def __post_init__(self) -> None:
        _check_option_types(self)
        if self.id is not None:
            check_id(self.id)
        if self.model is not None:
            check_model(self.model)
        if self.budget is not None:
            check_budget(self.budget)
        if self.workspace is not None:
            check_workspace(self.workspace)
        if self.owner is not None:
            check_id(self.owner, "owner")
        if self.priority is not None:
            check_priority(self.priority)


def check_id(id: str, what: str = "run", most: int = MAX_ID) -> str:
    """Check that Temporal and the store can keep the id of a run or session."""
    if what == "run" and is_reserved(id):
        raise InvalidValue(
            f"{id[:40]!r} cannot name a run: harness reserves it.",
            fix="Choose another id.",
        )
    if 0 < len(id) <= most and id.isprintable() and id.strip():
        return id
    raise InvalidValue(
        f"{id[:40]!r} is not a valid {what} id.",
        fix=f"Use 1 to {most} printable characters.",
    )


def check_priority(priority: object) -> None:
    """Raise InvalidValue unless the priority is a whole number from 1 to 5."""
    known = isinstance(priority, int) and not isinstance(priority, bool) and 1 <= priority <= 5
    if not known:
        raise InvalidValue(
            f"priority={repr(priority)[:40]} is not a priority.",
            fix="Pass a whole number from 1 (most urgent) to 5.",
        )


def check_workspace(folder: Path) -> None:
    """Raise InvalidValue if the workspace is not a folder."""
    if not folder.is_dir():
        raise InvalidValue(
            f"The workspace {folder} is not a folder on this host.",
            fix="Create it, or name an existing folder.",
        )


def new_id(agent: str) -> str:
    """Make an id for a run or a workflow.

    Args:
        agent: What it starts with, such as the name of the agent.

    Returns:
        The id: that name, a dash and ten random characters.
    """
    return f"{agent}-{''.join(secrets.choice(ALPHABET) for _ in range(10))}"


def as_messages(prompt: str | Message | Sequence[Message]) -> tuple[Message, ...]:
    """Read a prompt as messages; InvalidValue if it is empty or of another type."""
    given: object = prompt
    if isinstance(prompt, str):
        given = (user_message(prompt),)
    elif isinstance(prompt, Message):
        given = (prompt,)
    if not isinstance(given, Sequence) or not all(
        isinstance(each, Message) for each in cast("Sequence[object]", given)
    ):
        raise InvalidValue(
            f"prompt is {prompt!r}, not a str, a Message or a list of Messages.",
            fix='Pass a text, such as "What is 2 + 2?".',
        )
    messages = tuple(cast("Sequence[Message]", given))
    if not any(_has_content(each) for each in messages):
        raise InvalidValue("The prompt is empty.", fix='Pass a text, such as "What is 2 + 2?".')
    return messages


def _has_content(message: Message) -> bool:
    return any(not isinstance(part, Text) or part.text.strip() for part in message.parts)


def _check_option_types(request: Request) -> None:
    """Check the types at run time, for users without a type checker."""
    options: dict[str, tuple[object, type, str]] = {
        "id": (request.id, str, "Pass a text."),
        "budget": (request.budget, Budget, "Pass a Budget, such as Budget(turns=10)."),
        "workspace": (request.workspace, Path, "Pass a Path, such as Path('src')."),
    }
    for name, (value, kind, fix) in options.items():
        if value is not None and not isinstance(value, kind):
            raise InvalidValue(f"{name}={value!r} is not a {kind.__name__}.", fix=fix)
    labels: object = request.labels
    if labels is not None and not _maps_text(labels):
        raise InvalidValue(
            f"labels={labels!r} does not map texts to texts.",
            fix='Pass a dict, such as {"team": "billing"}.',
        )


def _maps_text(value: object) -> bool:
    if not isinstance(value, Mapping):
        return False
    items = cast("Mapping[object, object]", value).items()
    return all(isinstance(name, str) and isinstance(text, str) for name, text in items)


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
        template=request.template,
        priority=request.priority,
        compaction=compaction,
    )


def _choose_workspace(agent: PublishedAgent, request: Request) -> Workspace | None:
    """The folder that the request names, which is on this host, or the one of the agent."""
    if agent.workspace is None or request.workspace is None:
        return agent.workspace
    return Workspace(host=socket.gethostname(), root=str(request.workspace.resolve()))


def check_model(ref: str) -> str:
    """Check that providers and lists can name the model.

    Raises:
        InvalidValue: It is not provider/model, too long, or not printable.
    """
    try:
        found = MODEL_REF.validate_python(ref)
    except ValidationError:
        found = ""
    if 0 < len(found) <= MAX_MODEL and found.isprintable():
        return found
    words = f"{repr(ref)[:100]} is not a model name."
    fix = f"Use provider/model, such as openai/gpt-5, of up to {MAX_MODEL} characters."
    raise InvalidValue(words, fix=fix)


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
