"""The frame of each script: parse the arguments, connect, do one thing, exit."""

from __future__ import annotations

import argparse
from collections.abc import Awaitable, Callable
from typing import Any, NoReturn

from harness import Harness, RunHandle
from harness.terminal import exit_codes


def run_steering_script(
    about: str | None,
    act: Callable[[RunHandle[Any], argparse.Namespace], Awaitable[Any]],
    **options: dict[str, Any],
) -> NoReturn:
    """Run a script that acts on one run: `act` gets its handle and the arguments."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("run", help="the run's id")
    for name, more in options.items():
        positional = more.pop("positional", False)
        parser.add_argument(name if positional else f"--{name}", **more)
    args = parser.parse_args()

    async def main() -> None:
        async with Harness.connect() as harness:
            await act(harness.get_run(args.run), args)

    exit_codes.run_script(main)
