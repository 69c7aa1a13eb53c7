"""Fold defaults, profile, harness.toml and the environment into one Settings, strongest last.

pydantic validates; the folding is ours and not pydantic-settings', which tells neither where a
value came from nor that a variable is unknown, reads os.environ alone, and costs every command
another 0.1 s of imports.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from pydantic import SecretStr, ValidationError

from harness.config import _keys, _sources
from harness.config._keys import Leaf, Table
from harness.config._sources import Value, Values
from harness.config.providers import resolve_provider
from harness.config.settings import Settings
from harness.contracts.errors import ConfigError

PROFILES: dict[str, dict[str, Any]] = {
    "default": {},
    # Tests look for mistakes, not for durability of the machine they run on.
    "test": {"worker.sandbox": True, "temporal.synchronous": "normal"},
    "production": {"log.level": "info", "log.format": "json"},
}


@dataclass(frozen=True)
class Origin:
    """One value of the settings and where it came from."""

    key: str
    value: Any
    """As JSON would have it; secrets are masked."""
    source: str


def find_project(start: Path) -> Path:
    """The nearest folder upward that has a harness.toml, or `start` itself."""
    start = start.absolute()
    for folder in (start, *start.parents):
        if (folder / _sources.FILE_NAME).is_file():
            return folder
    return start


def load_settings(
    project: Path | None = None,
    *,
    profile: str | None = None,
    env: Mapping[str, str] | None = None,
) -> Settings:
    """The settings that hold for `project` (unset: found from the current folder)."""
    return _validate(_gather(project, profile, env))


def explain_settings(
    project: Path | None = None,
    *,
    profile: str | None = None,
    env: Mapping[str, str] | None = None,
) -> list[Origin]:
    """Every value with its origin, in the order of the settings."""
    values = _gather(project, profile, env)
    settings = _validate(values)
    resolved = {name: resolve_provider(settings, name) for name in settings.providers}
    data = settings.model_copy(update={"providers": resolved}).model_dump(mode="json")
    return [
        Origin(".".join(key), value, values[key].source if key in values else "default")
        for key, value in _flatten(data, _keys.ROOT, ())
    ]


def secrets_of(settings: Settings) -> frozenset[str]:
    """The secret values in `settings`, for the redaction of logs."""
    return frozenset(_secrets(settings.model_dump()))


def _gather(project: Path | None, profile: str | None, env: Mapping[str, str] | None) -> Values:
    env = os.environ if env is None else env
    folder = find_project(Path.cwd()) if project is None else project.absolute()
    file = _sources.read_file(folder)
    environment = _sources.read_environment(env)
    chosen = environment.pop(("profile",), Value("default", "default"))
    if profile is not None:
        chosen = Value(profile, "chosen by the caller")
    name = str(chosen.value)
    if name not in PROFILES and name not in file.profiles:
        hint = _keys.nearest(name, {*PROFILES, *file.profiles})
        raise ConfigError("invalid_value", f"No profile {name!r} ({chosen.source}). {hint}")
    built_in = {
        tuple(key.split(".")): Value(value, f"profile {name}")
        for key, value in PROFILES.get(name, {}).items()
    }
    values = built_in | file.top | file.profiles.get(name, {}) | environment
    values["profile",] = chosen
    state = values.get(("state_dir",), Value(Settings().state_dir, "default"))
    values["state_dir",] = Value(folder / Path(state.value).expanduser(), state.source)
    return values


def _validate(values: Values) -> Settings:
    tree: dict[str, Any] = {}
    for key, value in values.items():
        node = tree
        for name in key[:-1]:
            node = node.setdefault(name, {})
        node[key[-1]] = value.value
    try:
        return Settings.model_validate(tree)
    except ValidationError as error:
        wrong = [_explain_wrong(item["loc"], item["msg"], values) for item in error.errors()]
    raise ConfigError("invalid_value", "; ".join(wrong) + ".")


def _explain_wrong(loc: tuple[int | str, ...], expected: str, values: Values) -> str:
    path = tuple(str(name) for name in loc)
    key = next(path[:n] for n in range(len(path), -1, -1) if path[:n] in values or n == 0)
    node, value = _keys.find(key), values[key]
    secret = not isinstance(node, Leaf) or node.secret
    shown = "(hidden)" if secret else f"{value.value!r}"
    return f"{'.'.join(key)} = {shown} ({value.source}): {expected[:1].lower()}{expected[1:]}"


def _flatten(data: Any, node: Table, at: _keys.Path) -> Iterator[tuple[_keys.Path, Any]]:
    for name, value in data.items():
        child = node.child(name)
        if isinstance(child, Table):
            yield from _flatten(value, child, (*at, name))
        else:
            yield (*at, name), value


def _secrets(data: Any) -> Iterator[str]:
    if isinstance(data, SecretStr):
        yield data.get_secret_value()
    elif isinstance(data, dict):
        for value in cast("dict[str, Any]", data).values():
            yield from _secrets(value)
