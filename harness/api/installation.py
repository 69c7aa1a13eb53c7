"""What an installation can do: its models, tools, capabilities and tables, for commands and routes
alike."""

from __future__ import annotations

import asyncio
from typing import Any

from pydantic import BaseModel

from harness.agent import Tool
from harness.capabilities.inspect import Part, find_parts
from harness.capabilities.registry import OURS, Found, find_capabilities, problem_of
from harness.config.providers import needs_key, resolve_provider
from harness.config.settings import Settings
from harness.contracts.errors import RouteNotFound
from harness.contracts.tool import Effect
from harness.store.database import Database
from harness.store.migrate import LineState, inspect_schemas
from harness.store.migration_preview import preview_steps


class PriceView(BaseModel):
    """US dollars per million tokens."""

    input: float
    cached: float
    output: float
    cache_write: float | None = None
    """Present if writing to the cache costs more than plain input."""


class ModelView(BaseModel):
    """A known model. Others work too, as provider/model."""

    model: str
    context: int
    """Tokens it can read and write in one call."""
    capabilities: list[str]
    ready: bool
    """Whether an API key is set, or none is needed."""
    default: bool
    """Whether agents without a model of their own use it."""
    price: PriceView | None = None


class ModelList(BaseModel):
    """The known models."""

    models: list[ModelView]


class ToolView(BaseModel):
    """A tool that agents can have."""

    name: str
    description: str
    """What the model reads."""
    parameters: dict[str, Any]
    """JSON schema of the arguments."""
    effect: Effect
    """What a call does to the world."""
    inline: bool | None = None
    """Quick, and run in the worker itself."""
    workspace: bool | None = None
    """Whether it touches the run's folder."""
    timeout_s: float | None = None
    attempts: int | None = None
    """How often a call is tried at most."""
    approval: str
    """`never`, `always`, or `by its arguments`."""
    pin: str | None = None
    """What was declared, for a tool of an MCP server."""

    @classmethod
    def of(cls, tool: Tool[..., Any, Any]) -> ToolView:
        """The view of a tool."""
        approval = tool.approval if isinstance(tool.approval, str) else "by its arguments"
        policy = tool.policy.model_dump(exclude={"approval"})
        return cls(**tool.spec.model_dump(), **policy, approval=approval)


class ToolList(BaseModel):
    """The built-in tools."""

    tools: list[ToolView]


class CapabilityView(BaseModel):
    """A capability, and whether it is used."""

    name: str
    state: str
    """`enabled`, `disabled` or `broken`."""
    source: str
    """The package that it comes from."""
    summary: str | None = None
    essential: bool | None = None
    """Whether it cannot be disabled."""
    problem: str | None = None
    """Why it is broken."""


class CapabilityList(BaseModel):
    """The capabilities of an installation."""

    capabilities: list[CapabilityView]


class CapabilityDetails(CapabilityView):
    """A capability with all that it adds."""

    page: str | None = None
    """Its page of the documentation."""
    parts: dict[str, list[str]]
    """What it adds, by kind: commands, settings, routes, workflows and others."""


class StepView(BaseModel):
    """A migration that has not run."""

    revision: str
    summary: str
    sql: str | None = None
    """Absent if that is only known when it runs."""


class SchemaView(BaseModel):
    """The tables of harness or of a capability."""

    schema_name: str
    capability: str | None = None
    """Whose tables they are; absent for those of harness itself."""
    at: str | None = None
    """The newest migration that has run."""
    needed: str
    """The newest one there is."""
    problem: str | None = None
    """Why they cannot be migrated."""
    pending: list[StepView]


class SchemaList(BaseModel):
    """The tables in Postgres, and the migrations that they need."""

    schemas: list[SchemaView]


def list_models(settings: Settings, provider: str | None = None) -> ModelList:
    """List the known models, or those of one provider."""
    from harness.providers.catalog import KNOWN

    ready: dict[str, bool] = {}
    found: list[ModelView] = []
    for known in KNOWN.values():
        of = known.ref.partition("/")[0]
        if provider not in (None, of):
            continue
        if of not in ready:
            resolved = resolve_provider(settings, of)
            ready[of] = resolved.api_key is not None or not needs_key(of, resolved)
        price = known.price
        found.append(
            ModelView(
                model=known.ref,
                context=known.context,
                capabilities=sorted(known.capabilities),
                ready=ready[of],
                default=known.ref == settings.model,
                price=PriceView(**price._asdict()) if price else None,
            )
        )
    return ModelList(models=found)


def list_tools() -> ToolList:
    """List the built-in tools; those that have to be made with arguments are not among them."""
    from harness import tools as built_in

    named = [getattr(built_in, name) for name in built_in.__all__]
    found: list[Tool[..., Any, Any]] = [each for each in named if isinstance(each, Tool)]
    return ToolList(tools=[ToolView.of(each) for each in found])


def list_capabilities() -> CapabilityList:
    """List all capabilities, also disabled ones."""
    # The parts of built-in ones are known to load, and take seconds to do so.
    views = [
        _describe(each, None if each.source == OURS else _inspect(each)[1])
        for each in find_capabilities()
    ]
    return CapabilityList(capabilities=[CapabilityView(**each) for each in views])


def show_capability(name: str) -> CapabilityDetails:
    """Show a capability with all that it adds. Loads it.

    Raises:
        RouteNotFound: There is none with this name.
    """
    found = next((each for each in find_capabilities() if each.name == name), None)
    if found is None:
        raise RouteNotFound(f"There is no capability {name[:100]!r}.")
    parts, problem = _inspect(found)
    listed: dict[str, list[str]] = {}
    for part in parts:
        listed.setdefault(part.kind, []).append(part.name)
    page = found.record.page if found.record else None
    return CapabilityDetails(**_describe(found, problem), page=page or None, parts=listed)


def _inspect(found: Found) -> tuple[list[Part], str | None]:
    """The parts of a capability, and its problem, if any."""
    problem = problem_of(found.name)
    if found.record is None or problem:
        return [], problem
    parts, problem = find_parts(found.record)
    return parts, problem or problem_of(found.name)


def _describe(found: Found, problem: str | None) -> dict[str, Any]:
    state = "disabled" if not found.enabled else "broken" if problem else "enabled"
    facts: dict[str, Any] = {"name": found.name, "state": state, "source": found.source}
    if found.record:
        facts |= {"summary": found.record.summary, "essential": found.record.essential}
    return {**facts, "problem": problem} if problem else facts


async def list_schemas(database: Database) -> SchemaList:
    """List the tables in Postgres, and the migrations that they need. Changes nothing."""
    states = await inspect_schemas(database)
    return SchemaList(schemas=[await asyncio.to_thread(describe_schema, each) for each in states])


def describe_schema(state: LineState) -> SchemaView:
    """Describe a schema as it is."""
    owner = state.line.owner
    return SchemaView(
        schema_name=state.line.schema,
        capability=owner.name if owner else None,
        at=state.found,
        needed=state.line.revisions[-1],
        problem=state.problem,
        pending=[StepView(**each._asdict()) for each in preview_steps(state)],
    )
