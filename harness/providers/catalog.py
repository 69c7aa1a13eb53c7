"""Known models: their capabilities, context sizes and prices.

A model that is not listed can be used as well: it is assumed to be capable of everything. A listed
one may have no known price.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.contracts.model import Feature, ModelPlan
from harness.providers.prices import Price, price_of, strip_date


@dataclass(frozen=True)
class Known:
    ref: str
    capabilities: frozenset[Feature]
    context: int
    """Tokens it can read and write in one call."""

    @property
    def price(self) -> Price | None:
        return price_of(self.ref)


_PLAIN: frozenset[Feature] = frozenset({"tools", "output", "vision"})
_ALL: frozenset[Feature] = frozenset({"tools", "output", "vision", "reasoning"})
_TEXT: frozenset[Feature] = frozenset({"tools", "output", "reasoning"})
_DEMO: frozenset[Feature] = frozenset({"tools", "output"})

_MODELS: tuple[tuple[frozenset[Feature], int, str, tuple[str, ...]], ...] = (
    (_DEMO, 1_000_000, "offline", ("demo",)),
    (
        _ALL,
        1_050_000,
        "openai",
        (
            "gpt-6-astra", "gpt-6-sol", "gpt-6-luna", "gpt-6.1-sol", "gpt-6.1-terra",
            "gpt-5.6-sol", "gpt-5.6-terra", "gpt-5.6-luna", "gpt-5.5", "gpt-5.5-pro", "gpt-5.4",
        ),
    ),
    (
        _ALL,
        400_000,
        "openai",
        (
            "gpt-5.4-mini", "gpt-5.4-nano", "gpt-5.2", "gpt-5.1", "gpt-5", "gpt-5-mini",
            "gpt-5-nano",
        ),
    ),
    (_ALL, 200_000, "openai", ("o3", "o4-mini")),
    (_PLAIN, 1_000_000, "openai", ("gpt-4.1", "gpt-4.1-mini", "gpt-4.1-nano")),
    (_PLAIN, 128_000, "openai", ("gpt-4o", "gpt-4o-mini")),
    (
        _ALL,
        1_000_000,
        "anthropic",
        (
            "claude-fable-5-2", "claude-fable-5-1", "claude-fable-5", "claude-mythos-5-2",
            "claude-opus-5-5", "claude-opus-5", "claude-opus-4-8", "claude-opus-4-7",
            "claude-opus-4-6", "claude-sonnet-5-5", "claude-sonnet-5", "claude-sonnet-4-6",
            "claude-haiku-5-5",
        ),
    ),
    (
        _ALL,
        200_000,
        "anthropic",
        ("claude-opus-4-5", "claude-sonnet-4-5", "claude-haiku-4-5"),
    ),
    (
        _ALL,
        1_048_576,
        "gemini",
        (
            "gemini-4-carbon", "gemini-4-argon", "gemini-4-neon", "gemini-4-hydrogen",
            "gemini-3.8-flash", "gemini-3.5-flash", "gemini-3.5-flash-lite",
            "gemini-3.1-pro-preview", "gemini-3.1-flash-lite", "gemini-2.5-pro",
            "gemini-2.5-flash", "gemini-2.5-flash-lite",
        ),
    ),
    (_ALL, 262_144, "mistral", ("mistral-medium-3-5",)),
    (_PLAIN, 262_144, "mistral", ("mistral-large-2512",)),
    (_ALL, 256_000, "mistral", ("mistral-small-2603",)),
    (_TEXT, 131_072, "groq", ("openai/gpt-oss-120b", "openai/gpt-oss-20b")),
)  # fmt: skip

KNOWN: dict[str, Known] = {
    f"{provider}/{name}": Known(f"{provider}/{name}", capabilities, context)
    for capabilities, context, provider, names in _MODELS
    for name in names
}


def find_known(ref: str) -> Known | None:
    return KNOWN.get(ref) or KNOWN.get(strip_date(ref))


def describe_lack(ref: str, plan: ModelPlan, region: str | None) -> str | None:
    """Say which requirement of a plan a model does not meet; None if it meets all. `region` is its
    provider's. An unknown model can do and read everything, but its price is unknown."""
    model = find_known(ref)
    if model is not None:
        missing = [need for need in plan.requires if need not in model.capabilities]
        if missing:
            return f"cannot do what the plan requires: {', '.join(missing)}"
        if plan.min_context is not None and model.context < plan.min_context:
            return f"reads {model.context} tokens; the plan requires {plan.min_context}"
    if plan.max_price is not None and (lack := _describe_price(ref, plan.max_price)):
        return lack
    if plan.regions is not None and region not in plan.regions:
        allowed = ", ".join(plan.regions)
        where = f"is in the region {region}" if region else "has no region set"
        return f"{where}; the plan allows {allowed}"
    return None


def _describe_price(ref: str, limit: float) -> str | None:
    price = price_of(ref)
    if price is None:
        return f"has no known price; the plan allows ${limit:g} per million tokens"
    highest = max(price.input, price.output, price.cache_write or 0)
    if highest > limit:
        return f"costs up to ${highest:g} per million tokens; the plan allows ${limit:g}"
    return None
