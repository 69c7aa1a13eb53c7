"""Decide which executions may use this worker: those started by someone who has the signing key.

The first model call of a run contains how the run was started, under a MAC. A worker that did not
get that call reads it from Temporal, once per execution. Doing so for every run would cost 4 % of
its CPU.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from temporalio.api.history.v1 import WorkflowExecutionStartedEventAttributes

from harness.contracts.effect import UNDO, UndoSpec, undo_id
from harness.contracts.errors import PermitReused, RunError, RunForged, RunNotFound, RunUnsigned
from harness.contracts.model import CallModel
from harness.contracts.permit import Pinned, Started
from harness.contracts.run import WORKFLOW, RunSpec
from harness.engine.connection import Connection
from harness.journal.payloads import read_first
from harness.store.permits import (
    bind_permit,
    is_bound,
    is_run_signed,
    is_undo_signed,
    mac_of,
    sign_member,
)
from harness_activities.entries import read_start_entry, refuse_restarts

KEPT = 1000
"""Most admitted executions that are cached."""

Spec = TypeVar("Spec", RunSpec, UndoSpec)


@dataclass(frozen=True)
class Admitted:
    """An execution that may use this worker."""

    what: Pinned | UndoSpec
    origin: str
    """First run id of its chain."""
    signed: bool
    """Whether its tool calls must be signed too; a run started by hand may make any call."""


class Admission:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: OrderedDict[str, asyncio.Task[Admitted]] = OrderedDict()

    async def admit(self, workflow: str, run_id: str, request: object = None) -> Admitted:
        """Return the execution that makes `request`; raises RunError if it is not genuine."""
        task = self._known.get(run_id)
        if task is None:
            task = asyncio.create_task(self._admit_new(workflow, run_id, request))
            task.add_done_callback(partial(self._drop_failed, run_id))
            self._known[run_id] = task
            if len(self._known) > KEPT:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(run_id)
        if task.done():
            return task.result()
        return await asyncio.shield(task)  # cancelling one call must not cancel it for others

    def _drop_failed(self, run_id: str, task: asyncio.Task[Admitted]) -> None:
        """Forget failures: an outage may be over at the next attempt."""
        failed = task.cancelled() or task.exception() is not None
        if failed and self._known.get(run_id) is task:
            del self._known[run_id]

    async def _admit_new(self, workflow: str, run_id: str, request: object) -> Admitted:
        if isinstance(request, CallModel) and request.started is not None:
            admitted = await self._admit_first(workflow, run_id, request, request.started)
            if admitted is not None:
                return admitted
        entry = await read_start_entry(self._connection, workflow, run_id)
        kind = entry.workflow_type.name
        if kind == WORKFLOW:
            return await self._admit_run(workflow, run_id, entry)
        if kind == UNDO:
            return await self._admit_undo(workflow, _read_spec(UndoSpec, entry), entry)
        raise _unsigned_error(workflow)

    async def _admit_first(
        self, workflow: str, run_id: str, request: CallModel, started: Started
    ) -> Admitted | None:
        """Admit by what the call contains; None if only Temporal knows which chain this is."""
        pinned = Pinned(
            agent=started.agent, spec=request.spec, model=request.model, salt=request.salt,
            session=started.session, workspace=started.workspace, playback=started.playback,
            owner=started.owner, root=started.root, priority=started.priority,
            budget=started.budget, above=started.above,
        )  # fmt: skip
        await self._check_run(workflow, started.mac, started.whole, pinned)
        bound = await bind_permit(self._connection.database, started.mac, run_id)
        return Admitted(pinned, run_id, signed=True) if bound == run_id else None

    async def _admit_run(
        self, workflow: str, run_id: str, entry: WorkflowExecutionStartedEventAttributes
    ) -> Admitted:
        spec, origin = _read_spec(RunSpec, entry), entry.first_execution_run_id
        if spec.carry is not None and origin == run_id:
            raise RunForged(f"Run {workflow!r} claims to continue another execution.")
        refuse_restarts(workflow, entry)
        await self._check_chain(workflow, run_id, entry)
        if run_id != origin:
            signer = await self._connection.signing.get_signer()
            mark = sign_member(signer, workflow, run_id)
            await bind_permit(self._connection.database, mark, origin)
        if spec.permit is None:
            return Admitted(spec.pinned, self._allow_unsigned(workflow, origin), signed=False)
        mac = mac_of(spec.permit)
        await self._check_run(workflow, mac, spec.whole, spec.pinned)
        await self._bind_permit(workflow, mac, origin)
        return Admitted(spec.pinned, origin, signed=True)

    async def _check_chain(
        self, workflow: str, run_id: str, entry: WorkflowExecutionStartedEventAttributes
    ) -> None:
        """Refuse a chain with a reset, which revives an ended run: nothing proves that its owner
        wanted that. Executions that continue another are recorded once
        they are known not to be, because Temporal deletes old ones, and whoever reaches it can
        delete others."""
        if self._connection.settings.worker.accept_resets:
            return
        if entry.original_execution_run_id != run_id:
            raise _reset_error(workflow)
        before = entry.continued_execution_run_id
        if not before:
            return
        database = self._connection.database
        signer = await self._connection.signing.get_signer()
        mark = signer.sign("continued", workflow, run_id)
        if await is_bound(database, mark):
            return
        # The first one is no reset. What it was started with is in this spec, under the same MAC.
        if before != entry.first_execution_run_id:
            await self._check_before(workflow, before, signer.sign("continued", workflow, before))
        await bind_permit(database, mark, run_id)

    async def _check_before(self, workflow: str, before: str, mark: str) -> None:
        if await is_bound(self._connection.database, mark):
            return
        try:
            await self.admit(workflow, before)
        except RunNotFound:
            raise _reset_error(workflow) from None

    async def _admit_undo(
        self, workflow: str, spec: UndoSpec, entry: WorkflowExecutionStartedEventAttributes
    ) -> Admitted:
        origin = entry.first_execution_run_id
        refuse_restarts(workflow, entry)
        small = spec.model_copy(update={"steps": (), "before": None})
        if spec.permit is None and entry.HasField("parent_workflow_execution"):
            # The undo that a run starts at its end. Temporal records which run that is.
            parent = entry.parent_workflow_execution
            own = UndoSpec(run=parent.workflow_id)
            if (workflow, small) != (undo_id(own.run), own):
                raise RunForged(f"Run {own.run!r} tries to undo something other than itself.")
            above = await self.admit(parent.workflow_id, parent.run_id)
            if not isinstance(above.what, Pinned):
                raise _unsigned_error(workflow)
        elif spec.permit is None:
            self._allow_unsigned(workflow, origin)
        else:
            if not is_undo_signed(await self._connection.signing.get_signer(), workflow, spec):
                raise _mismatch_error(workflow)
            await self._bind_permit(workflow, mac_of(spec.permit), origin)
        return Admitted(small, origin, signed=spec.permit is not None)

    def _allow_unsigned(self, workflow: str, origin: str) -> str:
        if not self._connection.settings.worker.accept_unsigned:
            raise _unsigned_error(workflow)
        return origin

    async def _check_run(self, workflow: str, mac: str, whole: str, pinned: Pinned) -> None:
        signer = await self._connection.signing.get_signer()
        if not is_run_signed(signer, workflow, mac, whole, pinned):
            raise _mismatch_error(workflow)

    async def _bind_permit(self, workflow: str, mac: str, origin: str) -> None:
        bound = await bind_permit(self._connection.database, mac, origin)
        if bound != origin:
            raise PermitReused(f"The permit of {workflow!r} was used before, by execution {bound}.")


def _read_spec(model: type[Spec], entry: WorkflowExecutionStartedEventAttributes) -> Spec:
    spec = read_first(model, entry.input)
    if spec is None:
        raise RunUnsigned("The run was started without a spec.")
    return spec


def _reset_error(workflow: str) -> RunError:
    return PermitReused(
        f"Run {workflow!r} was reset, which this worker does not accept.",
        fix="Fork it: harness fork RUN --at TURN. To accept resets: worker.accept_resets.",
    )


def _mismatch_error(workflow: str) -> RunError:
    return RunForged(f"The permit of {workflow!r} does not match what it was started with.")


def _unsigned_error(workflow: str) -> RunError:
    return RunUnsigned(f"{workflow!r} carries no permit: it was not started by harness.")
