"""Whether a subject works: its health address answers 200."""

from __future__ import annotations

import asyncio
import time

from harness.care.subjects.subject import Subject

PROBE_S = 5.0
PAUSE_S = 0.25


async def wait_until_healthy(subject: Subject) -> str | None:
    """Wait until it is healthy; the reason if it is not in time. A subject without a health address
    counts as healthy."""
    if subject.health is None:
        return None
    until = time.monotonic() + subject.health_seconds
    while True:
        reason = await probe(subject.health)
        if reason is None or time.monotonic() >= until:
            return reason
        await asyncio.sleep(PAUSE_S)


async def probe(url: str) -> str | None:
    """Ask a health address once; the reason if it does not answer 200."""
    import httpx2

    try:
        async with (
            asyncio.timeout(PROBE_S),
            httpx2.AsyncClient(timeout=PROBE_S, trust_env=False) as client,
            client.stream("GET", url) as reply,
        ):
            return None if reply.status_code == 200 else f"{url} answered {reply.status_code}"
    except TimeoutError:
        return f"{url} did not answer within {PROBE_S:g} s"
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        return f"{url} cannot be reached: {str(error) or type(error).__name__}"
