"""The task queues of the models that a run calls."""

from __future__ import annotations

from harness.config.settings import Settings
from harness.contracts.model import ContextPolicy, split_ref
from harness.contracts.run import Compaction


def find_model_queue(settings: Settings, model: str) -> str | None:
    """The own task queue of a model's provider, if it has one."""
    provider = settings.providers.get(split_ref(model)[0])
    return provider.queue if provider else None


def find_compaction(settings: Settings, policy: ContextPolicy, model: str) -> Compaction | None:
    """When and where runs have their conversations summarized; `model` is their own."""
    if policy.compact_at is None:
        return None
    queue = find_model_queue(settings, policy.summary_model or model)
    return Compaction(
        at=policy.compact_at, queue=queue, named=True if policy.summary_model else None
    )
