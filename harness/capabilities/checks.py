"""What each part of a capability must be. A part that does not fit is reported and left out, before
whatever uses it fails.

Classes of higher rooms are recognized by their names, so that nothing of those rooms is imported.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple, cast

from harness.contracts.capability import Capability
from harness.contracts.panel import Panel, find_panel_fault


class Kind(NamedTuple):
    """A kind of part."""

    what: str
    """With its article, for messages."""
    fits: Callable[[Any], bool]


def _is_class(value: Any, name: str) -> bool:
    """Whether a value is the class `name` (with its module), or inherits from it."""
    if not isinstance(value, type):
        return False
    return any(f"{each.__module__}.{each.__name__}" == name for each in value.__mro__)


def _are_commands(value: Any) -> bool:
    if not isinstance(value, tuple):
        return False
    commands = cast("tuple[Any, ...]", value)
    return all(_is_class(type(each), "harness.cli.spec.Command") for each in commands)


def _are_routes(value: Any) -> bool:
    if not isinstance(value, tuple):
        return False
    routes = cast("tuple[Any, ...]", value)
    return all(_is_class(type(each), "harness.api.route.Route") for each in routes)


def _are_panels(value: Any) -> bool:
    if not isinstance(value, tuple):
        return False
    panels = cast("tuple[Any, ...]", value)
    ids = [each.id for each in panels if isinstance(each, Panel) and not find_panel_fault(each)]
    return len(ids) == len(panels) == len(set(ids))


def _is_section(value: Any) -> bool:
    return _is_class(value, "harness.config.settings.Section")


def _is_module(value: Any) -> bool:
    return isinstance(value, ModuleType)


def _are_texts(value: Any) -> bool:
    if not isinstance(value, tuple | list):
        return False
    return all(isinstance(each, str) for each in cast("list[Any]", value))


def _lists_tools(value: Any) -> bool:
    names: Any = getattr(value, "__all__", None)
    return _are_texts(names) and all(hasattr(value, name) for name in names)


def _lists_revisions(value: Any) -> bool:
    revisions: Any = getattr(value, "REVISIONS", None)
    return bool(revisions) and _are_texts(revisions) and bool(getattr(value, "__file__", None))


def workflow_name(workflow: Any) -> str | None:
    """The workflow type of a class in Temporal; None if it is not a workflow."""
    found = getattr(workflow, "__temporal_workflow_definition", None)  # as the SDK reads it
    return found.name or "(any)" if found and found.cls is workflow else None


def _is_workflow(value: Any) -> bool:
    return isinstance(value, type) and workflow_name(value) is not None


def activity_name(function: Any) -> str | None:
    """The activity type of a function in Temporal; None if it is not an activity."""
    found = getattr(function, "__temporal_activity_definition", None)
    return found.name or "(any)" if found else None


def _is_activity(value: Any) -> bool:
    return activity_name(value) is not None


def _is_coroutine_function(value: Any) -> bool:
    import inspect  # takes 10 ms, and every command loads this module

    return inspect.iscoroutinefunction(value)


COMMANDS = Kind("a tuple of Command", _are_commands)
ROUTES = Kind("a tuple of Route", _are_routes)
PANELS = Kind("a tuple of Panel with different ids and sound fields", _are_panels)
SETTINGS = Kind("a subclass of Section", _is_section)
ERRORS = Kind("a module", _is_module)
MIGRATIONS = Kind("a package with REVISIONS, a tuple of names", _lists_revisions)
PROVIDER = Kind("an adapter: called with (name, settings)", callable)
EMBEDDER = Kind("an embedder: called with (name, settings, model)", callable)
TOOLS = Kind("a module whose __all__ names its tools", _lists_tools)
WORKFLOW = Kind("a workflow class: decorated with @workflow.defn", _is_workflow)
ACTIVITIES = Kind("a function that makes activities", callable)
ACTIVITY = Kind("an activity: decorated with @activity.defn", _is_activity)
SERVICE = Kind("a coroutine function", _is_coroutine_function)
RUN_WATCH = Kind("a function that makes a coroutine function", callable)
INTERCEPTOR = Kind("a function that makes an interceptor", callable)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _is_target(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _is_list(value: Any) -> bool:
    return isinstance(value, tuple) and _are_texts(value)


def _are_pairs(value: Any) -> bool:
    if not isinstance(value, tuple):
        return False
    return all(_is_list(each) and len(each) == 2 for each in cast("tuple[Any, ...]", value))


_FIELDS: dict[Kind, tuple[str, ...]] = {
    Kind("a string", _is_text): ("summary", "page"),
    Kind("True or False", _is_flag): ("essential", "unsigned"),
    Kind("a string", _is_target): (
        "commands", "settings", "errors", "migrations", "tools", "routes", "panels",
        "service", "run_watch", "model_interceptor", "tool_interceptor",
    ),
    Kind("a tuple of strings", _is_list): (
        "requires", "workflows", "activities", "agent_workflows", "agent_activities",
    ),
    Kind("a whole number above 0", _is_count): ("max_activities",),
    Kind("a tuple of pairs (kind, adapter)", _are_pairs): ("providers", "embedders"),
}  # fmt: skip


def find_wrong_field(record: Capability) -> str | None:
    """Which field of a record has a value of the wrong type, and what it must be."""
    for kind, names in _FIELDS.items():
        for name in names:
            if not kind.fits(getattr(record, name)):
                return f"its {name} must be {kind.what}"
    return None
