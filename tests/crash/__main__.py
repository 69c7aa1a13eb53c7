"""`python -m tests.crash [--trials 200] [--seed 1] [--only 17,20-25] [--json FILE]`."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import signal
import sys
import time
from pathlib import Path

import uvloop

from tests.crash.campaign import Campaign
from tests.crash.plan import plan
from tests.crash.report import rows, table, verdict
from tests.crash.trial import Outcome

ROOT = Path(__file__).resolve().parents[2]
TOGETHER = 16


def main() -> int:
    chosen = _arguments()
    whole = plan(chosen.seed, chosen.trials)
    only = _numbers(chosen.only)
    wanted = tuple(trial for trial in whole if not only or trial.number in only)
    kept: Path = chosen.keep / f"seed-{chosen.seed}-of-{chosen.trials}"
    again = f"make crash TRIALS={chosen.trials} SEED={chosen.seed} ONLY="

    def told(outcome: Outcome) -> None:
        number = len(campaign.outcomes)
        for words in outcome.violations + outcome.undo_violations:
            _say(f"trial {outcome.trial.number} ({outcome.trial.kind}): {words}")
        if outcome.bad:
            where = kept / str(outcome.trial.number)
            _say(f"  evidence: {where}\n  again: {again}{outcome.trial.number}")
        elif number % 50 == 0:
            _say(f"{number} of {len(wanted)} trials, {time.monotonic() - began:.0f} s")

    campaign = Campaign(wanted, kept, chosen.together, told)
    logging.getLogger("harness").setLevel(logging.ERROR)  # that servers go away is the point
    began, stopped = time.monotonic(), False
    try:
        uvloop.run(_until_told(campaign))
    except (KeyboardInterrupt, asyncio.CancelledError):
        stopped = True
    took = time.monotonic() - began
    made = rows(campaign.outcomes)
    for failure in campaign.failures:
        _say(failure)
    words = verdict(campaign.outcomes, len(wanted), campaign.failures, took)
    print(f"\n{table(made)}\n\n{words}")
    print(f"Again: {again.removesuffix(' ONLY=')}")
    if chosen.json:
        said = {"seed": chosen.seed, "trials": chosen.trials, "seconds": round(took, 1),
                "verdict": words, "rows": made}  # fmt: skip
        chosen.json.write_text(json.dumps(said, indent=1))
    if stopped:
        return 130
    return 1 if campaign.failures or any(each.bad for each in campaign.outcomes) else 0


async def _until_told(campaign: Campaign) -> None:
    """Ctrl-C cancels it anyway; being told to end does the same."""
    task = asyncio.ensure_future(campaign.run())
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    await task


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _numbers(text: str) -> set[int]:
    """17,20-25"""
    found: set[int] = set()
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        found |= set(range(int(first), int(last or first) + 1))
    return found


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="numbers of trials: 17,20-25")
    parser.add_argument("--together", type=int, default=TOGETHER, help="runs at a time")
    parser.add_argument("--keep", type=Path, default=ROOT / "build" / "crash")
    parser.add_argument("--json", type=Path, help="write the figures into this file")
    return parser.parse_args()


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # see docs/explanation/decisions.md: exit
