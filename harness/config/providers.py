"""Built-in providers, and how a provider's name resolves to its settings."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

from harness.config._keys import suggest_name
from harness.config._sources import WELL_KNOWN, env_name
from harness.config.settings import ProviderSettings, Settings
from harness.contracts.errors import (
    HarnessError,
    MissingSetting,
    ProviderAuthenticationFailed,
    ProviderError,
    UnknownProvider,
)

# The addresses suit Chat Completions too: where an SDK is missing, `kind = "chat"` is enough.
BUILT_IN: dict[str, ProviderSettings] = {
    "openai": ProviderSettings(kind="openai", base_url="https://api.openai.com/v1"),
    "anthropic": ProviderSettings(kind="anthropic", base_url="https://api.anthropic.com"),
    "groq": ProviderSettings(kind="groq", base_url="https://api.groq.com/openai/v1"),
    "mistral": ProviderSettings(kind="mistral", base_url="https://api.mistral.ai/v1"),
    "gemini": ProviderSettings(
        kind="gemini", base_url="https://generativelanguage.googleapis.com/v1beta/openai"
    ),
    "ollama": ProviderSettings(kind="ollama", base_url="http://127.0.0.1:11434/v1"),
    "offline": ProviderSettings(kind="offline"),
}

KEYED_KINDS = frozenset({"openai", "anthropic", "chat", "gemini", "groq", "mistral"})
"""Kinds whose servers usually need an API key. Adapters of other kinds check for themselves."""

KEYLESS = frozenset({"ollama", "offline"})
"""Built-in providers that need no API key."""


def needs_key(name: str, provider: ProviderSettings) -> bool:
    """Whether a call without an API key must fail. A self-hosted server may accept calls without
    one, whichever protocol it speaks."""
    if provider.kind not in KEYED_KINDS or name in KEYLESS or _is_loopback(provider.base_url):
        return False
    return provider.base_url is None or name in BUILT_IN


def _is_loopback(url: str | None) -> bool:
    try:
        host = (urlsplit(url or "").hostname or "").rstrip(".")
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:  # a host name; or not a URL, which the request reports
        return False


def missing_key(name: str, model: str | None = None) -> ProviderError:
    """The error for a missing API key; it names the variable to set."""
    what = f"{model} needs an API key" if model else f"{name} needs an API key"
    return ProviderAuthenticationFailed(
        f"{what}, and none is set.",
        fix=f"Set {' or '.join(key_places(name))}, or choose another model: harness models.",
    )


def key_places(name: str) -> tuple[str, ...]:
    """The environment variable and the setting that hold the key of provider `name`."""
    setting = f"providers.{name}.api_key"
    own = env_name(("providers", name, "api_key"))
    known = next((variable for variable, key in WELL_KNOWN.items() if key == setting), own)
    # Variable names are read in lower case, and shells cannot set names with other characters.
    settable = re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", name)
    in_file = f"{setting} in harness.toml"
    return (known, in_file) if settable else (in_file,)


def resolve_provider(settings: Settings, name: str) -> ProviderSettings:
    """Resolve a provider's settings: configured values override built-in ones."""
    built_in, own = BUILT_IN.get(name), settings.providers.get(name)
    if built_in and own:
        return built_in.model_copy(update={k: getattr(own, k) for k in own.model_fields_set})
    if built_in:
        return built_in
    if own is None:
        hint = suggest_name(name, {*BUILT_IN, *settings.providers})
        raise UnknownProvider(f"Unknown provider {name!r}. {hint}".rstrip())
    if own.base_url is None and own.kind == "chat":
        raise MissingSetting(
            f"Provider {name!r} has no base_url.",
            fix=f"Set it under [providers.{name}] in harness.toml.",
        )
    return own


def check_models(settings: Settings, models: Iterable[str]) -> None:
    """Raise if none of a plan's models can be called: unknown provider or missing key."""
    problems = [_find_problem(settings, model) for model in models]
    if problems and all(problems):
        raise next(problem for problem in problems if problem)


def _find_problem(settings: Settings, model: str) -> HarnessError | None:
    name = model.partition("/")[0]
    try:
        provider = resolve_provider(settings, name)
    except HarnessError as error:
        return error
    if provider.api_key is not None or not needs_key(name, provider):
        return None
    return missing_key(name, model)
