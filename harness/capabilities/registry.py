"""Find capabilities, tell which are enabled, and report those that do not load.

A capability of an installed package that fails to load is reported and left out, without
affecting others. A built-in one that fails is a defect of harness, and raises.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple, TypeVar

from harness.capabilities.checks import (
    ACTIVITIES,
    ACTIVITY,
    ERRORS,
    WORKFLOW,
    Kind,
    find_wrong_field,
)
from harness.capabilities.installed import EntryPoint, find_entry_points
from harness.capabilities.records import BUILT_IN
from harness.capabilities.switches import read_disabled
from harness.contracts.capability import Capability

OURS = "built in"
NAME = re.compile(r"[a-z][a-z0-9_]{0,29}")

RESERVED = frozenset(
    {
        "artifacts", "database", "encryption", "http", "live", "log", "model", "prices", "profile",
        "providers", "signing", "state_dir", "telemetry", "temporal", "worker",
    }
)  # fmt: skip
"""The settings of harness itself: a capability of that name would hide them."""

LOADING_FAILS = (Exception, SystemExit)
"""What code of others may raise when it is imported."""

PartT = TypeVar("PartT")


class BadPart(Exception):
    """A part of a capability cannot be loaded, or is something else than it should be."""


class Found(NamedTuple):
    """A capability as it was found."""

    name: str
    source: str
    """`built in`, or the package with its version."""
    record: Capability | None
    """None if the record does not load."""
    enabled: bool
    hides_calls: bool = False
    """Its record could not be loaded, so it may stand around the calls of runs."""


_problems: dict[str, str] = {}


@cache
def find_capabilities() -> tuple[Found, ...]:
    """Find all capabilities: built-in ones first, then those of installed packages."""
    disabled = read_disabled()
    built_in = [_built_in(target, disabled) for target in BUILT_IN]
    taken = {each.name for each in built_in}
    third: list[Found] = []
    for point in find_entry_points():
        found = _third_party(point, disabled, taken)
        taken.add(found.name)
        third.append(found)
    everything = (*built_in, *third)
    _check_required(everything)
    return everything


def _check_required(everything: tuple[Found, ...]) -> None:
    """Report the capabilities of packages that need one which is missing or disabled."""
    usable = {each.name for each in everything if each.enabled and each.name not in _problems}
    for each in everything:
        missing = (
            [name for name in each.record.requires if name not in usable] if each.record else []
        )
        if missing and each.enabled and each.source != OURS:
            _problems.setdefault(each.name, f"it needs {missing[0]}, which is not enabled")


def enabled_capabilities() -> tuple[Capability, ...]:
    """The records of the capabilities that are enabled and have not failed."""
    return tuple(
        each.record
        for each in find_capabilities()
        if each.record and each.enabled and each.name not in _problems
    )


def known_capabilities() -> tuple[Capability, ...]:
    """The records of all capabilities that have not failed. Disabled ones are included: their
    settings may be set, and earlier runs may return their errors."""
    found = find_capabilities()
    return tuple(each.record for each in found if each.record and each.name not in _problems)


def inactive_names() -> frozenset[str]:
    """The names of capabilities that are not loaded or have failed. Their settings are ignored."""
    active = {record.name for record in known_capabilities()}
    return frozenset(each.name for each in find_capabilities()) - active


def problem_of(name: str) -> str | None:
    """What is wrong with a capability, as far as this process knows."""
    return _problems.get(name)


def source_of(name: str) -> str:
    """Where a capability comes from: `built in`, or the package with its version."""
    return next(each.source for each in find_capabilities() if each.name == name)


def is_built_in(record: Capability) -> bool:
    """Whether a capability is part of harness."""
    return any(each.record == record and each.source == OURS for each in find_capabilities())


def find_problems() -> dict[str, str]:
    """What is wrong with capabilities that do not load, as far as this process knows."""
    find_capabilities()
    return dict(_problems)


def resolve(target: str) -> Any:
    """Import what an import string (`module` or `module:name`) names."""
    module, _, name = target.partition(":")
    found = import_module(module)
    return getattr(found, name) if name else found


def resolve_part(target: str, kind: Kind) -> Any:
    """Import a part, and check that it is what it should be.

    Raises:
        BadPart: It is not. The message names the part.
    """
    try:
        part = resolve(target)
    except LOADING_FAILS as error:
        raise BadPart(f"{target} cannot be loaded: {_describe_error(error)}") from error
    if not kind.fits(part):
        raise BadPart(f"{target} is not {kind.what}")
    return part


def load_part(record: Capability, target: str, kind: Kind) -> Any:
    """Load a part of a capability by its import string. None if that fails: the capability is then
    disabled in this process, and `harness capabilities` reports it."""
    try:
        return resolve_part(target, kind)
    except BadPart as error:
        report_problem(record, str(error))
        return None


def load_parts(record: Capability, targets: Iterable[str], kind: Kind) -> list[Any]:
    """Load several parts, without those that fail, which are reported as for `load_part`."""
    loaded = (load_part(record, target, kind) for target in targets)
    return [part for part in loaded if part is not None]


def make_activities(
    record: Capability, targets: Iterable[str], *arguments: Any
) -> list[Callable[..., Any]]:
    """Call the functions that import strings name, and collect the activities they make. One that
    fails is reported as for `load_part`."""
    made: list[Callable[..., Any]] = []
    for make, target in ((load_part(record, each, ACTIVITIES), each) for each in targets):
        if make is None:
            continue
        try:
            own: list[Any] = list(make(*arguments))  # all of them, or none
        except LOADING_FAILS as error:
            report_problem(record, f"{target} fails: {_describe_error(error)}")
            continue
        if all(ACTIVITY.fits(each) for each in own):
            made += own
        else:
            report_problem(record, f"{target} makes something that is not {ACTIVITY.what}")
    return made


def keep_new(
    record: Capability, parts: list[PartT], taken: set[str], name_of: Callable[[PartT], str | None]
) -> list[PartT]:
    """Keep the parts if no capability before has one of their names; otherwise report that, and
    keep none: a worker accepts each name once."""
    names = [name_of(part) or "" for part in parts]
    twice = next((name for name in names if name in taken or names.count(name) > 1), None)
    if twice is not None:
        report_problem(record, f"the name {twice!r} is taken: another workflow or activity has it")
        return []
    taken.update(names)
    return parts


def report_problem(record: Capability, problem: str) -> None:
    """Disable a capability in this process. Raises for a built-in one."""
    if source_of(record.name) == OURS:
        raise RuntimeError(f"The built-in capability {record.name} is broken: {problem}")
    _problems.setdefault(record.name, problem)


def _built_in(target: str, disabled: frozenset[str]) -> Found:
    record: Capability = resolve(target)
    enabled = record.essential or record.name not in disabled
    return Found(record.name, OURS, record, enabled)


def _third_party(point: EntryPoint, disabled: frozenset[str], taken: set[str]) -> Found:
    name = point.name
    broken = Found(name, point.package, None, name not in disabled)
    if not NAME.fullmatch(name):
        _problems[name] = "its name must be lower-case letters, digits and _, 30 at most"
        return broken
    if name in RESERVED or name in taken:
        shown = f"{name} ({point.package})"
        _problems[shown] = (
            f"its name, {name}, is reserved for a setting of harness"
            if name in RESERVED
            else f"another capability has the name {name}"
        )
        return broken._replace(name=shown)
    if name in disabled:
        return broken  # a disabled capability is not imported
    try:
        record = resolve(point.target)
    except LOADING_FAILS as error:
        _problems[name] = f"{point.target} cannot be loaded: {_describe_error(error)}"
        return broken._replace(hides_calls=True)
    if not isinstance(record, Capability) or record.name != name:
        _problems[name] = f"{point.target} is not a Capability named {name!r}"
        return broken._replace(hides_calls=True)
    if wrong := find_wrong_field(record):
        _problems[name] = wrong
        return broken._replace(hides_calls=stands_around_calls(record))
    return broken._replace(record=record)


def stands_around_calls(record: Capability) -> bool:
    """Whether a record names something that model calls and tool calls of runs pass through."""
    return any((record.model_interceptor, record.tool_interceptor, record.run_watch))


def _describe_error(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


def load_workflows() -> list[type]:
    """Load the workflow classes of all enabled capabilities."""
    return [
        loaded
        for record in enabled_capabilities()
        for loaded in load_parts(record, (*record.agent_workflows, *record.workflows), WORKFLOW)
    ]


def provider_kinds() -> dict[str, str]:
    """The kinds of model provider, each with the import string of its adapter."""
    return _collect_kinds("provider", lambda record: record.providers)


def embedder_kinds() -> dict[str, str]:
    """The kinds of provider that embed texts, each with the import string of its embedder."""
    return _collect_kinds("embedder", lambda record: record.embedders)


def _collect_kinds(
    what: str, pairs_of: Callable[[Capability], tuple[tuple[str, str], ...]]
) -> dict[str, str]:
    kinds: dict[str, str] = {}
    for record in enabled_capabilities():
        own = dict(pairs_of(record))
        taken = next((kind for kind in own if kind in kinds), None)
        if taken is None:
            kinds |= own
        else:  # all of them or none, so that the next call finds the same
            report_problem(record, f"the {what} kind {taken!r} exists already")
    return kinds


def load_errors() -> None:
    """Load the errors of all capabilities, so that errors from Temporal get their classes."""
    for record in known_capabilities():
        if record.errors is not None:
            load_part(record, record.errors, ERRORS)
