"""Read values from harness.toml and the environment, each with its source."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from harness.capabilities.registry import inactive_names
from harness.commons.toml import parse_toml
from harness.config import _keys
from harness.config._keys import Leaf, Table
from harness.config._owned import read_bounded
from harness.config.trust import digest_of
from harness.contracts.clean_text import clean_line
from harness.contracts.errors import ConfigError, InvalidValue, UnknownSetting

FILE_NAME = "harness.toml"
PREFIX = "HARNESS_"
SERVER_VARIABLES = ("HARNESS_SERVER", "HARNESS_TOKEN")
"""What commands read to find a daemon: no settings of this project."""
WELL_KNOWN: dict[str, str] = {
    "TEMPORAL_ADDRESS": "temporal.address",
    "TEMPORAL_NAMESPACE": "temporal.namespace",
    "TEMPORAL_API_KEY": "temporal.api_key",
    "TEMPORAL_PROFILE": "temporal.profile",
    "TEMPORAL_TLS": "temporal.tls",
    "TEMPORAL_TLS_SERVER_NAME": "temporal.tls_server_name",
    "TEMPORAL_TLS_SERVER_CA_CERT_PATH": "temporal.tls_server_ca",
    "TEMPORAL_TLS_CLIENT_CERT_PATH": "temporal.tls_client_cert",
    "TEMPORAL_TLS_CLIENT_KEY_PATH": "temporal.tls_client_key",
    "DATABASE_URL": "database.url",
    "OPENAI_API_KEY": "providers.openai.api_key",
    "OPENAI_BASE_URL": "providers.openai.base_url",
    "ANTHROPIC_API_KEY": "providers.anthropic.api_key",
    "ANTHROPIC_BASE_URL": "providers.anthropic.base_url",
    "GROQ_API_KEY": "providers.groq.api_key",
    "MISTRAL_API_KEY": "providers.mistral.api_key",
    "GEMINI_API_KEY": "providers.gemini.api_key",
    "OLLAMA_HOST": "providers.ollama.base_url",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "telemetry.endpoint",
    "OTEL_SERVICE_NAME": "telemetry.service_name",
}


@dataclass(frozen=True)
class Value:
    value: Any
    source: str


Values = dict[_keys.Path, Value]


@dataclass(frozen=True)
class File:
    """A parsed harness.toml: the keys at its top, and those of each profile."""

    path: Path
    digest: str
    top: Values
    profiles: dict[str, Values]
    foreign: tuple[str, ...] = ()
    """Sections that nothing installed reads, each with its place."""

    def all_values(self) -> Values:
        """All values, including those of profiles, by their names in the file."""
        values = dict(self.top)
        for name, overlay in self.profiles.items():
            values |= {("profile", name, *key): value for key, value in overlay.items()}
        return values


def split_values(values: Values) -> tuple[Values, Values]:
    """Split values into harmless ones and those that an untrusted file may not set."""
    harmless = {key: value for key, value in values.items() if _is_harmless(key)}
    return harmless, {key: value for key, value in values.items() if key not in harmless}


def _is_harmless(key: _keys.Path) -> bool:
    node = _keys.find_key(key[2:] if key[0] == "profile" else key)
    return isinstance(node, Leaf) and node.harmless


def read_file(folder: Path) -> File:
    file = folder.resolve() / FILE_NAME
    content = read_bounded(file)
    if content is None:
        return File(file, "", {}, {})
    try:
        text = content.decode()
        data = parse_toml(text)
    except (ValueError, RecursionError) as error:
        raise InvalidValue(
            f"{file} cannot be read: {error}",
            fix="Correct the file: https://toml.io shows the syntax.",
        ) from None
    reader = _Reader(file, _index_lines(text), folder)
    profiles = data.pop("profile", {})
    if not isinstance(profiles, dict):
        raise InvalidValue(
            f"`profile` in {reader.place_of(('profile',))} is not a table: expected tables "
            "such as [profile.production].",
            fix="Choose a profile with HARNESS_PROFILE.",
        )
    overlays: dict[str, Values] = {}
    for name, table in cast("dict[str, Any]", profiles).items():
        overlays[name] = dict(reader.read_values(table, ("profile", name), 2))
    top = dict(reader.read_values(data, (), 0))
    return File(file, digest_of(content), top, overlays, tuple(reader.foreign))


@dataclass(frozen=True)
class _Reader:
    file: Path
    lines: Mapping[_keys.Path, int]
    folder: Path
    foreign: list[str] = field(default_factory=list[str])

    def place_of(self, key: _keys.Path) -> str:
        return f"{self.file}:{self.line_of(key)}"

    def line_of(self, key: _keys.Path) -> int:
        """The line that sets `key` or its nearest parent."""
        return next(
            (self.lines[key[:n]] for n in range(len(key), 0, -1) if key[:n] in self.lines), 1
        )

    def read_values(
        self, data: Any, at: _keys.Path, skip: int
    ) -> Iterator[tuple[_keys.Path, Value]]:
        """Read the values under `at`, whose first `skip` names are the profile's."""
        key = at[skip:]
        node = _keys.find_key(key)
        place = self.place_of(at)
        if isinstance(node, Table):
            if not isinstance(data, dict):
                name = clean_line(".".join(at))
                raise InvalidValue(f"`{name}` in {place} must be a table of keys.")
            for name, inner in cast("dict[str, Any]", data).items():
                if not key and name in inactive_names():
                    continue
                if not key and isinstance(inner, dict) and _keys.is_foreign(name):
                    self.foreign.append(clean_line(f"[{name}] ({self.place_of((*at, name))})"))
                    continue
                if node.child(name) is None or (not key and name == "profile"):
                    where = self.place_of((*at, name))
                    raise unknown_key((*key, name), where)
                yield from self.read_values(inner, (*at, name), skip)
            return
        if isinstance(node, Leaf) and node.holds(Path) and isinstance(data, str):
            # A path in the file is relative to the file, not to the current folder.
            data = self.folder / Path(data).expanduser()
        profile = f" [{'.'.join(at[:skip])}]" if skip else ""
        yield key, Value(data, f"{FILE_NAME}:{self.line_of(at)}{profile}")


def unknown_key(key: _keys.Path, place: str) -> ConfigError:
    meant = _keys.guess_key(key)
    hint = f" Did you mean {'.'.join(meant)!r}?" if meant else ""
    return UnknownSetting(f"Unknown key {'.'.join(key)!r} in {place}.{hint}")


def read_environment(env: Mapping[str, str]) -> Values:
    """Read the environment. An empty variable counts as unset, as in compose files."""
    values: Values = {}
    for name, key in WELL_KNOWN.items():
        if text := env.get(name):
            value = _ollama_url(text) if name == "OLLAMA_HOST" else text
            values[tuple(key.split("."))] = Value(value, f"env {name}")
    for name, text in env.items():
        if name.startswith(PREFIX) and text and not _is_unread(name):
            key, leaf = _key_of(name)
            values[key] = Value(_parse_list(text) if leaf.is_list else text, f"env {name}")
    return values


def find_foreign_variables(env: Mapping[str, str]) -> list[str]:
    """Variables that name a section which nothing installed reads."""
    return [
        name for name, text in env.items() if text and _is_foreign(name) and not _is_inactive(name)
    ]


def _is_foreign(name: str) -> bool:
    section, found, _ = name.removeprefix(PREFIX).lower().partition("__")
    return name.startswith(PREFIX) and bool(found) and _keys.is_foreign(section)


def _is_unread(name: str) -> bool:
    """Whether a variable belongs to a capability that is disabled, does not load or was removed."""
    return name in SERVER_VARIABLES or _is_inactive(name) or _is_foreign(name)


def _is_inactive(name: str) -> bool:
    return name.removeprefix(PREFIX).lower().partition("__")[0] in inactive_names()


def _key_of(name: str) -> tuple[_keys.Path, Leaf]:
    key = tuple(name.removeprefix(PREFIX).lower().split("__"))
    node = _keys.find_key(key)
    if isinstance(node, Leaf):
        return key, node
    if isinstance(node, Table):
        raise UnknownSetting(
            f"{name} names a section, not a key.",
            fix=f"Name a key in it: {name}__<KEY>.",
        )
    meant = _keys.guess_key(key)
    hint = f" Did you mean {env_name(meant)}?" if meant else ""
    raise UnknownSetting(
        f"Unknown variable {name} in the environment.{hint}",
        fix="Unset it or correct its name.",
    )


def env_name(key: _keys.Path) -> str:
    return PREFIX + "__".join(key).upper()


def _parse_list(text: str) -> Any:
    if text.startswith("["):
        try:
            return json.loads(text)
        except ValueError:
            return text  # validation reports it, with its source
    return [item.strip() for item in text.split(",") if item.strip()]


def _ollama_url(host: str) -> str:
    """Convert Ollama's own variable: host:port, where 0.0.0.0 is meant for the server."""
    scheme, found, rest = host.rstrip("/").rpartition("://")
    if not found:
        scheme, rest = "http", rest if ":" in rest else f"{rest}:11434"
    rest = rest.replace("0.0.0.0", "127.0.0.1", 1).removesuffix("/v1")  # noqa: S104
    return f"{scheme}://{rest}/v1"


def _index_lines(text: str) -> dict[_keys.Path, int]:
    """Find the line that first sets each key; tomllib does not report it."""
    lines: dict[_keys.Path, int] = {}
    header: _keys.Path = ()
    for number, line in enumerate(text.splitlines(), 1):
        names = _parse_names(line.strip())
        if names is None:
            continue
        is_header = line.lstrip().startswith("[")
        full = names if is_header else (*header, *names)
        header = full if is_header else header
        lines.setdefault(full, number)
    return lines


def _parse_names(line: str) -> _keys.Path | None:
    """The dotted name that a stripped line of TOML sets, if any."""
    head = re.match(r"\[[^\[\]]+\]|[^=#\[\]]+=", line)
    if head is None:
        return None
    found = head.group()
    try:
        data: Any = tomllib.loads(found if found.startswith("[") else f"{found} 0")
    except tomllib.TOMLDecodeError:
        return None  # a line inside a longer value
    names: list[str] = []
    while isinstance(data, dict) and data:
        name, data = next(iter(cast("dict[str, Any]", data).items()))
        names.append(name)
    return tuple(names)
