"""Show the state of a run, from its history or from its worker."""

import argparse
import time
from typing import Any

from harness import RunHandle
from harness.journal.card import card_of
from harness.terminal.view.console import make_console
from harness.terminal.view.show import show_card
from harness_starter.script import run_steering_script


async def show_status(run: RunHandle[Any], args: argparse.Namespace) -> None:
    if args.ask:
        print((await run.status()).wire().decode())
    elif card := card_of(await run.trace()):
        show_card(make_console(), card, run.url, time.time())


if __name__ == "__main__":
    run_steering_script(
        __doc__, show_status, ask={"action": "store_true", "help": "ask the worker"}
    )
