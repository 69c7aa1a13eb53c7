"""`python -m tests.chaos [--runs 50] [--kills 2] [--seed 1]`."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from pathlib import Path

import uvloop

from tests.chaos.campaign import run_alone
from tests.chaos.checks import find_violations
from tests.chaos.plan import make_plan
from tests.chaos.report import describe, keep_requests

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--kills", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    logging.getLogger("harness").setLevel(logging.ERROR)  # that calls fail is the point
    began = time.monotonic()
    seen, campaign = uvloop.run(run_alone(make_plan(asked.seed, asked.runs, asked.kills)))
    violations = find_violations(seen)
    print(describe(seen, campaign.grants))
    for words in violations:
        print(f"VIOLATION: {words}")
    if violations:
        kept = ROOT / "build" / "chaos" / f"seed-{asked.seed}-of-{asked.runs}.jsonl"
        keep_requests(seen, kept)
        print(f"Requests: {kept}")
    took = time.monotonic() - began
    print(f"{'FAIL' if violations else 'OK'}: {len(violations)} violations; {took:.0f} s")
    print(f"Again: make chaos RUNS={asked.runs} KILLS={asked.kills} SEED={asked.seed}")
    return 1 if violations else 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # see docs/explanation/decisions.md: exit
