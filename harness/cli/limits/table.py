"""The table of the commands `limits` and `pools`."""

from __future__ import annotations

from harness.cli.spec import JSON, Command

LIMITS_COMMANDS: tuple[Command, ...] = (
    Command(
        "limits",
        "Show how much of the limits of models and providers is used.",
        "harness.cli.limits.limits:show_limits",
        (JSON,),
        "For each limit of [limits.models] and [limits.providers]: requests and tokens of this\n"
        "minute, calls in progress and waiting, how often the provider refused one, and which\n"
        "runs use it or wait for it, also those that Temporal repeats later.",
        (("harness limits", ""),),
        group="Inspect",
        works="anywhere",
    ),
    Command(
        "pools",
        "Show the pools of tools: who uses them, and who waits.",
        "harness.cli.limits.limits:show_pools",
        (JSON,),
        "For each pool of [limits.pools]: its width, the calls in progress, and those that wait\n"
        "for a place, in their order.",
        (("harness pools", ""),),
        group="Inspect",
        works="anywhere",
    ),
)
