"""How a provider's name becomes the settings to call it with."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest

from harness.config import load_settings, resolve_provider
from harness.config.providers import BUILT_IN, check_models, key_places, needs_key
from harness.config.settings import ProviderSettings, Settings
from harness.contracts.errors import ConfigError, ProviderError
from harness.stack.doctor import check_providers


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
        ("house", ProviderSettings(kind="anthropic", base_url="http://127.0.0.1:9"), False),
        ("house", ProviderSettings(kind="openai", base_url="http://gpu.example:9"), False),
        ("house", ProviderSettings(kind="anthropic"), True),
        ("house", ProviderSettings(kind="openai"), True),
        ("openai", ProviderSettings(base_url="http://localhost:1234/v1"), False),
        ("groq", ProviderSettings(base_url="http://[::1]:1234/v1"), False),
        ("anthropic", ProviderSettings(base_url="http://127.1.2.3:1234"), False),
        ("anthropic", ProviderSettings(base_url="https://gateway.example"), True),
        ("openai", ProviderSettings(base_url="http://127.0.0.1.example"), True),
        ("openai", ProviderSettings(base_url="http://[::1"), True),
    ],
)
def test_who_needs_a_key(name: str, own: ProviderSettings | None, needed: bool) -> None:
    """A server that takes calls without a key is in order for the doctor as well."""
    settings = Settings(providers={name: own} if own else {}, model=f"{name}/model")
    assert needs_key(name, resolve_provider(settings, name)) is needed
    (check,) = [each for each in check_providers(settings) if each.name == f"provider {name}"]
    assert check.ok is not needed


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("openai", "Set OPENAI_API_KEY or providers.openai.api_key in harness.toml"),
        ("house", "Set HARNESS_PROVIDERS__HOUSE__API_KEY or providers.house.api_key in "),
        ("My-house", "Set providers.My-house.api_key in harness.toml"),
    ],
)
def test_a_missing_key_says_what_to_set(name: str, fix: str, tmp_path: Path) -> None:
    """Also in a script that catches nothing."""
    own = {} if name in BUILT_IN else {name: ProviderSettings(kind="openai")}
    with pytest.raises(ProviderError, match=f"{name}/model needs an API key") as caught:
        check_models(Settings(providers=own), [f"{name}/model"])
    assert fix in "".join(traceback.format_exception(caught.value))
    for variable in key_places(name)[:-1]:
        settings = load_settings(tmp_path, env={variable: "k"})
        assert settings.providers[name].api_key is not None
