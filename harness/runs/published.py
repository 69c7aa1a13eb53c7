"""Agents by name: workers publish what they serve, and any process starts runs of it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.service import RPCError

from harness.agent import Agent
from harness.contracts.errors import ArtifactMissing, StoreError, UnknownAgent
from harness.contracts.published import PublishedAgent
from harness.contracts.queues import agent_queue
from harness.contracts.tool import Workspace
from harness.engine.connection import Connection
from harness.engine.retry import unreachable_error
from harness.runs.model_queues import find_compaction, find_model_queue
from harness.store.agents import Publication

AT_ONCE = 16
SHOWN = 20
"""How many names an error lists."""


@dataclass(frozen=True, kw_only=True)
class ListedAgent:
    """A published agent, and who serves it now."""

    publication: Publication
    workers: tuple[str, ...]
    """Worker processes that polled its queue in the last minutes, as user@host/pid."""


async def store_agent(connection: Connection, agent: Agent[Any, Any]) -> PublishedAgent:
    """Store the agent's spec, and return all that the start of a run needs."""
    spec, policies = agent.spec(connection.settings.model), agent.policies()
    models = tuple(each.model for each in spec.plan.candidates)
    needs_folder = any(policy.workspace for policy in policies.values())
    folder = str(connection.project.resolve())
    return PublishedAgent(
        name=agent.name,
        spec=await connection.stores.specs.put(spec),
        models=models,
        model_queue=find_model_queue(connection.settings, models[0]),
        tools=policies,
        budget=agent.budget,
        output=spec.output,
        parallel=True if agent.parallel else None,
        undo=True if agent.undo_on_failure else None,
        instructs=True if spec.dynamic else None,
        checks=True if agent.validators else None,
        compaction=find_compaction(connection.settings, spec.context, models[0]),
        remembers=True if spec.memory and spec.memory.recall else None,
        learns=True if spec.memory and spec.memory.learn else None,
        workspace=Workspace(host=socket.gethostname(), root=folder) if needs_folder else None,
    )


async def publish_agent(connection: Connection, agent: Agent[Any, Any], build: str) -> None:
    """Publish an agent that this process serves; it replaces an earlier publication of the name."""
    stored = await store_agent(connection, agent)
    namespace, host = connection.endpoints.namespace, socket.gethostname()
    await connection.stores.agents.publish(namespace, stored, build, host)


async def find_published(connection: Connection, name: str) -> PublishedAgent:
    """Find the published agent of this name, with its spec in the store."""
    found = await connection.stores.agents.find(connection.endpoints.namespace, name)
    if found is None:
        raise await _unknown_agent(connection, name)
    if isinstance(found.agent, StoreError):
        raise found.agent
    if not await connection.stores.artifacts.exists(found.agent.spec):
        raise ArtifactMissing(
            f"The spec of agent {name!r} is missing in the store ({found.agent.spec}).",
            fix="Restart a worker of the agent: it stores the spec again.",
        )
    return found.agent


async def list_published(connection: Connection) -> list[ListedAgent]:
    """List the published agents of this namespace, by name."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def add_workers(publication: Publication) -> ListedAgent:
        async with gate:
            workers = await find_pollers(connection, publication.name)
        return ListedAgent(publication=publication, workers=tuple(workers))

    found = await connection.stores.agents.list_all(connection.endpoints.namespace)
    return list(await asyncio.gather(*(add_workers(each) for each in found)))


async def find_pollers(connection: Connection, agent: str) -> Sequence[str]:
    """Find the workers that polled the queue of an agent in the last minutes. Temporal does not
    notice at once that one has left."""
    request = DescribeTaskQueueRequest(
        namespace=connection.temporal.namespace,
        task_queue=TaskQueue(name=agent_queue(agent)),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    )
    try:
        answer = await connection.temporal.workflow_service.describe_task_queue(request)
    except RPCError as error:
        raise unreachable_error(error) from error
    return sorted({each.identity for each in answer.pollers})


async def _unknown_agent(connection: Connection, name: str) -> UnknownAgent:
    listed = await connection.stores.agents.list_all(connection.endpoints.namespace)
    names = [each.name for each in listed]
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    known = f"Published: {', '.join(names[:SHOWN])}{more}." if names else "None is."
    return UnknownAgent(f"No agent {name!r} is published. {known}")
