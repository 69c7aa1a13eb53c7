"""Which content coding a client accepts (RFC 9110, section 12.5.3)."""

from __future__ import annotations

from collections.abc import Iterable

MOST = 20
"""Codings that are read of one request."""


def choose_coding(accepted: str, offered: Iterable[str]) -> str | None:
    """The first of the offered codings that `Accept-Encoding` allows; None for the plain content,
    which every client takes."""
    weights = dict(map(_read_weight, accepted.lower().split(",", MOST)[:MOST]))
    return next((each for each in offered if weights.get(each, weights.get("*", 0.0)) > 0), None)


def _read_weight(item: str) -> tuple[str, float]:
    name, _, parameter = item.partition(";")
    key, _, value = parameter.strip().partition("=")
    if key.strip() != "q":
        return name.strip(), 1.0
    try:
        return name.strip(), float(value)
    except ValueError:
        return name.strip(), 0.0
