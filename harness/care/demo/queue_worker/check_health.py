"""Whether the worker works: each process has looked at the queue a moment ago. Exit code 0: yes."""

import sys
import time
from pathlib import Path

RUN = Path(__file__).resolve().parent / ".run"
OLD_S = 3.0


def find_problem(run: Path, now: float) -> str | None:
    for port in (run / "ports").read_text().split():
        try:
            age = now - float((run / f"beat-{port}").read_text() or 0)
        except FileNotFoundError:
            return f"the process at {port} has not begun"
        if age > OLD_S:
            return f"the process at {port} last looked at the queue {age:.1f} s ago"
    return None


if __name__ == "__main__":
    problem = find_problem(RUN, time.time())
    print(problem or "healthy")
    sys.exit(problem is not None)
