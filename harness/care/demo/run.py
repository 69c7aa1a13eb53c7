"""Run the demo: Prometheus, Loki, the subjects, traffic, the daemon with the page, a worker."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress

from harness.care.demo import leftovers
from harness.care.demo.log_store import INSTALL as INSTALL_LOKI
from harness.care.demo.log_store import find_loki
from harness.care.demo.project import SUBJECTS, DemoProject, run_deploy
from harness.care.subjects.health import probe
from harness.contracts.errors import DemoRefused

READY_S = 30.0
STOP_S = 20.0
MISSING = "Prometheus is missing: the demo has no metrics without it."
INSTALL = "Install it: apt-get install prometheus (or brew install prometheus)."
HARNESS = (sys.executable, "-c", "from harness.cli.main import main; main()")
NO_LOGS = f"Loki is missing: the demo has metrics alone. {INSTALL_LOKI}"
MADE_WITHOUT = "This demo was made without logs. To have them, start one in another folder."
LOG_FILES = {"ratelimiter": "service.log", "queue-worker": "worker.log"}
APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND
Say = Callable[[str], None]


def find_prometheus() -> str:
    """The executable; raises DemoRefused if it is missing."""
    found = shutil.which("prometheus")
    if found is None:
        raise DemoRefused(MISSING, fix=INSTALL)
    return found


async def run_demo(demo: DemoProject, say: Say, *, rps: float, serve: tuple[str, ...]) -> None:
    """Run all parts until one ends; ends the others then. `serve`: arguments of `harness serve`."""
    prometheus = find_prometheus()
    await asyncio.to_thread(leftovers.begin, demo.folder)
    async with AsyncExitStack() as stack:
        say("Starting Prometheus")
        parts = [
            await stack.enter_async_context(_running(demo, "prometheus", [
                prometheus, "--config.file=prometheus.yml", "--storage.tsdb.path=.prometheus",
                f"--web.listen-address=127.0.0.1:{demo.prometheus}", "--log.level=warn",
            ])),
        ]  # fmt: skip
        await _wait_until_ready(f"http://127.0.0.1:{demo.prometheus}/-/ready")
        parts += await _start_logs(demo, stack, say)
        say("Deploying the rate limiter and the queue worker")
        stack.callback(_stop_subjects, demo)
        for name in SUBJECTS:
            await asyncio.to_thread(run_deploy, demo, name)
            await asyncio.to_thread(run_deploy, demo, name, "--restart")
        await _wait_until_ready(f"{demo.url}/health")
        say(f"Sending traffic: {rps:g} requests and {rps:g} jobs a second")
        queue = str(demo.find_subject("queue-worker") / ".run")
        for name, where in (("traffic", ("--url", demo.url)), ("jobs", ("--queue", queue))):
            sending = [sys.executable, "-m", f"harness.care.demo.{name}", "--rps", str(rps), *where]
            parts.append(await stack.enter_async_context(_running(demo, name, sending)))
        for name in SUBJECTS:
            await _call_harness(demo, "care", "subject", "add", name)
        served = [*HARNESS, "serve", "care_agent.py:agent", *serve]
        parts.append(await stack.enter_async_context(_running(demo, None, served)))
        ends = [asyncio.ensure_future(part.wait()) for part in parts]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in ends:
                end.cancel()


async def _start_logs(
    demo: DemoProject, stack: AsyncExitStack, say: Say
) -> list[asyncio.subprocess.Process]:
    """Start Loki, and what sends the subjects' lines to it; nothing where there is no Loki."""
    loki = await asyncio.to_thread(find_loki)
    if loki is None or demo.loki is None:
        say(NO_LOGS if loki is None else MADE_WITHOUT)
        return []
    say("Starting Loki")
    url = f"http://127.0.0.1:{demo.loki}"
    server = await stack.enter_async_context(
        _running(demo, "loki", [str(loki), "-config.file=loki.yml"], {"GOMEMLIMIT": "400MiB"})
    )
    await _wait_until_ready(f"{url}/ready")
    shippers = [
        await stack.enter_async_context(_running(demo, f"shipper-{name}", [
            sys.executable, "-m", "harness.care.demo.shipper",
            str(demo.find_subject(name) / ".run" / file), "--url", url, "--service", name,
        ]))
        for name, file in LOG_FILES.items()
    ]  # fmt: skip
    return [server, *shippers]


@asynccontextmanager
async def _running(
    demo: DemoProject, name: str | None, argv: list[str], more: dict[str, str] | None = None
) -> AsyncGenerator[asyncio.subprocess.Process]:
    """A process in the demo's folder, ended with this one. Its output goes to a file with its name,
    or where this process writes."""
    log = None if name is None else os.open(demo.folder / f"{name}.log", APPEND, 0o600)
    try:
        process = await asyncio.create_subprocess_exec(
            *argv, cwd=demo.folder, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True, env=os.environ | (more or {}),
        )  # fmt: skip
    finally:
        if log is not None:
            os.close(log)
    await asyncio.to_thread(leftovers.note, demo.folder, process.pid)
    try:
        yield process
    finally:
        await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Ask it to end, and kill it if it does not."""
    for kind in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, kind)
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_S):
                await process.wait()
                return


async def _call_harness(demo: DemoProject, *words: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *HARNESS, *words, cwd=demo.folder,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await process.communicate()
    if process.returncode != 0:
        raise DemoRefused(f"harness {' '.join(words)} failed: {output.decode(errors='replace')}")


async def _wait_until_ready(url: str) -> None:
    reason: str | None = "not asked"
    try:
        async with asyncio.timeout(READY_S):
            while (reason := await probe(url)) is not None:  # noqa: ASYNC110 - it says nothing
                await asyncio.sleep(0.2)
    except TimeoutError:
        raise DemoRefused(f"{url} is not ready after {READY_S:g} s: {reason}.") from None


def _stop_subjects(demo: DemoProject) -> None:
    for name in SUBJECTS:
        for file in (demo.find_subject(name) / ".run").glob("pid*"):
            with suppress(OSError, ValueError):
                os.killpg(int(file.read_text()), signal.SIGKILL)
