"""Format values for people. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from harness.contracts.attempt import Retry
from harness.contracts.clean_text import clean_line, clean_text
from harness.contracts.effect import Undone
from harness.contracts.event import SignalRefused
from harness.contracts.model import Usage
from harness.contracts.prompt import PinnedPrompt
from harness.contracts.run import Totals


def clean_shown(text: str) -> str:
    """Mark control and unprintable characters."""
    return clean_text(text)


def one_line(text: str, limit: int = 160) -> str:
    """The first line, shortened, with the number of further lines."""
    first, _, rest = text.strip().partition("\n")
    lines = rest.count("\n") + 1 if rest else 0
    shown = _shorten_line(first, limit)
    return f"{shown}  (+{lines} {'line' if lines == 1 else 'lines'})" if lines else shown


def _shorten_line(text: str, limit: int) -> str:
    """Shorten to one line; count the omitted characters."""
    if len(text) <= limit:
        return clean_line(text)
    return f"{clean_line(text[: limit - 1])}… (+{len(text) - limit + 1:,} characters)"


def describe_undone(undone: Undone) -> str:
    """The result of an undo at the end of a run."""
    done = f"undid {count_of(undone.count, 'effect')}"
    if stopped := undone.stopped:
        why = f": {one_line(stopped.obstacle.message, 400)}" if stopped.obstacle else ""
        return f"{done}, then stopped at turn {stopped.turn}, {one_line(stopped.title)}{why}"
    return f"{done}. {one_line(undone.error.message, 400)}" if undone.error else done


def describe_prompt(prompt: PinnedPrompt) -> str:
    """The version of a prompt template, with the values of its variables."""
    values = (f"{name}={json.dumps(v, ensure_ascii=False)}" for name, v in prompt.variables.items())
    return one_line(f"{prompt.ref} ({', '.join(values)})" if prompt.variables else prompt.ref, 400)


def describe_retry(retry: Retry, now: float) -> str:
    """The last failure of a call in progress, its attempt, and when the next one begins."""
    of = f" of {retry.attempts}" if retry.attempts else ""
    following = "in progress"
    if retry.next_at is not None:
        wait = retry.next_at - now
        following = f"in {format_duration(wait)}" if wait > 0 else "is due, waiting for a worker"
    why = f"{one_line(retry.error.message, 400)} [{retry.error.code}]"
    return f"attempt {retry.failed}{of} failed: {why}; next attempt {following}"


def refusal_kind(event: SignalRefused) -> tuple[str, str]:
    """A key that is equal for refusals differing only in numbers: many signals become one line."""
    return event.signal, re.sub(r"[\d,]+", "", event.message)


def format_call(name: str, arguments: Mapping[str, Any] | str | None) -> str:
    """A call as code: add(a=2, b=3). Shortened; `arguments.py` shows all of it."""
    if arguments is None:
        return clean_line(name)
    if isinstance(arguments, str):
        return f"{clean_line(name)}({one_line(arguments, 80)})"
    shown = ", ".join(
        f"{_shorten_line(key, 80)}={format_value(each)}" for key, each in arguments.items()
    )
    return f"{clean_line(name)}({shown})"


def format_value(of: Any) -> str:
    return _shorten_line(json.dumps(of, ensure_ascii=False, default=str), 80)


def format_money(micros: int | None) -> str:
    if micros is None:
        return "unknown cost"
    if micros == 0:
        return "free"
    return f"${micros / 1e6:,.4f}" if micros < 1_000_000 else f"${micros / 1e6:,.2f}"


def format_duration(seconds: float) -> str:
    if seconds < 0.001:
        return "under 1 ms"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    units = ((days, "d"), (hours, "h"), (minutes, "min"), (rest, "s"))
    first = next(at for at, (number, _) in enumerate(units) if number)
    return " ".join(f"{number} {unit}" for number, unit in units[first : first + 2] if number)


def format_age(seconds: float) -> str:
    """A duration in one unit."""
    for unit, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= unit:
            return f"{seconds // unit:.0f} {name}"
    return f"{max(0, seconds):.0f} s"


def count_of(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def format_cached(usage: Usage) -> str:
    """The tokens that came from the provider's cache, in brackets; empty if there are none."""
    rate = usage.hit_rate
    return f" ({usage.cached:,} cached, {rate:.0%})" if rate else ""


def format_totals(totals: Totals) -> str:
    """The usage of a run: turns, tool calls, tokens, cost."""
    usage = totals.usage
    about = "~" if usage.estimated else ""
    facts = [
        count_of(totals.turns, "turn"),
        count_of(totals.tool_calls, "tool call"),
        f"{about}{usage.input:,} tokens in{format_cached(usage)}, {about}{usage.output:,} out",
    ]
    cost = settled_cost(totals)
    if cost is not None or not totals.cut_attempts or usage.total:
        facts.append(f"{about if cost else ''}{format_money(cost)}")
    if totals.cut_attempts:
        facts.append(cut_cost(totals.cut_attempts, totals.cut_micros))
    return " · ".join(facts)


def settled_cost(totals: Totals) -> int | None:
    """What providers reported. Of a run without a settled call only its estimate is known; if that
    is nothing, the model is free."""
    unsettled = totals.cost_micros is None and not totals.usage.total
    return 0 if unsettled and totals.cut_micros == 0 else totals.cost_micros


def cut_cost(attempts: int, micros: int | None) -> str:
    """The estimated cost of interrupted attempts, which the settled cost excludes."""
    cut = count_of(attempts, "interrupted attempt")
    if micros == 0:
        return cut
    cost = f"about {format_money(micros)}" if micros else format_money(micros)
    return f"{cost} more for {cut} (estimate)"
