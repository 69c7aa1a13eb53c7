"""`python -m tests.cluster [--runs 40] [--measure]`."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import time

from tests.cluster.build import GoMissing
from tests.cluster.campaign import run_campaign
from tests.cluster.measure import measure_workers


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.cluster", description=__doc__)
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--measure", action="store_true", help="one worker against two, no kills")
    asked = parser.parse_args()
    logging.getLogger("harness").setLevel(logging.ERROR)  # that servers go away is the point
    began = time.monotonic()

    def tell(line: str) -> None:
        print(f"{time.monotonic() - began:6.1f} s  {line}", file=sys.stderr, flush=True)

    try:
        if asked.measure:
            print(asyncio.run(measure_workers(tell)))
            return 0
        result = asyncio.run(run_campaign(asked.runs, tell))
    except GoMissing as error:
        print(error, file=sys.stderr)
        return 2
    print(result)
    for problem in result.problems[:20]:
        print(problem)
    return 1 if result.problems else 0


if __name__ == "__main__":
    sys.exit(main())
