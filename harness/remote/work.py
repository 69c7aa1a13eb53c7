"""Long work of a daemon: a stream of its progress, then its result."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import Any

from harness.api.work_stream import Progress
from harness.contracts.errors import DaemonUnreachable
from harness.remote.answers import parse_answer, problem_error
from harness.remote.connection import DaemonConnection
from harness.remote.event_reader import Frame, read_frames


async def follow_work(
    connection: DaemonConnection,
    *path: str,
    body: Mapping[str, Any],
    key: str | None = None,
    **query: Any,
) -> AsyncGenerator[Frame]:
    """Start work, and yield its events, the last of which is its `result`.

    Raises:
        DaemonUnreachable: The stream ended before.
    """
    async with (
        connection.stream_post(*path, body=body, key=key, **query) as chunks,
        aclosing(read_frames(chunks, connection.url)) as frames,
    ):
        async for frame in frames:
            if frame.kind == "error":
                raise problem_error(frame.data, connection.url)
            if frame.kind:
                yield frame
            if frame.kind == "result":
                return
    raise DaemonUnreachable(f"{connection.url} closes the stream before the work is done.")


async def finish_work(
    connection: DaemonConnection,
    kind: Any,
    *path: str,
    progress: Callable[[int], None],
    **query: Any,
) -> Any:
    """Do work to its end, and return its result as a value of this kind. `progress` is called with
    the number of items that are done."""
    async with aclosing(follow_work(connection, *path, body={}, **query)) as events:
        async for event in events:
            if event.kind == "progress":
                counted: Progress = parse_answer(event.data, Progress, connection.url)
                progress(counted.done)
            elif event.kind == "result":
                return parse_answer(event.data, kind, connection.url)
    raise AssertionError
