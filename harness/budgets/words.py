"""What people read about shared budgets."""

from __future__ import annotations

from harness.budgets.rows import Answer


def describe_reached(answer: Answer) -> str:
    """Say which budget allows no further call, and what of it is used."""
    key = answer.stop or ""
    parts: list[str] = []
    if answer.most_tokens is not None:
        parts.append(f"{answer.used_tokens or 0:,} of {answer.most_tokens:,} tokens")
    if answer.most_cost is not None:
        parts.append(f"{dollars(answer.used_cost or 0)} of {dollars(answer.most_cost)}")
    if answer.most_seconds is not None:
        parts.append(f"{answer.used_seconds or 0:.0f} of {answer.most_seconds:g} seconds")
    return f"The budget {key} does not allow another model call: {', '.join(parts)} are used."


def dollars(micros: int) -> str:
    """An amount, with as many digits as it needs."""
    return f"${micros / 1e6:.2f}" if micros % 10_000 == 0 else f"${micros / 1e6:.6f}".rstrip("0")
