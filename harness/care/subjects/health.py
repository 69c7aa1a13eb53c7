"""Whether a subject works: its health address answers 200, or its health command exits with 0."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from harness.care.subjects.commands import run_command
from harness.care.subjects.subject import Health, Subject
from harness.commons.certificates import load_certificates

PROBE_S = 5.0
PAUSE_S = 0.25
MAX_REASON = 300


async def wait_until_healthy(subject: Subject, folder: Path) -> str | None:
    """Wait until it is healthy; the reason if it is not in time. A subject that does not say what
    healthy is counts as healthy."""
    if subject.health is None:
        return None
    until = time.monotonic() + subject.health_seconds
    while True:
        reason = await check_health(subject.health, folder)
        if reason is None or time.monotonic() >= until:
            return reason
        await asyncio.sleep(PAUSE_S)


async def check_health(health: Health, folder: Path) -> str | None:
    """Look once; the reason if it is not healthy. A command runs in the subject's folder."""
    if isinstance(health, str):
        return await probe(health)
    ran = await run_command(health, folder, PROBE_S)
    if ran.is_good:
        return None
    said = (ran.output.splitlines() or ["it says nothing"])[-1][:MAX_REASON]
    return f"{health[0]} exited with {ran.code}: {said}" if ran.code is not None else said


async def probe(url: str) -> str | None:
    """Ask a health address once; the reason if it does not answer 200."""
    import httpx2

    certificates = load_certificates("httpx2")
    try:
        async with (
            asyncio.timeout(PROBE_S),
            httpx2.AsyncClient(timeout=PROBE_S, trust_env=False, verify=certificates) as client,
            client.stream("GET", url) as reply,
        ):
            return None if reply.status_code == 200 else f"{url} answered {reply.status_code}"
    except TimeoutError:
        return f"{url} did not answer within {PROBE_S:g} s"
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        return f"{url} cannot be reached: {str(error) or type(error).__name__}"
