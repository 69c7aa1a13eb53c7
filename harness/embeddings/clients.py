"""Make the embedder of a model from the settings."""

from __future__ import annotations

from harness.capabilities.checks import EMBEDDER
from harness.capabilities.registry import BadPart, embedder_kinds, resolve_part
from harness.config.providers import missing_key, needs_key, resolve_provider
from harness.config.settings import Settings
from harness.contracts.errors import BrokenCapability, ModelUnsuitable
from harness.contracts.model import split_ref
from harness.embeddings.embedder import Embedder

DEFAULT_EMBEDDER = "offline/minilm"


def make_embedder(settings: Settings, model: str = DEFAULT_EMBEDDER) -> Embedder:
    """Load and make the embedder of a model. Call it in a thread: loading an SDK takes up to a
    second.

    Args:
        settings: Those that name the provider and its key.
        model: As provider/model.

    Returns:
        The embedder, ready for use.

    Raises:
        ProviderError: The provider is unknown, cannot embed, lacks a key, or its SDK is not
            installed.
        BrokenCapability: The embedder does not load.
    """
    provider, name = split_ref(model)
    found = resolve_provider(settings, provider)
    target = embedder_kinds().get(found.kind)
    if target is None:
        kinds = ", ".join(embedder_kinds())
        raise ModelUnsuitable(
            f"{model} cannot embed texts: its provider has the kind {found.kind!r}.",
            fix=f"Choose a model whose provider has one of the kinds {kinds}.",
        )
    if found.api_key is None and needs_key(provider, found):
        raise missing_key(provider, model)
    try:
        embedder = resolve_part(target, EMBEDDER)
    except BadPart as error:
        raise BrokenCapability(f"{model} cannot embed texts: {error}") from error
    return embedder(provider, found, name)
