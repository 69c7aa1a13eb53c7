"""Load and check everything that a capability adds, for `harness capabilities`."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from harness.capabilities.checks import (
    ACTIVITIES,
    COMMANDS,
    EMBEDDER,
    ERRORS,
    INTERCEPTOR,
    MIGRATIONS,
    PANELS,
    PROVIDER,
    ROUTES,
    RUN_WATCH,
    SERVICE,
    SETTINGS,
    TOOLS,
    WORKFLOW,
    Kind,
    workflow_name,
)
from harness.capabilities.registry import LOADING_FAILS, BadPart, resolve, resolve_part
from harness.contracts.capability import Capability, capability_schema
from harness.contracts.errors import all_errors


class Part(NamedTuple):
    """One thing that a capability adds."""

    kind: str
    name: str


def find_parts(record: Capability) -> tuple[list[Part], str | None]:
    """List the parts, and the error of the first one that does not load."""
    parts: list[Part] = []
    try:
        for part in _list_parts(record):
            parts.append(part)  # noqa: PERF402 - those before the broken one are kept
    except BadPart as error:
        return parts, str(error)
    except LOADING_FAILS as error:
        return parts, f"{type(error).__name__}: {error}"
    return parts, None


COMMAND = Kind("a function", callable)


def _list_parts(record: Capability) -> Iterator[Part]:
    if record.commands:
        for command in resolve_part(record.commands, COMMANDS):
            resolve_part(command.target, COMMAND)
            yield Part("command", f"harness {command.name}")
    if record.settings:
        for name in resolve_part(record.settings, SETTINGS).model_fields:
            yield Part("setting", f"{record.name}.{name}")
    for kind, target in record.providers:
        resolve_part(target, PROVIDER)
        yield Part("provider", kind)
    for kind, target in record.embedders:
        resolve_part(target, EMBEDDER)
        yield Part("embedder", kind)
    if record.tools:
        for name in resolve_part(record.tools, TOOLS).__all__:
            yield Part("tool", name)
    yield from _worker_parts(record)
    yield from _daemon_parts(record)
    if record.migrations:
        yield from _find_migrations(record, record.migrations)
    if record.errors:
        yield from _find_errors(record, record.errors)


def _worker_parts(record: Capability) -> Iterator[Part]:
    for target in (*record.agent_workflows, *record.workflows):
        yield Part("workflow", workflow_name(resolve_part(target, WORKFLOW)) or target)
    for target in (*record.agent_activities, *record.activities):
        resolve_part(target, ACTIVITIES)
        yield Part("activities", target)
    for what, one, kind in (
        ("service", record.service, SERVICE),
        ("run watch", record.run_watch, RUN_WATCH),
        ("model interceptor", record.model_interceptor, INTERCEPTOR),
        ("tool interceptor", record.tool_interceptor, INTERCEPTOR),
    ):
        if one:
            resolve_part(one, kind)
            yield Part(what, one)


def _daemon_parts(record: Capability) -> Iterator[Part]:
    if record.routes and find_spec("fastapi"):
        for route in resolve_part(record.routes, ROUTES):
            yield Part("route", f"{route.method} {route.path}")
    if record.panels:
        yield from _find_panels(record.panels)


def _find_panels(target: str) -> Iterator[Part]:
    panels = resolve_part(target, PANELS)
    folder = find_panel_folder(target)
    for panel in panels:
        if not (folder / panel.module).is_file():
            raise LookupError(f"{target} names {panel.module}, which is not in {folder}")
        yield Part("panel", f"{panel.place} {panel.id}")


def find_panel_folder(target: str) -> Path:
    """The folder with the files of a capability's panels: that of the Python module which declares
    them."""
    module = resolve(target.partition(":")[0])
    return Path(module.__file__).resolve().parent


def _find_migrations(record: Capability, target: str) -> Iterator[Part]:
    package: Any = resolve_part(target, MIGRATIONS)
    folder = Path(package.__file__).parent / "versions"
    there = sorted(file.stem for file in folder.glob("[!_]*.py"))
    for number, revision in enumerate(package.REVISIONS):
        if number >= len(there) or not there[number].startswith(revision):
            raise LookupError(f"{target} names revision {revision}, and {folder} has {there}")
        yield Part("migration", f"{capability_schema(record.name)} {there[number]}")


def _find_errors(record: Capability, target: str) -> Iterator[Part]:
    resolve_part(target, ERRORS)
    for each in all_errors().values():
        if each.__module__ != target:
            continue
        if not each.code.startswith(f"{record.name}."):
            raise ValueError(f"the code {each.code!r} must start with {record.name!r} and a dot")
        yield Part("error", each.code)
