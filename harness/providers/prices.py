"""Prices of tokens, as published by the providers on the date AS_OF. Those of Gemini, Mistral and
Groq are what public sources quoted of the providers' price pages on OTHERS_AS_OF; a model on whose
price they disagree has none here.

Not a promise: a model that is not listed has no known price, and surcharges for very long prompts,
batch discounts and individual contracts are not considered.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from harness.config.settings import Settings
from harness.contracts.model import Usage

AS_OF = "2026-11-01"
OTHERS_AS_OF = "2026-12-01"


class Price(NamedTuple):
    """US dollars per million tokens."""

    input: float
    cached: float
    output: float
    cache_write: float | None = None
    """Set if writing to the cache costs more than plain input."""


PRICES: dict[str, Price] = {
    "openai/gpt-6-astra": Price(10, 1, 50, 12.5),
    "openai/gpt-6-sol": Price(2, 0.2, 10, 2.5),
    "openai/gpt-6-luna": Price(0.1, 0.01, 0.5, 0.125),
    "openai/gpt-6.1-sol": Price(2, 0.1, 10, 2.5),
    "openai/gpt-6.1-terra": Price(1, 0.05, 5, 1.25),
    "openai/gpt-5.6-sol": Price(4, 0.4, 20, 5),
    "openai/gpt-5.6-terra": Price(2, 0.2, 12, 2.5),
    "openai/gpt-5.6-luna": Price(0.2, 0.02, 1.2, 0.25),
    "openai/gpt-5.5": Price(5, 0.5, 30),
    "openai/gpt-5.5-pro": Price(30, 30, 180),
    "openai/gpt-5.4": Price(2.5, 0.25, 15),
    "openai/gpt-5.4-mini": Price(0.75, 0.075, 4.5),
    "openai/gpt-5.4-nano": Price(0.2, 0.02, 1.25),
    "openai/gpt-5.2": Price(1.75, 0.175, 14),
    "openai/gpt-5.1": Price(1.25, 0.125, 10),
    "openai/gpt-5": Price(1.25, 0.125, 10),
    "openai/gpt-5-mini": Price(0.25, 0.025, 2),
    "openai/gpt-5-nano": Price(0.05, 0.005, 0.4),
    "openai/gpt-4.1": Price(2, 0.5, 8),
    "openai/gpt-4.1-mini": Price(0.4, 0.1, 1.6),
    "openai/gpt-4.1-nano": Price(0.1, 0.025, 0.4),
    "openai/gpt-4o": Price(2.5, 1.25, 10),
    "openai/gpt-4o-mini": Price(0.15, 0.075, 0.6),
    "openai/o3": Price(2, 0.5, 8),
    "openai/o4-mini": Price(1.1, 0.275, 4.4),
    "anthropic/claude-fable-5-2": Price(8, 0.2, 40, 10),
    "anthropic/claude-fable-5-1": Price(10, 0.25, 50, 12.5),
    "anthropic/claude-fable-5": Price(10, 1, 50, 12.5),
    "anthropic/claude-mythos-5-2": Price(8, 0.2, 40, 10),
    "anthropic/claude-opus-5-5": Price(4, 0.2, 20, 5),
    "anthropic/claude-opus-5": Price(5, 0.5, 25, 6.25),
    "anthropic/claude-opus-4-8": Price(5, 0.5, 25, 6.25),
    "anthropic/claude-opus-4-7": Price(5, 0.5, 25, 6.25),
    "anthropic/claude-opus-4-6": Price(5, 0.5, 25, 6.25),
    "anthropic/claude-opus-4-5": Price(5, 0.5, 25, 6.25),
    "anthropic/claude-sonnet-5-5": Price(2, 0.1, 10, 2.5),
    "anthropic/claude-sonnet-5": Price(2, 0.2, 10, 2.5),
    "anthropic/claude-sonnet-4-6": Price(3, 0.3, 15, 3.75),
    "anthropic/claude-sonnet-4-5": Price(3, 0.3, 15, 3.75),
    "anthropic/claude-haiku-5-5": Price(0.1, 0.01, 0.5, 0.125),
    "anthropic/claude-haiku-4-5": Price(1, 0.1, 5, 1.25),
    # Carbon and Argon cost half of this until 2026-11-30, 3.8 Flash until 2026-12-31: a budget must
    # hold after that too. Where no price of cached input is known, it is that of other input.
    "gemini/gemini-4-carbon": Price(4, 0.2, 20),
    "gemini/gemini-4-argon": Price(4, 0.2, 20),
    "gemini/gemini-4-neon": Price(3, 0.15, 15),
    "gemini/gemini-4-hydrogen": Price(1.5, 0.075, 7.5),
    "gemini/gemini-3.8-flash": Price(1.5, 0.15, 7.5),
    "gemini/gemini-3.5-flash": Price(1.5, 0.15, 9),
    "gemini/gemini-3.5-flash-lite": Price(0.3, 0.3, 2.5),
    "gemini/gemini-3.1-pro-preview": Price(2, 0.2, 12),
    "gemini/gemini-3.1-flash-lite": Price(0.25, 0.025, 1.5),
    "gemini/gemini-2.5-pro": Price(1.25, 0.125, 10),
    "gemini/gemini-2.5-flash": Price(0.3, 0.03, 2.5),
    "gemini/gemini-2.5-flash-lite": Price(0.1, 0.01, 0.4),
    "mistral/mistral-medium-3-5": Price(1.5, 1.5, 7.5),
    "mistral/mistral-large-2512": Price(0.5, 0.5, 1.5),
    "groq/openai/gpt-oss-120b": Price(0.15, 0.075, 0.6),
    "groq/openai/gpt-oss-20b": Price(0.075, 0.0375, 0.3),
    "offline/demo": Price(0, 0, 0),
}

_DATE = re.compile(r"-(\d{4}-\d\d-\d\d|\d{8}|latest)$")


def strip_date(ref: str) -> str:
    """Remove the release date from a model: gpt-5-2025-08-07 costs the same as gpt-5."""
    return _DATE.sub("", ref)


def read_prices(settings: Settings) -> dict[str, Price]:
    """Return the prices that the settings name, by model."""
    return {
        ref: Price(
            each.input,
            each.input if each.cached is None else each.cached,
            each.output,
            each.cache_write,
        )
        for ref, each in settings.prices.items()
    }


def price_of(ref: str, own: Mapping[str, Price] | None = None) -> Price | None:
    """Return the price of a model: one of `own`, or the published one."""
    found = None if own is None else own.get(ref)
    return found or PRICES.get(ref) or PRICES.get(strip_date(ref))


def cost_micros(ref: str, usage: Usage, own: Mapping[str, Price] | None = None) -> int | None:
    """Return the cost in millionths of a US dollar; None if the price is unknown."""
    price = price_of(ref, own)
    if price is None:
        return None
    cached, written = usage.cached or 0, usage.cache_write or 0
    plain = max(0, usage.input - cached - written)
    write = price.input if price.cache_write is None else price.cache_write
    # Dollars per million tokens are millionths of a dollar per token.
    return round(
        plain * price.input + cached * price.cached + written * write + usage.output * price.output
    )
