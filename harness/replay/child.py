"""The process that replays one run for the daemon: a recording comes in on stdin, what became of
each execution goes out on stdout.

A process, because a replay of a long history is seconds of CPU, and can be ended.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import aclosing
from pathlib import Path

from harness.contracts.clean_text import clip_text
from harness.history.export import load_recording
from harness.replay.check import Outcome, replay_recordings
from harness.replay.views import ReplayedExecution, ReplayedRun
from harness.version import __version__

MOST_TEXT = 20_000


async def replay_text(text: str) -> ReplayedRun:
    """Replay an exported run."""
    recording = load_recording(text, Path("the run"))
    found = list[ReplayedExecution]()
    async with aclosing(replay_recordings([recording])) as outcomes:
        async for outcome in outcomes:
            found.append(_view(outcome))
    same = all(each.same for each in found)
    return ReplayedRun(run=recording.run, code=__version__, same=same, executions=found)


def _view(outcome: Outcome) -> ReplayedExecution:
    difference = outcome.difference
    return ReplayedExecution(
        run_id=outcome.run_id,
        steps=outcome.steps,
        same=outcome.ok,
        entry=difference.entry if difference else None,
        difference=None if outcome.ok else clip_text(outcome.text, MOST_TEXT),
    )


def main() -> None:
    """Replay what comes in."""
    replayed = asyncio.run(replay_text(sys.stdin.buffer.read().decode()))
    sys.stdout.write(replayed.model_dump_json(exclude_none=True))


if __name__ == "__main__":
    main()
