"""Read what providers say about their rate limits in the headers of an answer."""

from __future__ import annotations

from collections.abc import Mapping

from harness.contracts.model import MAX_TOKENS, Rates

_NAMES = {
    "requests": ("x-ratelimit-limit-requests", "anthropic-ratelimit-requests-limit"),
    "requests_left": ("x-ratelimit-remaining-requests", "anthropic-ratelimit-requests-remaining"),
    "tokens": ("x-ratelimit-limit-tokens", "anthropic-ratelimit-tokens-limit"),
    "tokens_left": ("x-ratelimit-remaining-tokens", "anthropic-ratelimit-tokens-remaining"),
}


def read_rates(headers: Mapping[str, str]) -> Rates | None:
    """Read the limits and what is left of them; None if the answer names none. A malformed figure
    is ignored, and so is a limit of 0: the provider did answer."""
    found = {
        field: figure
        for field, names in _NAMES.items()
        for name in names
        if (figure := _read_figure(headers.get(name))) is not None
    }
    for most, left in (("requests", "requests_left"), ("tokens", "tokens_left")):
        if found.get(most) == 0:
            found.pop(most)
            found.pop(left, None)
    return Rates(**found) if found else None


def _read_figure(text: str | None) -> int | None:
    if text is None or len(text) > 13 or not (text.isascii() and text.isdigit()):
        return None
    return min(int(text), MAX_TOKENS)
