"""Explain which models of a plan can be called, and which would be."""

from __future__ import annotations

from harness.capabilities.registry import provider_kinds
from harness.config.providers import BUILT_IN, needs_key, resolve_provider
from harness.config.settings import Settings
from harness.contracts.base import Word
from harness.contracts.errors import BrokenCapability, HarnessError, UnknownProvider
from harness.contracts.model import ModelPlan, split_ref
from harness.providers.catalog import describe_lack, find_known
from harness.providers.clients import make_adapter
from harness.providers.prices import price_of


class Explained(Word):
    """One candidate of a plan."""

    model: str
    called: bool
    """Whether it is the first that can be called."""
    unknown: bool | None = None
    """Whether no provider has its name; absent if one has."""
    problem: str | None = None
    """Why it cannot be called, or does not meet the plan's requirements; absent if it can."""
    key: bool | None = None
    """Whether its provider's key is set; absent if none is needed."""
    context: int | None = None
    """Tokens that it can read; absent if the model is not known."""
    input_price: float | None = None
    """US dollars per million tokens; absent if the price is not known."""
    output_price: float | None = None
    region: str | None = None
    """The setting of its provider."""


async def explain_plan(settings: Settings, plan: ModelPlan) -> tuple[Explained, ...]:
    """Explain each candidate of a plan, in order, without calling any of them.

    Args:
        settings: Those of the process that would call them.
        plan: What an agent pins, or what a user asks about.

    Returns:
        One explanation for each candidate. `called` is set for one of them at most.
    """
    explained: list[Explained] = []
    free = True
    for candidate in plan.candidates:
        found = await _explain_candidate(settings, plan, candidate.model)
        called = free and found.problem is None
        free = free and not called
        explained.append(found.model_copy(update={"called": called}))
    return tuple(explained)


async def _explain_candidate(settings: Settings, plan: ModelPlan, model: str) -> Explained:
    name = split_ref(model)[0]
    known, price = find_known(model), price_of(model)
    found = Explained(
        model=model,
        called=False,
        context=known.context if known else None,
        input_price=price.input if price else None,
        output_price=price.output if price else None,
    )
    try:
        provider = resolve_provider(settings, name)
        if provider.kind not in provider_kinds():
            raise BrokenCapability(f"no capability has the provider kind {provider.kind!r}")
        lack = describe_lack(model, plan, provider.region)
        key = provider.api_key is not None if needs_key(name, provider) else None
        found = found.model_copy(update={"region": provider.region, "key": key})
        if lack is not None:
            return found.model_copy(update={"problem": f"it {lack}"})
        adapter = make_adapter(name, provider)  # fails without its key or SDK
        await adapter.close()
    except UnknownProvider as error:
        problem = (
            f"{error.message} Built in or configured: "
            f"{', '.join(sorted({*BUILT_IN, *settings.providers}))}. To add another: kind and "
            f"base_url under [providers.{name}] in harness.toml, then `harness trust`."
        )
        return found.model_copy(update={"unknown": True, "problem": problem})
    except HarnessError as error:
        return found.model_copy(update={"problem": f"{error.message} {error.fix}".strip()})
    return found
