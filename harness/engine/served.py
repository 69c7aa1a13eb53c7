"""Find out why a run does not answer: no such run, no Temporal, or no worker."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from temporalio.client import WorkflowExecutionDescription, WorkflowHandle, WorkflowQueryFailedError
from temporalio.service import RPCError, RPCStatusCode

from harness.engine.retry import run_not_found, unreachable_error

REACH_S = 5.0
SERVED_S = 2.0
UNSERVED = {
    RPCStatusCode.DEADLINE_EXCEEDED,
    RPCStatusCode.CANCELLED,
    RPCStatusCode.FAILED_PRECONDITION,  # "no poller seen for task queue recently"
}
"""The status of a query that no worker, or not even Temporal, answers."""


async def is_served(handle: WorkflowHandle[Any, Any]) -> bool:
    """Whether a worker answers. RunError if the run does not exist, StackError if Temporal does not
    answer."""
    try:
        async with asyncio.timeout(SERVED_S):
            await handle.query("status", rpc_timeout=timedelta(seconds=SERVED_S))
    except WorkflowQueryFailedError:
        return True
    except TimeoutError:
        pass
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise run_not_found(handle.id) from None
        if error.status not in UNSERVED:
            raise unreachable_error(error) from None
    else:
        return True
    await describe_run(handle)
    return False


async def describe_run(handle: WorkflowHandle[Any, Any]) -> WorkflowExecutionDescription:
    """Describe the run as Temporal knows it; needs no worker. StackError if Temporal does not
    answer, RPCError if it refuses."""
    try:
        return await handle.describe(rpc_timeout=timedelta(seconds=REACH_S))
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise
        raise unreachable_error(error) from None
