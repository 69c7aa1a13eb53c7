"""Providers that are known by name, and how a name becomes the settings to call it with."""

from __future__ import annotations

from collections.abc import Iterable

from harness.config._keys import nearest
from harness.config.settings import ProviderSettings, Settings
from harness.contracts.errors import ConfigError, HarnessError, ProviderError

BUILT_IN: dict[str, ProviderSettings] = {
    "openai": ProviderSettings(kind="openai", base_url="https://api.openai.com/v1"),
    "anthropic": ProviderSettings(kind="anthropic", base_url="https://api.anthropic.com"),
    "groq": ProviderSettings(kind="chat", base_url="https://api.groq.com/openai/v1"),
    "mistral": ProviderSettings(kind="chat", base_url="https://api.mistral.ai/v1"),
    "gemini": ProviderSettings(
        kind="chat", base_url="https://generativelanguage.googleapis.com/v1beta/openai"
    ),
    "ollama": ProviderSettings(kind="chat", base_url="http://127.0.0.1:11434/v1"),
    "offline": ProviderSettings(kind="offline"),
}

KEYLESS = frozenset({"ollama", "offline"})
"""Built-in providers that ask for no API key."""


def needs_key(name: str, provider: ProviderSettings) -> bool:
    """Whether a call without an API key is bound to fail. A server of one's own that speaks Chat
    Completions may take calls without one."""
    if provider.kind == "offline" or name in KEYLESS:
        return False
    return provider.kind != "chat" or name in BUILT_IN


def resolve_provider(settings: Settings, name: str) -> ProviderSettings:
    """The settings of provider `name`: what is configured, over what is built in."""
    built_in, own = BUILT_IN.get(name), settings.providers.get(name)
    if built_in and own:
        return built_in.model_copy(update={k: getattr(own, k) for k in own.model_fields_set})
    if built_in:
        return built_in
    if own is None:
        hint = nearest(name, {*BUILT_IN, *settings.providers})
        raise ProviderError("unknown", f"No provider is called {name!r}. {hint}".rstrip())
    if own.base_url is None and own.kind == "chat":
        raise ConfigError(
            "missing",
            f"Provider {name!r} has no base_url.",
            fix=f"Set it under [providers.{name}] in harness.toml.",
        )
    return own


def check_models(settings: Settings, models: Iterable[str]) -> None:
    """Raise where none of a plan's models can be called from here: no such provider, or no key."""
    problems = [_problem(settings, model) for model in models]
    if problems and all(problems):
        raise next(problem for problem in problems if problem)


def _problem(settings: Settings, model: str) -> HarnessError | None:
    name = model.partition("/")[0]
    try:
        provider = resolve_provider(settings, name)
    except HarnessError as error:
        return error
    if provider.api_key is not None or not needs_key(name, provider):
        return None
    return ProviderError(
        "authentication",
        f"{model} needs a key, and none is set for {name}.",
        fix=f"Set {name.upper()}_API_KEY, or choose a model: harness models.",
    )
