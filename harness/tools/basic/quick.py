"""Tools that cost nothing to run: echo, math, now."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from harness.agent import tool
from harness.contracts.errors import ToolFailed
from harness.tools.basic.expression import evaluate

# Async although they never wait: this avoids a thread.


@tool(effect="read", inline=True)
async def echo(text: str) -> str:
    """Say the text back."""
    return text


@tool(effect="read", inline=True)
async def math(expression: str) -> str:
    """Evaluate an arithmetic expression, such as "2 * (3 + 4) ** 2" or "sqrt(2) / pi".

    Knows + - * / // % **, comparisons, parentheses, pi, e, tau, and abs, ceil, cos, degrees, exp,
    factorial, floor, gcd, hypot, lcm, log, log10, log2, max, min, radians, round, sin, sqrt, sum,
    tan.
    """
    return evaluate(expression)


@tool(effect="read", inline=True)
async def now(zone: str = "UTC") -> str:
    """Tell the current date and time.

    Args:
        zone: An IANA time zone, such as Europe/Berlin.
    """
    try:
        there = UTC if zone == "UTC" else ZoneInfo(zone)
    except (ValueError, OSError, KeyError):  # OSError: a folder of the time zone database
        raise ToolFailed(f"There is no time zone {zone[:64]!r}.") from None
    moment = datetime.now(there)
    return f"{moment.isoformat(timespec='seconds')} ({moment:%A})"
