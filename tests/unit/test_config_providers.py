"""How a provider's name becomes the settings to call it with."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.config import load_settings, resolve_provider
from harness.config.providers import BUILT_IN, needs_key
from harness.config.settings import ProviderSettings, Settings
from harness.contracts.errors import ConfigError, ProviderError
from harness.stack.doctor import provider_checks


@pytest.mark.parametrize("name", BUILT_IN)
def test_built_in_providers_need_no_settings(name: str) -> None:
    assert resolve_provider(Settings(), name) == BUILT_IN[name]


def test_a_key_from_the_environment_keeps_what_is_built_in(tmp_path: Path) -> None:
    settings = load_settings(tmp_path, env={"ANTHROPIC_API_KEY": "k"})
    provider = resolve_provider(settings, "anthropic")
    assert provider.kind == "anthropic"
    assert provider.api_key is not None
    assert provider.base_url == "https://api.anthropic.com"


def test_own_values_win_over_built_in_ones() -> None:
    settings = Settings(providers={"openai": ProviderSettings(base_url="http://127.0.0.1:9/v1")})
    provider = resolve_provider(settings, "openai")
    assert (provider.kind, provider.base_url) == ("openai", "http://127.0.0.1:9/v1")


def test_a_provider_of_ones_own_needs_an_address() -> None:
    own = ProviderSettings(base_url="http://127.0.0.1:9/v1")
    assert resolve_provider(Settings(providers={"house": own}), "house") is own
    with pytest.raises(ConfigError, match="'house' has no base_url"):
        resolve_provider(Settings(providers={"house": ProviderSettings()}), "house")


def test_an_unknown_provider_names_the_nearest() -> None:
    with pytest.raises(ProviderError, match="Did you mean 'anthropic'") as caught:
        resolve_provider(Settings(), "antropic")
    assert caught.value.code == "provider.unknown"


@pytest.mark.parametrize(
    ("name", "own", "needed"),
    [
        ("ollama", None, False),
        ("offline", None, False),
        ("openai", None, True),
        ("groq", None, True),
        ("house", ProviderSettings(base_url="http://127.0.0.1:9/v1"), False),
        ("house", ProviderSettings(kind="anthropic", base_url="http://127.0.0.1:9"), True),
    ],
)
def test_who_needs_a_key(name: str, own: ProviderSettings | None, needed: bool) -> None:
    """A server that takes calls without a key is in order for the doctor as well."""
    settings = Settings(providers={name: own} if own else {}, model=f"{name}/model")
    assert needs_key(name, resolve_provider(settings, name)) is needed
    (check,) = [each for each in provider_checks(settings) if each.name == f"provider {name}"]
    assert check.ok is not needed
