"""Sends a decision: bound to what was shown, with its edit checked and its outcome confirmed."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from temporalio.client import (
    WorkflowHandle,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)

from harness.api.caller import LOCAL, Caller
from harness.commons.argument_cost import are_small, is_plain
from harness.contracts.errors import (
    InvalidSignal,
    NoWorker,
    StackError,
    StackUnreachable,
    StoreError,
)
from harness.contracts.event import DecisionRequested
from harness.contracts.run import Pending
from harness.contracts.steering import Decide, check_size
from harness.contracts.tool import ToolSpec
from harness.contracts.verdicts import Decision, merge_arguments, short_digest
from harness.engine import served
from harness.engine.connection import Connection, get_identity
from harness.engine.refusals import read_refusal
from harness.history import reader

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

Shown = Pending | DecisionRequested
"""What a person saw before they decided."""
ANSWER_S = 5.0
AGAIN_S = 20.0
"""How long a running worker may take: it serves other runs too."""
LOOK_S = 2.0
PROBLEMS = 5
WORDS = 300


async def send_decision(
    connection: Connection,
    run: str,
    decide: Decide,
    shown: Shown | None,
    *,
    key: str | None,
    by: Caller | None = None,
) -> Decision:
    """Send a decision for what was `shown`, or else for what is pending now. `by`: who decides,
    user@host of this process by default."""
    check_size("decide", decide)
    if decide.verdict == "edit" and not decide.arguments and not decide.replace:
        raise InvalidSignal(
            "The edit changes nothing.",
            fix='Name the arguments to change, such as {"amount": 90}, or approve the call.',
        )
    handle = connection.temporal.get_workflow_handle(run)
    asked = shown or _find_pending(decide, await _read_waiting(handle))
    if asked is not None:
        known = {"id": asked.id, "digest": decide.digest or short_digest(asked.asked)}
        decide = decide.model_copy(update=known)
        if decide.verdict == "edit" and asked.tool:
            await _check_edit(connection, run, decide, asked)
    who: dict[str, str] = {"by": by.user if by else get_identity()}
    if asked is None or asked.ruling is not None:  # workers of earlier versions know no roles
        who["role"] = (by or LOCAL).role.value
    decide = decide.model_copy(update=who)
    check_size("decide", decide)
    decision = await _send_update(handle, decide, key or str(uuid.uuid4()))
    return decision.model_copy(update={"need": asked.need if asked else None})


async def _read_waiting(handle: WorkflowHandle[Any, Any]) -> list[Pending]:
    """Read pending decisions from the run's memo, which needs no worker."""
    description = await served.describe_run(handle)
    return await description.memo_value("waiting", None, type_hint=list[Pending]) or []


def _find_pending(decide: Decide, waiting: list[Pending]) -> Pending | None:
    """None if only the run can tell what is wrong."""
    if decide.id is None:
        return waiting[0] if len(waiting) == 1 else None
    return next((each for each in waiting if each.id == decide.id), None)


async def _send_update(handle: WorkflowHandle[Any, Any], decide: Decide, key: str) -> Decision:
    """Send the update under one id, so that a retry is not a second decision."""
    try:
        for patience in (ANSWER_S, AGAIN_S):
            with suppress(WorkflowUpdateRPCTimeoutOrCancelledError):
                return await handle.execute_update(
                    "decide",
                    decide,
                    id=key,
                    result_type=Decision,
                    rpc_timeout=timedelta(seconds=patience),
                )
            if not await _is_served(handle):
                break
        with suppress(WorkflowUpdateRPCTimeoutOrCancelledError):
            sent = handle.get_update_handle(key, result_type=Decision)
            return await sent.result(rpc_timeout=timedelta(seconds=LOOK_S))
    except WorkflowUpdateFailedError as error:
        raise read_refusal(error) or InvalidSignal(str(error.cause)) from None
    # Temporal has admitted the update and delivers it to the next worker.
    raise NoWorker(
        f"No worker answers for run {handle.id!r}. The decision is queued and takes effect once "
        "a worker does.",
    )


async def _is_served(handle: WorkflowHandle[Any, Any]) -> bool:
    try:
        return await served.is_served(handle)
    except StackError as error:
        raise StackUnreachable(
            f"{error.message} The decision may or may not have arrived.",
            fix=f"Check with `harness show {handle.id}` once Temporal answers, then decide again.",
        ) from None


# --- edits


async def _check_edit(connection: Connection, run: str, decide: Decide, asked: Shown) -> None:
    """Refuse arguments that the tool does not accept. Without the store, only the worker checks
    them, before it accepts the decision."""
    tool: ToolSpec | None = None
    with suppress(StoreError):
        tool = await _tool_spec(connection, run, asked.tool or "")
    if tool is None:
        return
    problems = find_edit_problems(tool, merge_arguments(decide, asked.arguments))
    if problems:
        lines = "".join(f"\n- {problem}" for problem in problems)
        raise InvalidSignal(
            f"Nothing was decided: the edited arguments do not fit {tool.name}:{lines}",
            fix="Correct the arguments. An edit changes those that it names and keeps the others.",
        )


async def _tool_spec(connection: Connection, run: str, name: str) -> ToolSpec | None:
    pinned = await reader.read_spec(connection, run)
    if pinned is None:
        return None
    spec = await connection.stores.specs.get(pinned.spec)
    return next((tool for tool in spec.tools if tool.name == name), None)


# The worker checks again before it accepts the decision, in a child process with limits and in
# words for a model. Here a person is answered at once, by a process that serves others too: what
# may cost much, such as a pattern that a foreign server wrote, is left to the worker.
def find_edit_problems(tool: ToolSpec, arguments: Mapping[str, Any]) -> list[str]:
    """List why the tool would not accept these arguments, if that is cheap to tell. As for a model,
    null means left out."""
    from jsonschema import Draft202012Validator  # 60 ms that only an edit needs

    needed = tool.parameters.get("required", ())
    given = {name: each for name, each in arguments.items() if each is not None or name in needed}
    if not is_plain(tool.parameters) or not are_small(given):
        return []
    validator: Any = Draft202012Validator(tool.parameters)
    try:
        found: list[ValidationError] = list(islice(validator.iter_errors(given), PROBLEMS))
    except RecursionError:
        return ["they are nested too deeply"]
    return [_describe_problem(each) for each in found]


def _describe_problem(error: ValidationError) -> str:
    path = ".".join(str(step) for step in error.absolute_path)
    message = error.message if len(error.message) <= WORDS else f"{error.message[:WORDS]}…"
    return f"{path}: {message}" if path else message
