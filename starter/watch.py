"""Follow a run from its start: events, and text as it arrives."""

import argparse
from typing import Any

from harness import RunHandle
from harness.terminal.view.console import make_console
from harness.terminal.view.live import RunView
from harness_starter.script import run_steering_script


async def watch_run(run: RunHandle[Any], args: argparse.Namespace) -> None:
    view = RunView(make_console(), run.url)
    async for event in run.events():
        if args.json:
            print(event.wire().decode(), flush=True)
        else:
            view.show(event)


if __name__ == "__main__":
    run_steering_script(
        __doc__, watch_run, json={"action": "store_true", "help": "print one JSON object per line"}
    )
