"""Keep the epoch of a store in step: in the database, in Temporal and on this machine."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from google.protobuf.duration_pb2 import Duration
from temporalio.api.common.v1 import Memo, Payload, WorkflowExecution, WorkflowType
from temporalio.api.enums.v1 import WorkflowIdConflictPolicy
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    DescribeWorkflowExecutionRequest,
    StartWorkflowExecutionRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from harness.commons.log import get_logger
from harness.contracts.errors import HarnessError, StackError, StackReplaced, StackUnreachable
from harness.store.database import Database
from harness.store.epoch import (
    Doubts,
    Outside,
    Seen,
    Verdict,
    advance_branch,
    begin_branch,
    compare_records,
    confirm_seen,
    is_lost,
    key_of_store,
    read_branches,
    state_home,
    went_back,
)

PERIOD_S = 60.0
"""How often the generation advances while writes happen. Losses of this machine's own writes are
noticed to the last one; this bounds the rest."""
SETTLED_S = 2.0
NEVER = Duration(seconds=3650 * 86400)
LOCK = 0x6861726E65706F63  # "harnepoc"
TYPE = "HarnessEpoch"
FIELD = "epoch"

log = get_logger(__name__)


class EpochKeeper:
    """Checks and advances the epoch; one per worker process."""

    def __init__(self, temporal: Client, database: Database) -> None:
        self.doubts = Doubts()
        self._temporal = temporal
        self._database = database
        self._outside: Outside | None = None
        self._key = ""
        self._writes = False
        self._one = asyncio.Lock()
        self._engine_said: Seen | None = None
        self._replaced = asyncio.Event()

    async def check(self, made: str | None = None) -> None:
        """Compare the three records; begin a new branch if one of them went back in time. `made`:
        the key of a row written just now, which proves nothing."""
        async with self._hold_lock():
            await self._check_locked(made)

    async def advance(self) -> Seen:
        """Begin the next generation: copies made before it are recognized as older."""
        async with self._hold_lock():
            return await self._check_locked(None, now=True)

    def mark(self, key: str, seq: int) -> None:
        self._writes = True
        if self._outside is None:
            return
        try:
            self._outside.mark(key, seq)
        except OSError as error:
            self._give_up(error)

    async def keep_advancing(self) -> None:
        """Advance the epoch while writes happen, until cancelled."""
        while True:
            await asyncio.sleep(PERIOD_S)
            if not self._writes:
                continue
            self._writes = False
            try:
                await self.advance()
            except HarnessError as error:
                self._writes = True
                log.warning("the epoch of the store could not be advanced", error=str(error))

    async def wait_until_replaced(self) -> StackError:
        """Wait until Temporal is found to be older than this process saw it before."""
        await self._replaced.wait()
        return StackReplaced(
            "Temporal was restored to an earlier state while this worker served it."
        )

    def close(self) -> None:
        if self._outside is not None:
            self._outside.close()

    async def _check_locked(self, made: str | None, *, now: bool = False) -> Seen:
        namespace = self._temporal.namespace
        branches = await read_branches(self._database, namespace)
        key = key_of_store(branches, namespace)
        if key != self._key:  # the first time, or another database answers at this address
            self.close()
            self._key, self._outside = key, Outside(state_home() / key)
            self._engine_said = None
        engine, outside = await self._read_engine(), self._read_outside()
        if self._engine_said and went_back(branches, self._engine_said, engine):
            await asyncio.sleep(SETTLED_S)
            engine = await self._read_engine()  # a Temporal under stress may not know it at once
            if went_back(branches, self._engine_said, engine):
                self._replaced.set()
        self._engine_said = engine
        lost = False
        if self._outside is not None:
            lost = await is_lost(self._database, self._outside, branches, made)
        verdict = compare_records(branches, engine, outside, lost=lost)
        if verdict is not None:
            await begin_branch(self._database, verdict.doubts, namespace)
            branches = await read_branches(self._database, namespace)
            _warn_of(verdict)
        current = branches[-1]
        self.doubts.branches = branches
        seen = Seen(current.id, current.confirmed)
        stale = not current.same_server or current.age > PERIOD_S or not current.confirmed
        if now or stale or verdict is not None:
            seen = await advance_branch(self._database, current)
            await self._record_in_temporal(seen)
            await confirm_seen(self._database, seen)
            self._keep_outside(seen)
        elif outside is None or outside.branch != current.id:
            self._keep_outside(seen)
        return seen

    def _read_outside(self) -> Seen | None:
        return self._outside.read_seen() if self._outside else None

    def _keep_outside(self, seen: Seen) -> None:
        if self._outside is None:
            return
        try:
            self._outside.write_seen(seen)
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        log.warning(
            "this machine cannot record the store's epoch: a restored copy may go unnoticed",
            folder=str(state_home()),
            error=str(error),
        )
        self.close()
        self._outside = None

    @asynccontextmanager
    async def _hold_lock(self) -> AsyncGenerator[None]:
        """Lock out other processes, so that no record is overwritten by an older one."""
        from psycopg import OperationalError

        async with self._one, await self._database.connect() as connection:
            try:
                await connection.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
                yield
            except OperationalError as error:
                raise self._database.unavailable_error(error) from error
            except RPCError as error:
                where = self._temporal.service_client.config.target_host
                raise StackUnreachable(
                    f"Temporal does not answer at {where}: {error.message}"
                ) from error

    # Temporal's record is the memo of a workflow that never gets a task. It needs no more rights
    # than starting a run does, and the raw call bypasses the codec.

    @property
    def _workflow_id(self) -> str:
        return f"harness.epoch.{self._key}"

    async def _read_engine(self) -> Seen | None:
        request = DescribeWorkflowExecutionRequest(
            namespace=self._temporal.namespace,
            execution=WorkflowExecution(workflow_id=self._workflow_id),
        )
        try:
            found = await self._temporal.workflow_service.describe_workflow_execution(request)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            raise
        return read_memo(found.workflow_execution_info.memo.fields[FIELD].data)

    async def _record_in_temporal(self, seen: Seen) -> None:
        record = f'"{seen.branch}/{seen.generation}"'.encode()
        request = StartWorkflowExecutionRequest(
            namespace=self._temporal.namespace,
            workflow_id=self._workflow_id,
            workflow_type=WorkflowType(name=TYPE),
            task_queue=TaskQueue(name=self._workflow_id),
            identity=self._temporal.identity,
            request_id=str(uuid.uuid4()),
            workflow_id_conflict_policy=(
                WorkflowIdConflictPolicy.WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING
            ),
            workflow_start_delay=NEVER,
            memo=Memo(fields={FIELD: Payload(metadata={"encoding": b"json/plain"}, data=record)}),
        )
        await self._temporal.workflow_service.start_workflow_execution(request)
        self._engine_said = seen


def read_memo(data: bytes) -> Seen | None:
    """Read Temporal's record; None if `_record_in_temporal` did not write it: anyone who can reach
    Temporal can write it."""
    try:
        branch, _, generation = data.decode().strip('"').partition("/")
        return Seen(branch, int(generation)) if generation.isdecimal() else None
    except ValueError:  # not UTF-8, or more digits than Python reads
        return None


def _warn_of(verdict: Verdict) -> None:
    log.warning(
        f"the {verdict.doubts} was restored to an earlier state: {verdict.why}. Open runs may have "
        "made writes since then; each of these is probed, or a person is asked",
        fix="See docs/how-to/backup.md.",
    )
