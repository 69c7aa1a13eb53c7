"""Replays runs on the code of the daemon, each in a process of its own."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress

from pydantic import ValidationError

from harness.api.slots import Slots
from harness.commons.log import get_logger
from harness.contracts.errors import ContentTooLarge, ReplayUnfinished
from harness.engine.connection import Connection
from harness.history.bounded import FILE_BYTES
from harness.history.export import dump_recording
from harness.history.recording import read_history
from harness.replay.views import ReplayedRun

REPLAY_S = 120.0
MODULE = "harness.replay.child"
SHOWN = 500

log = get_logger(__name__)


class Replays(Slots):
    """Replays in progress: each takes a processor core."""

    what = "replays"
    most = 2
    most_each = 1


async def replay_run(connection: Connection, run: str, seconds: float = REPLAY_S) -> ReplayedRun:
    """Replay a run on the code that this process has installed.

    Raises:
        ReplayUnfinished: It took longer than `seconds`, or its process failed.
    """
    known = await read_history(connection, run)
    text = (await asyncio.to_thread(dump_recording, known)).encode()
    if len(text) > FILE_BYTES:
        raise ContentTooLarge(f"The history of run {run!r} has {len(text):,} bytes.")
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", MODULE, stdin=pipe, stdout=pipe, stderr=pipe
    )
    try:
        async with asyncio.timeout(seconds):
            out, problems = await process.communicate(text)
    except TimeoutError:
        raise ReplayUnfinished(
            f"The replay of run {run!r} took longer than {seconds:g} s."
        ) from None
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    try:
        return ReplayedRun.model_validate_json(out)
    except ValidationError:
        shown = problems.decode("utf-8", "replace")[-SHOWN:]
        log.warning("a replay failed", run=run, code=process.returncode, stderr=shown)
        raise ReplayUnfinished(f"The replay of run {run!r} failed.") from None
