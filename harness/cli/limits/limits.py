"""`harness limits` and `harness pools`: how much of each limit is used, and by whom."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from typing import Any

from harness.cli.access.shown import print_table
from harness.cli.context import open_backend
from harness.cli.ignored import find_ignored, report_ignored
from harness.cli.out import Out
from harness.contracts.clean_text import clean_line
from harness.limits.views import Limit, LimitCall
from harness.terminal import exit_codes

HEADS = (
    "LIMIT", "REQUESTS/MIN", "TOKENS/MIN", "AT ONCE", "WAITING", "CALLS", "WAITED", "REFUSED",
)  # fmt: skip
POOL_HEADS = ("POOL", "USED", "WAITING", "CALLS", "WAITED")
CALL_HEADS = ("RUN", "PRIORITY", "SECONDS")


async def show_limits(args: Namespace, out: Out) -> int:
    async with open_backend(args, out) as backend:
        found = await backend.limits.list_limits()
        ignored = find_ignored(backend, "limits")
    if not _print_facts(found, ignored, out, "limits", '[limits.models."openai/gpt-5"]'):
        return exit_codes.DONE
    print_table(out, HEADS, [_cells(each) for each in found])
    _print_calls(out, ("LIMIT", "STATE", "MODEL", *CALL_HEADS), found)
    for each in found:
        if lower := _describe_lower(each):
            out.note(lower)
        if each.closed_seconds is not None:
            out.note(
                f"{each.name} refused a call: none is made for {each.closed_seconds:.0f} s more."
            )
    return exit_codes.DONE


async def show_pools(args: Namespace, out: Out) -> int:
    async with open_backend(args, out) as backend:
        found = await backend.limits.list_pools()
        ignored = find_ignored(backend, "limits")
    if not _print_facts(found, ignored, out, "pools", "[limits.pools.NAME]"):
        return exit_codes.DONE
    rows = [
        (each.name, _share(each.in_use, each.width), str(each.waiting), str(each.granted),
         _waits(each))
        for each in found
    ]  # fmt: skip
    print_table(out, POOL_HEADS, rows)
    _print_calls(out, ("POOL", "STATE", "TOOL", *CALL_HEADS), found)
    return exit_codes.DONE


def _print_calls(out: Out, heads: tuple[str, ...], limits: Sequence[Limit]) -> None:
    """Print the calls that use limits, and those that wait."""
    rows = [row for each in limits for row in _call_rows(each)]
    if rows:
        out.raw("")
        print_table(out, heads, rows)


def _describe_lower(limit: Limit) -> str | None:
    """Say that the provider allows less than the settings, if it does."""
    pairs = (
        ("requests", limit.reported_requests, limit.requests_per_minute),
        ("tokens", limit.reported_tokens, limit.tokens_per_minute),
    )
    lower = [
        f"{reported:,} {what} per minute (settings: {most:,})"
        for what, reported, most in pairs
        if reported is not None and most is not None and reported < most
    ]
    return f"{limit.name}: the provider reported {', '.join(lower)}; that holds." if lower else None


def _print_facts(
    found: Sequence[Limit], ignored: dict[str, Any] | None, out: Out, what: str, section: str
) -> bool:
    """Print JSON, or that there are none, or that some are ignored; whether tables follow."""
    report_ignored(out, ignored)
    if out.json:
        for each in found:
            out.line(each.model_dump(exclude_none=True))
        return False
    if not found and ignored is None:
        out.note(f"No {what} are configured. To add one: {section} in harness.toml.")
    return bool(found)


def _cells(limit: Limit) -> tuple[str, ...]:
    return (
        limit.name, _share(limit.requests, limit.requests_per_minute),
        _share(limit.tokens, limit.tokens_per_minute), _share(limit.in_use, limit.width),
        str(limit.waiting), str(limit.granted), _waits(limit), str(limit.refused),
    )  # fmt: skip


def _share(used: int, most: int | None) -> str:
    return f"{used:,}" if most is None else f"{used:,} of {most:,}"


def _waits(limit: Limit) -> str:
    if not limit.waited:
        return "0"
    return f"{limit.waited} ({limit.waited_seconds / limit.waited:.1f} s each)"


def _call_rows(limit: Limit) -> list[tuple[str, ...]]:
    states = (("runs", limit.users), ("waits", limit.queue))
    return [_call_cells(limit.name, state, each) for state, calls in states for each in calls]


def _call_cells(limit: str, state: str, call: LimitCall) -> tuple[str, ...]:
    run = "of another user" if call.run is None else clean_line(call.run)
    priority = "" if call.priority is None else str(call.priority)
    return (limit, state, clean_line(call.what), run, priority, f"{call.seconds:.1f}")
