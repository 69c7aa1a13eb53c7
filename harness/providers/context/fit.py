"""Choose what of a conversation a call sends.

The choice depends on the messages and the policy alone, and moves in large steps: what one call
sent, the next one begins with, so that providers find it in their caches.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.contracts.message import Message, Part, ToolResult
from harness.contracts.model import ContextPolicy
from harness.providers.context.estimate import estimate_message

FREED = 4
"""A conversation that exceeds its limit is cut until one part in so many is free."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """What a call sends, by places in the conversation."""

    messages: tuple[Message, ...]
    places: Sequence[int]
    """Where each of them stands in the conversation."""
    cleared: frozenset[int] = frozenset()
    """Places of messages with tool results that were replaced by stubs."""
    total: int = 0
    """Messages of the conversation."""

    @property
    def dropped(self) -> int:
        """Messages left out."""
        return self.total - len(self.messages)


def fit_messages(
    messages: Sequence[Message], policy: ContextPolicy, *, fixed: int = 0, scale: float = 1.0
) -> Fitted:
    """Fit a conversation to its policy: results of old tool calls become stubs, then whole old
    exchanges are left out.

    A tool call is never separated from its result, and pinned messages always stay.

    Args:
        messages: The conversation, oldest first.
        policy: What to send of it.
        fixed: The estimate of what the call sends besides messages.
        scale: Tokens that the provider counts for each estimated one.

    Returns:
        The messages to send.
    """
    shown, cleared = clear_results(messages, policy.keep_results)
    total = len(shown)
    if policy.max_input_tokens is None:
        return Fitted(shown, range(total), cleared, total)
    groups = group_messages(shown)
    sizes = [sum(estimate_message(shown[place]) for place in group) for group in groups]
    stays = find_pinned(shown)
    pinned = [not stays.isdisjoint(group) for group in groups]
    cut = _find_cut(sizes, pinned, int(policy.max_input_tokens / scale) - fixed)
    kept = [group for n, group in enumerate(groups) if n >= cut or pinned[n]]
    places = [place for group in kept for place in group]
    sent = tuple(shown[place] for place in places)
    return Fitted(sent, places, cleared.intersection(places), total)


def find_pinned(messages: Sequence[Message]) -> frozenset[int]:
    """Find the messages that are always sent: the first of a user, which states the purpose; those
    that are marked; what an operator said during the run; a summary of what is no longer there."""
    users = [
        place
        for place, message in enumerate(messages)
        if message.role == "user" and message.origin != "instructions"
    ]
    marked = [p for p in users if messages[p].pinned or messages[p].origin in ("hint", "summary")]
    return frozenset(users[:1] + marked)


def group_messages(messages: Sequence[Message]) -> list[list[int]]:
    """Group the places of messages that belong together: a reply that calls tools, its results."""
    groups: list[list[int]] = []
    for place, message in enumerate(messages):
        if message.role == "tool" and groups:
            groups[-1].append(place)
        else:
            groups.append([place])
    return groups


def clear_results(
    messages: Sequence[Message], keep: int | None
) -> tuple[tuple[Message, ...], frozenset[int]]:
    """Replace the results of old tool calls by stubs: all but the last `keep` to twice `keep`, so
    that stubs appear once in `keep` calls."""
    results = 0 if keep is None else sum(map(_count_results, messages))
    if keep is None or results < 2 * keep:
        return tuple(messages), frozenset()
    left = (results - keep) // keep * keep
    shown, cleared = list(messages), set[int]()
    for place, message in enumerate(messages):
        if left <= 0:
            break
        if not (count := _count_results(message)):
            continue
        stubbed = _stub_results(message, left)
        if stubbed is not message:
            shown[place] = stubbed
            cleared.add(place)
        left -= count
    return tuple(shown), frozenset(cleared)


def _find_cut(sizes: Sequence[int], pinned: Sequence[bool], room: int) -> int:
    """Return the first group after the cut, found as if the conversation grew again: what was left
    out once stays left out."""
    total, cut = 0, 0
    for newest, size in enumerate(sizes):
        total += size
        if total <= room:
            continue
        while cut < newest and total > room - room // FREED:
            total -= 0 if pinned[cut] else sizes[cut]
            cut += 1
    return cut


def _count_results(message: Message) -> int:
    if message.role != "tool":
        return 0
    return sum(isinstance(part, ToolResult) for part in message.parts)


def _stub_results(message: Message, most: int) -> Message:
    parts: list[Part] = []
    for part in message.parts:
        stub = None
        if isinstance(part, ToolResult) and most > 0:
            most -= 1
            stub = _describe_cleared(part)
        short = stub is None or not isinstance(part, ToolResult) or len(stub) >= len(part.content)
        parts.append(part if short else part.model_copy(update={"content": stub}))
    changed = any(new is not old for new, old in zip(parts, message.parts, strict=True))
    return message.model_copy(update={"parts": tuple(parts)}) if changed else message


def _describe_cleared(result: ToolResult) -> str:
    stored = f" All of it is in the artifact {result.artifact}." if result.artifact else ""
    return (
        f"[{len(result.content):,} characters removed to save context.{stored} If {result.name} "
        "only reads, the same call returns them again.]"
    )
