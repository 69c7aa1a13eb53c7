"""The protocol's own suite and official client. The suite writes what it reads: its reads meet the
daemon's code over logs in memory."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from harness import Agent, Harness
from harness.api.caller import Caller
from harness.api.context import ApiContext
from harness.api.counts import Counts
from harness.api.settings import ApiSettings
from harness_daemon.server import listen_on, serve_app
from tests.fakes.model_server import ModelServer
from tests.fakes.npm import install_packages, run_node
from tests.fakes.runs import send, waiting
from tests.fakes.steps import call, say
from tests.integration.api.conftest import Api
from tests.integration.durable_streams.memory_server import make_memory_app

READS = (
    "Read Operations", "Long-Poll", "HEAD Metadata should", "Browser Security Headers",
    "Offset Validation", "Caching and ETag", "Chunking and Large Payloads", "Read-Your-Writes",
    "SSE Mode", "(?<!- )JSON Mode", "Property-Based Tests .*(Byte-Exactness|Immutability|Offset)",
    "Stream Closure (HEAD|Read|Long-poll|SSE) ",
)  # fmt: skip
"""The parts of the suite that read. The rest is about what nobody can do to a run: write, expire,
delete or fork its stream."""
NOT_OURS = ("base64", "binary streams", "CORS preflight")
"""Tests of binary streams, as which no run is served, and of pages of other sites, which the daemon
refuses."""


async def never(caller: Caller) -> None:
    del caller
    await asyncio.Event().wait()


@pytest.mark.campaign
async def test_durable_streams_suite(harness: Harness, tmp_path: Path) -> None:
    install_packages()
    connection, settings = harness.connection, ApiSettings(heartbeat_seconds=2)
    app = make_memory_app(ApiContext.of(connection, settings, never))
    listening, report = listen_on("127.0.0.1", 0), tmp_path / "report.json"
    async with serve_app(app, listening, settings.slow_seconds, settings.body_seconds, Counts()):
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        command = ("node_modules/vitest/vitest.mjs", "run", "durable_streams.test.mjs")
        names = "|".join(READS)
        options = ("--reporter=json", f"--outputFile={report}", "--testNamePattern", f"({names})")
        _, _, err = await run_node(*command, *options, HARNESS_URL=url)
    listening.close()
    assert report.exists(), err
    results = [
        each
        for file in json.loads(report.read_text())["testResults"]
        for each in file["assertionResults"]
    ]
    failed = [each["fullName"] for each in results if each["status"] == "failed"]
    wrong = [name for name in failed if not any(each in name for each in NOT_OURS)]
    passed = sum(each["status"] == "passed" for each in results)
    assert (wrong, passed, len(failed)) == ([], 106, 8), failed


@pytest.mark.campaign
async def test_durable_streams_client(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    install_packages()
    agent = Agent(name, tools=[send])
    await harness.serve(agent)
    model_server.script(call("send", to="ann", text="hi"), say("Sent."))
    run = await harness.start(agent, "Write to Ann.")
    await waiting(run)
    token = {"HARNESS_TOKEN": api.tokens["admin"], "RUN": run.id}
    reading = asyncio.create_task(
        run_node("durable_streams.mjs", HARNESS_URL=api.daemon.url, **token)
    )
    await run.approve()
    code, out, err = await reading
    assert code == 0, err
    told: dict[str, Any] = json.loads(out.splitlines()[-1])
    trace = (await api.admin.get(f"/api/v1/runs/{run.id}/trace")).json()["events"]
    for live in ("long-poll", "sse"):
        assert told["before"] + told[live] == trace
        assert told[f"{live} closed"] is True
