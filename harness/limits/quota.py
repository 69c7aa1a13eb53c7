"""A limit as the store keeps it: of a model, of a provider, or of a pool."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness.contracts.model import split_ref
from harness.limits.settings import LimitsSettings, ModelLimit

Kind = Literal["model", "provider", "pool"]


@dataclass(frozen=True, kw_only=True)
class Quota:
    """What may be used at once and in a minute. None: any amount."""

    kind: Kind
    name: str
    requests: int | None = None
    tokens: int | None = None
    width: int | None = None

    @property
    def key(self) -> str:
        """Its name in the store."""
        return f"{self.kind}:{self.name}"


def find_model_quotas(settings: LimitsSettings, model: str) -> tuple[Quota, ...]:
    """The limits that a call of a model must keep: the model's own and its provider's."""
    provider, _ = split_ref(model)
    found = (
        _read_limit("model", model, settings.models.get(model)),
        _read_limit("provider", provider, settings.providers.get(provider)),
    )
    return tuple(each for each in found if each is not None)


def find_pool_quota(settings: LimitsSettings, pool: str) -> Quota | None:
    """The limit of a pool; None if no settings give it a width."""
    found = settings.pools.get(pool)
    return None if found is None else Quota(kind="pool", name=pool, width=found.width)


def list_quotas(settings: LimitsSettings) -> tuple[Quota, ...]:
    """All limits that the settings name."""
    models = (_read_limit("model", name, each) for name, each in settings.models.items())
    providers = (_read_limit("provider", name, each) for name, each in settings.providers.items())
    pools = (find_pool_quota(settings, name) for name in settings.pools)
    return tuple(each for each in (*models, *providers, *pools) if each is not None)


def _read_limit(kind: Kind, name: str, limit: ModelLimit | None) -> Quota | None:
    if limit is None or limit == ModelLimit():
        return None
    return Quota(
        kind=kind, name=name, requests=limit.requests_per_minute, tokens=limit.tokens_per_minute,
        width=limit.max_concurrent,
    )  # fmt: skip
