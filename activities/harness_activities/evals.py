"""The activities of evaluations: run an item, check it, and close the evaluation."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass

from temporalio import activity

from harness.contracts.errors import EvalInvalid, RunForged
from harness.contracts.tool import Workspace
from harness.engine.connection import Connection
from harness.engine.signed_start import own_queue
from harness.evals.capability import EVALS
from harness.evals.code import Functions, check_code
from harness.evals.contracts import (
    CheckItem,
    CodeChecked,
    EvalEnd,
    EvalItem,
    ItemStarted,
    eval_workflow,
    name_run,
)
from harness.evals.run_item import Runner
from harness.evals.store import Evals
from harness.evals.workspaces import Copies
from harness.history.follow import Feeds
from harness_activities.heartbeats import sending_heartbeats
from harness_activities.parts import Activity
from harness_activities.start_admission import StartAdmission
from harness_activities.unfit import leaving_to_others


def make_activities(connection: Connection) -> list[Activity]:
    """The activities of evaluations, for one worker process."""
    made = EvalActivities(connection, Runner(connection, Feeds(connection)))
    return [made.run_item, made.check_item, made.close_eval]


@dataclass(frozen=True)
class EvalActivities:
    connection: Connection
    runner: Runner

    @activity.defn(name="run_eval_item")
    async def run_item(self, item: EvalItem) -> ItemStarted:
        """Start the run of an item, or join it, and wait for its end."""
        _check_caller(item.eval)
        with sending_heartbeats(), leaving_to_others():
            return await self.runner.run_item(item)

    @activity.defn(name="check_eval_item")
    async def check_item(self, request: CheckItem) -> EvalItem:
        """Make the checks of an item, and save the result."""
        _check_caller(request.item.eval)
        with sending_heartbeats(), leaving_to_others():
            return await self.runner.check_item(request)

    @activity.defn(name="close_eval")
    async def close_eval(self, end: EvalEnd) -> EvalEnd:
        """Note how the evaluation ended."""
        _check_caller(end.eval)
        with sending_heartbeats():
            await Evals(self.connection).set_state(end.eval, end.state)
        return end


@dataclass(frozen=True)
class CodeActivities:
    """The activities of the process that has an evaluation's Python functions, and the folder that
    its runs have copies of. Its queue is named by the evaluation, so it admits workflows of the
    capability's queue itself."""

    connection: Connection
    runner: Runner
    functions: Functions
    admission: StartAdmission
    copies: Copies | None = None

    @activity.defn(name="check_eval_code")
    async def check_code(self, request: CheckItem) -> CodeChecked:
        """Call the functions of an item's checks."""
        _check_caller(request.item.eval)
        with sending_heartbeats(), leaving_to_others():
            await self._admit()
            return await check_code(self.runner, self.functions, request)

    @activity.defn(name="copy_eval_workspace")
    async def copy_workspace(self, item: EvalItem) -> EvalItem:
        """Make the copy that the run of an item works in, unless there is one already."""
        _check_caller(item.eval)
        with sending_heartbeats(), leaving_to_others():
            await self._admit()
            if self.copies is None:
                raise EvalInvalid("The file of this evaluation names no workspace any more.")
            plan, _ = await self.runner.read_item(item)
            run = name_run(plan, item.eval, item.number)
            root = await asyncio.to_thread(self.copies.make, item.eval, run)
            workspace = Workspace(host=socket.gethostname(), root=str(root))
            return item.model_copy(update={"workspace": workspace})

    async def _admit(self) -> None:
        info = activity.info()
        queue = await own_queue(self.connection, EVALS)
        await self.admission.admit(info.workflow_id or "", info.workflow_run_id or "", queue)


def _check_caller(eval: str) -> None:
    if activity.info().workflow_id != eval_workflow(eval):
        raise RunForged(f"An item of {eval!r} is asked for by another workflow.")
