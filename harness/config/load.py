"""Fold defaults, profile, harness.toml and the environment into one Settings, strongest last.

From a harness.toml that the user has not trusted, only harmless values count; a file that someone
else may have written is ignored. Ignored values are logged once.

pydantic validates. pydantic-settings would do the folding, but it does not report where a value
came from or that a variable is unknown, reads only os.environ, and adds 0.1 s of imports.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from pydantic import SecretStr, ValidationError

from harness.config import _keys, _sources, trust
from harness.config._git_index import UnreadableIndex, is_tracked
from harness.config._keys import Leaf, Table
from harness.config._owned import find_foreign
from harness.config._sources import File, Value, Values
from harness.config.providers import resolve_provider
from harness.config.restrictions import Missing, find_ignored, find_passed_over
from harness.config.settings import Settings, settings_model
from harness.contracts.clean_text import clean_line
from harness.contracts.errors import InvalidValue, Untrusted

PROFILES: dict[str, dict[str, Any]] = {
    "default": {},
    # Tests need speed and the sandbox's checks, not durability.
    "test": {"worker.sandbox": True, "temporal.synchronous": "normal"},
    "production": {"log.level": "info", "log.format": "json"},
}


STATE_DIR = ("state_dir",)
SHOWN = 8
"""Ignored keys that a warning names."""

_log = logging.getLogger("harness.config")
_reported: set[str] = set()


@dataclass(frozen=True)
class Origin:
    """One value of the settings and where it came from."""

    key: str
    value: Any
    """As JSON data; secrets are masked."""
    source: str
    ignored: bool = False
    """Set by a harness.toml that is not trusted; the value in effect has its own line."""


@dataclass(frozen=True)
class Gathered:
    values: Values
    ignored: Values
    file: Path
    state_chosen_by: str
    foreign: tuple[str, ...]
    """Sections of the file, and variables, that nothing installed reads."""
    missing: Missing | None
    """Ignored values that restrict what runs may do."""


def find_project(start: Path) -> Path:
    """Find the nearest folder upward with a harness.toml of this user; `start` if there is none."""
    return _search(start)[0]


def load_project(
    start: Path, *, profile: str | None = None, env: Mapping[str, str] | None = None
) -> tuple[Path, Settings]:
    """Find the project of a folder, and read its settings.

    Unlike `find_project` and then `load_settings`, the settings note the restrictions of each
    harness.toml on the way that someone else may have written.

    Raises:
        ConfigError: A key is unknown, or a value is not valid.
    """
    folder, passed = _search(start)
    return folder, _load(_gather_values(folder, passed, profile, env))


def _search(start: Path) -> tuple[Path, list[Path]]:
    """The project's folder, and each harness.toml that was passed over on the way there."""
    start, passed = start.absolute(), list[Path]()
    for folder in (start, *start.parents):
        file = folder / _sources.FILE_NAME
        if file.is_file():
            if _is_own(file):
                return folder, passed
            passed.append(file)
    return start, passed


def _is_own(file: Path) -> bool:
    foreign = find_foreign(file)
    if foreign is not None:
        _warn_once(
            f"{clean_line(str(file))} is ignored: {clean_line(foreign.why)}. Review it, then run: "
            f"{clean_line(foreign.fix)}"
        )
    return foreign is None


def _warn_once(message: str) -> None:
    """Commands load settings before they set up logs, so the warning reaches stderr whatever log
    level a hostile file sets."""
    if message not in _reported:
        _reported.add(message)
        _log.warning("%s", message)


def load_settings(
    project: Path | None = None,
    *,
    profile: str | None = None,
    env: Mapping[str, str] | None = None,
) -> Settings:
    """Read the settings of a project, from `harness.toml` and the environment.

    Args:
        project: The project's folder. Default: found from the current one.
        profile: A profile of `harness.toml`. Default: `HARNESS_PROFILE`.
        env: Variables to use instead of the environment.

    Returns:
        The settings.

    Raises:
        ConfigError: A key is unknown, or a value is not valid.
    """
    return _load(_gather_values(*_place(project), profile, env))


def _place(project: Path | None) -> tuple[Path, list[Path]]:
    """The project's folder, and files there and below that are passed over."""
    if project is None:
        return _search(Path.cwd())
    folder = project.absolute()
    return folder, [folder / _sources.FILE_NAME]


def _load(found: Gathered) -> Settings:
    _report_foreign(found)
    _report_ignored(found)
    settings = _validate_values(found.values)
    if found.missing:
        settings.note_missing(found.missing)
    if not found.state_chosen_by.startswith("env "):
        check_state_folder(settings.state_dir)
    return settings


def explain_settings(
    project: Path | None = None,
    *,
    profile: str | None = None,
    env: Mapping[str, str] | None = None,
) -> list[Origin]:
    """List every value with its origin, in the order of the settings."""
    found = _gather_values(*_place(project), profile, env)
    _report_foreign(found)
    values = found.values
    effective = [
        Origin(".".join(key), value, values[key].source if key in values else "default")
        for key, value in _list_values(_validate_values(values))
    ]
    return [*effective, *describe_values(found.ignored)]


def list_settings(settings: Settings) -> dict[str, Any]:
    """The value of each key, as JSON data with secrets masked."""
    return {".".join(key): value for key, value in _list_values(settings)}


def _list_values(settings: Settings) -> Iterator[tuple[_keys.Path, Any]]:
    resolved = {name: resolve_provider(settings, name) for name in settings.providers}
    data = settings.model_copy(update={"providers": resolved}).model_dump(mode="json")
    return _flatten_values(data, _keys.root_table(), ())


def describe_values(values: Values) -> list[Origin]:
    """List the values of an untrusted file, with secrets masked."""
    return [
        Origin(
            clean_line(".".join(key)),
            "**********" if _is_secret(key[2:] if key[0] == "profile" else key) else value.value,
            clean_line(value.source),
            ignored=True,
        )
        for key, value in values.items()
    ]


def _is_secret(key: _keys.Path) -> bool:
    node = _keys.find_key(key)
    return isinstance(node, Leaf) and node.secret


def _report_foreign(found: Gathered) -> None:
    if found.foreign:
        _warn_once(
            f"Ignored: {_list_some(found.foreign)}. No installed package has these settings: "
            "remove them, correct the name of their section, or install the package that reads "
            "them."
        )


def _report_ignored(found: Gathered) -> None:
    if not found.ignored:
        return
    names = [clean_line(".".join(key)) for key in found.ignored]
    _warn_once(
        f"{clean_line(str(found.file))} is not trusted. Ignored: {_list_some(names)}. "
        "To review and allow its settings, run: harness trust"
    )


def _list_some(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{', '.join(names[:SHOWN])}{more}"


def check_state_folder(state: Path) -> None:
    """Refuse a state folder that may hold someone else's files: its database and programs would run
    with this user's rights."""
    if not os.path.lexists(state):
        return
    check_state_owner(state)
    if not trust.is_made_here(state):
        raise Untrusted(
            f"The state folder {state} was not created by harness at this path for this user.",
            fix="If it came with a download, remove it. If it is yours (moved, restored, made "
            "by an older version), run: harness trust",
        )
    check_state_tracking(state)


def check_state_owner(state: Path) -> None:
    """Refuse a state folder that someone else can change."""
    if foreign := find_foreign(state):
        raise Untrusted(
            f"The state folder {state} is not used: {foreign.why}.",
            fix="Remove it, or inspect it and take ownership (chown, chmod), or set "
            "HARNESS_STATE_DIR to a folder that only you can change.",
        )


def check_state_tracking(state: Path) -> None:
    """Refuse a state folder that a `git pull` can change."""
    try:
        tracked = is_tracked(state)
    except UnreadableIndex as error:
        raise Untrusted(
            f"The state folder {state} is not used: git may track files in it ({error}).",
            fix="For a split index, run: git update-index --no-split-index. For a damaged one, "
            "remove it and run: git reset. Or set HARNESS_STATE_DIR to a folder outside the "
            "repository.",
        ) from None
    if tracked:
        raise Untrusted(
            f"The state folder {state} holds files that git tracks: a pull could replace them.",
            fix=f"Stop tracking them: git rm -r --cached {state.name}. If they came with the "
            "repository, remove the folder first.",
        )


def secrets_of(settings: Settings) -> frozenset[str]:
    """Collect the secret values in `settings`, for the redaction of logs."""
    return frozenset(_find_secrets(settings.model_dump()))


def read_project(folder: Path) -> File:
    """Read the harness.toml in `folder`; empty if there is none, or if it is someone else's."""
    file = folder / _sources.FILE_NAME
    if os.path.lexists(file) and not _is_own(file):
        return File(file, "", {}, {})
    return _sources.read_file(folder)


def _gather_values(
    folder: Path, passed: Sequence[Path], profile: str | None, env: Mapping[str, str] | None
) -> Gathered:
    env = os.environ if env is None else env
    file = read_project(folder)
    environment = _sources.read_environment(env)
    chosen = environment.pop(("profile",), Value("default", "default"))
    if profile is not None:
        chosen = Value(profile, "set by the caller")
    name = str(chosen.value)
    if name not in PROFILES and name not in file.profiles:
        hint = _keys.suggest_name(name, {*PROFILES, *file.profiles})
        raise InvalidValue(f"No profile {name!r} ({chosen.source}). {hint}")
    built_in = {
        tuple(key.split(".")): Value(value, f"profile {name}")
        for key, value in PROFILES.get(name, {}).items()
    }
    written = file.top | file.profiles.get(name, {})
    harmless, ignored = _sources.split_values(written)
    if ignored and trust.is_trusted(file.path, file.digest):
        harmless, ignored = written, {}
    values = built_in | harmless | environment
    values["profile",] = chosen
    state = values.get(STATE_DIR, Value(Settings().state_dir, "default"))
    values[STATE_DIR] = Value(folder / Path(state.value).expanduser(), state.source)
    foreign = (*file.foreign, *_sources.find_foreign_variables(env))
    missing = find_passed_over(passed, environment) or find_ignored(file.path, ignored, environment)
    return Gathered(values, ignored, file.path, state.source, foreign, missing)


def _validate_values(values: Values) -> Settings:
    tree: dict[str, Any] = {}
    for key, value in values.items():
        node = tree
        for name in key[:-1]:
            node = node.setdefault(name, {})
        node[key[-1]] = value.value
    try:
        return settings_model().model_validate(tree)
    except ValidationError as error:
        wrong = [_explain_wrong(item["loc"], item["msg"], values) for item in error.errors()]
    raise InvalidValue("; ".join(wrong) + ".")


def _explain_wrong(loc: tuple[int | str, ...], expected: str, values: Values) -> str:
    path = tuple(str(name) for name in loc)
    key = next(path[:n] for n in range(len(path), -1, -1) if path[:n] in values or n == 0)
    node, value = _keys.find_key(key), values[key]
    secret = not isinstance(node, Leaf) or node.secret
    shown = "(hidden)" if secret else f"{value.value!r}"
    expected = expected[:1].lower() + expected[1:]
    return clean_line(f"{'.'.join(key)} = {shown} ({value.source}): {expected}")


def _flatten_values(data: Any, node: Table, at: _keys.Path) -> Iterator[tuple[_keys.Path, Any]]:
    for name, value in data.items():
        child = node.child(name)
        if isinstance(child, Table):
            yield from _flatten_values(value, child, (*at, name))
        else:
            yield (*at, name), value


def _find_secrets(data: Any) -> Iterator[str]:
    if isinstance(data, SecretStr):
        yield data.get_secret_value()
    elif isinstance(data, dict):
        for value in cast("dict[str, Any]", data).values():
            yield from _find_secrets(value)
