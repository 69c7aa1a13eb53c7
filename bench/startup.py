"""What `harness --help` costs next to an interpreter that does nothing, in CPU time.

python -m bench.startup [--times 20]
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
from pathlib import Path

from bench.measure import spread


def cpu(*command: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return used * 1e3


def main(times: int) -> None:
    harness = str(Path(sys.executable).parent / "harness")
    pairs = [(cpu(sys.executable, "-c", "pass"), cpu(harness, "--help")) for _ in range(times + 1)][
        1:
    ]
    print(f"an empty interpreter: {spread([empty for empty, _ in pairs])} ms of CPU")
    print(f"harness --help:       {spread([ours for _, ours in pairs])} ms of CPU")
    print(f"ratio:                {spread([ours / empty for empty, ours in pairs])}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=20)
    main(parser.parse_args().times)
