"""The record of a capability: what it adds to harness, named by import strings.

Strings, so that reading all records imports nothing: `harness --help` stays as cheap as it is.
"""

from __future__ import annotations

from typing import NamedTuple


class Capability(NamedTuple):
    """What one capability adds. Every string is `module:name`; a capability names only what it has.

    Its schema in Postgres is `harness_<name>`, its section in `harness.toml` is `[<name>]`, its own
    task queue is `harness.<name>.<store>`, and the codes of its errors start with `<name>.`.
    """

    name: str
    """Lower-case letters, digits and underscores, starting with a letter; 30 at most."""
    summary: str
    """One sentence, for `harness capabilities list`."""
    page: str = ""
    """Its page of documentation: a path below `docs/`, or an address."""
    essential: bool = False
    """Other parts need it, so it cannot be disabled."""
    requires: tuple[str, ...] = ()
    """Capabilities that must be enabled too."""
    commands: str | None = None
    """A tuple of `Command`."""
    settings: str | None = None
    """A subclass of `Section`: the keys of its section."""
    errors: str | None = None
    """The module that declares its errors."""
    migrations: str | None = None
    """A package with `REVISIONS`, the names of the migrations in order, beside their files."""
    providers: tuple[tuple[str, str], ...] = ()
    """Kinds of model provider, each with its adapter: called with (name, settings)."""
    embedders: tuple[tuple[str, str], ...] = ()
    """Kinds of provider that embed texts, each with its embedder: called with (name, settings,
    model)."""
    tools: str | None = None
    """The module whose `__all__` names its tools."""
    workflows: tuple[str, ...] = ()
    """Workflow classes that every worker process serves on the capability's own task queue."""
    activities: tuple[str, ...] = ()
    """Functions (connection) -> activities, served on the same queue."""
    sealed: tuple[str, ...] = ()
    """Types of its own workflows whose histories the archive seals, as those of runs."""
    agent_workflows: tuple[str, ...] = ()
    """Workflow classes that are served on the task queue of each agent."""
    agent_activities: tuple[str, ...] = ()
    """Functions (AgentParts) -> activities, served on the task queue of each agent."""
    unsigned: bool = False
    """Its own workflows may be started by anyone who reaches Temporal, such as by a schedule.
    Otherwise `start_workflow` signs them, and workers refuse others."""
    patient: bool = False
    """Whether an activity of its own workflows is retried when a worker refuses it, or cannot carry
    it out because of its key or version, so that another worker can. Otherwise it fails."""
    routes: str | None = None
    """A tuple of `Route`, served by the daemon."""
    panels: str | None = None
    """A tuple of `Panel`, parts of the web page: their files stand beside the tuple's module."""
    service: str | None = None
    """A coroutine function (connection) that runs in every worker process until cancelled."""
    run_watch: str | None = None
    """A function (connection) that returns a coroutine function (run, agent). Workers await it
    before each activity of a run; if it raises, the activity is retried as its error says."""
    model_interceptor: str | None = None
    """A function (connection) that returns a `ModelInterceptor`: it stands around each model call.
    The records' order is the interceptors' order; the first is the outermost."""
    tool_interceptor: str | None = None
    """A function (connection) that returns a `ToolInterceptor`: it stands around each tool call
    whose arguments fit, before a person is asked about it."""
    max_activities: int = 20
    """Most activities of its own queue that one worker process runs at the same time."""


def capability_schema(name: str) -> str:
    """Name the Postgres schema that holds a capability's tables.

    Args:
        name: The capability's name.

    Returns:
        The name of the schema.
    """
    return f"harness_{name}"
