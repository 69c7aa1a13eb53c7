"""From a provider's settings to the adapter that speaks its protocol."""

from __future__ import annotations

from harness.config.providers import missing_key, needs_key
from harness.config.settings import ProviderSettings
from harness.providers.adapter import Adapter
from harness.providers.in_process import find_adapter

# Each branch imports its own adapter: openai takes 0.3 s to load and anthropic 0.7 s.


def make_adapter(name: str, settings: ProviderSettings) -> Adapter:
    """Raises ProviderError where the provider needs a key and has none."""
    if (own := find_adapter(name)) is not None:
        return own
    if settings.kind == "offline":
        from harness.providers.offline.model import Offline

        return Offline()
    _require_key(name, settings)
    if settings.kind == "openai":
        from harness.providers.openai.responses import OpenAIResponses

        return OpenAIResponses(name, settings)
    if settings.kind == "anthropic":
        from harness.providers.anthropic.messages import AnthropicMessages

        return AnthropicMessages(name, settings)
    from harness.providers.chat.completions import ChatCompletions

    return ChatCompletions(name, settings)


def _require_key(name: str, settings: ProviderSettings) -> None:
    if settings.api_key is None and needs_key(name, settings):
        raise missing_key(name)
