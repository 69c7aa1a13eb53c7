"""`harness serve` as a user has it: a client of another program, and the plug pulled."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.command import harness_command
from tests.fakes.warm_python import warm_python

EXAMPLE = Path(__file__).parents[3] / "examples" / "http_client.py"
SLOW_AGENT = """
import asyncio
from harness import Agent, tool

@tool
async def wait(seconds: float) -> str:
    \"\"\"Wait.\"\"\"
    await asyncio.sleep(seconds)
    return "done"

agent = Agent("slow", tools=[wait])
"""


@contextmanager
def serving(project: Path, *more: str) -> Generator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    process = subprocess.Popen(
        harness_command("serve", "--port", "0", "--json", *more),
        cwd=project,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield process, json.loads(process.stdout.readline())
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def make_token(project: Path) -> str:
    said = subprocess.run(
        harness_command("token", "create", "--json"), cwd=project, capture_output=True, text=True
    )
    return json.loads(said.stdout)["token"]


def read_page(url: str, token: str) -> bytes:
    """Temporal's page, which the daemon serves without any setting."""
    asked = urllib.request.Request(f"{url}/temporal", headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(asked, timeout=30) as answer:
        return answer.read()


@pytest.mark.slow
def test_the_example_client(tmp_path: Path) -> None:
    with serving(tmp_path) as (_, told):
        token = make_token(tmp_path)
        assert b"/temporal/_app/" in read_page(told["url"], token)
        env = os.environ | {"HARNESS_URL": told["url"], "HARNESS_TOKEN": token}
        done = subprocess.run(
            warm_python(str(EXAMPLE), "What is 6 * 7?"),
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert "42" in done.stdout, done.stderr
    assert done.stdout.endswith("\ncompleted\n")


@pytest.mark.slow
def test_a_stream_goes_on_with_the_next_daemon(tmp_path: Path) -> None:
    """kill -9 of the daemon, which serves the agent too, in the middle of a run."""
    (tmp_path / "slow.py").write_text(SLOW_AGENT)
    with serving(tmp_path, "--no-worker") as (first, told):
        token = make_token(tmp_path)
        worker = subprocess.Popen(harness_command("worker", "slow.py"), cwd=tmp_path)
        try:
            run = start(told["url"], token, "Use wait with seconds=3, please.")
            before = list(read_ids(told["url"], token, run, stop_after=2))
            first.kill()
            first.wait()
            with serving(tmp_path, "--no-worker") as (_, again):
                after = list(read_ids(again["url"], token, run, last=before[-1]))
                whole = list(read_ids(again["url"], token, run))
        finally:
            worker.send_signal(signal.SIGINT)
            worker.wait(30)
    assert before + after == whole
    assert len(whole) == len(set(whole)) > 3


def start(url: str, token: str, prompt: str) -> str:
    body = json.dumps({"agent": "slow", "prompt": prompt}).encode()
    deadline = time.monotonic() + 60
    while True:  # until the worker has published the agent
        request = urllib.request.Request(f"{url}/api/v1/runs", data=body, headers=headers(token))
        try:
            return json.load(urllib.request.urlopen(request))["id"]
        except urllib.error.HTTPError as error:
            if error.code != 404 or time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def read_ids(
    url: str, token: str, run: str, *, last: str | None = None, stop_after: int | None = None
) -> Generator[str]:
    more = {"Last-Event-ID": last} if last else {}
    request = urllib.request.Request(
        f"{url}/api/v1/runs/{run}/events", headers=headers(token) | more
    )
    seen, ended = 0, False
    with urllib.request.urlopen(request) as response:
        for line in response:
            if line.startswith(b"id: "):
                yield line.decode().removeprefix("id: ").strip()
                seen += 1
                if seen == stop_after:
                    return
            ended = ended or line == b"event: end\n"
    assert ended


def headers(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
