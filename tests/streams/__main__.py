"""Readers of the API under kills: every reader gets every event exactly once.

python -m tests.streams --readers 1000 --runs 100 --kills 16 --seed 1
"""

from __future__ import annotations

import argparse
import asyncio
import sys

from tests.streams.campaign import Plan, run_campaign


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--readers", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--kills", type=int, default=16)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--every", type=float, default=6.0, help="seconds between two kills")
    asked = parser.parse_args()
    plan = Plan(
        asked.readers, asked.runs, asked.kills, asked.seed, asked.rounds, every_s=asked.every
    )
    result = asyncio.run(run_campaign(plan))
    print(result)
    for problem in result.problems[:20]:
        print(problem)
    return 1 if result.problems else 0


if __name__ == "__main__":
    sys.exit(main())
