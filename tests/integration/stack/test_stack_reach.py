# ruff: noqa: F401, F811 - fixtures are imported, and asked for by their names
"""What web pages and other users reach of a running stack, with raw sockets."""

import asyncio
import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from temporalio.client import Client

from harness.stack import find_stack, make_connect_options, open_stack
from harness.stack.guard import is_running
from tests.fakes.stack import (
    SETTINGS,
    answers,
    empty_project,
    kill,
    pid_of,
    project,
    until,
    until_state,
)

RUNS = "/api/v1/namespaces/default/workflows"


async def ask(
    address: tuple[str, int], line: str, *headers: str, body: str = ""
) -> tuple[int, bytes]:
    reader, writer = await asyncio.open_connection(*address)
    lines = [f"{line} HTTP/1.1", *headers, f"Content-Length: {len(body)}", "Connection: close"]
    writer.write("\r\n".join([*lines, "", body]).encode())
    answer = await reader.read()
    writer.close()
    return int(answer.split(b" ", 2)[1]), answer.partition(b"\r\n\r\n")[2]


def listening(pid: int) -> list[tuple[str, int]]:
    """The addresses at which a process listens."""
    links = [link.readlink().name for link in Path(f"/proc/{pid}/fd").iterdir() if link.exists()]
    inodes = {name[8:-1] for name in map(str, links) if name.startswith("socket:[")}
    found: list[tuple[str, int]] = []
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == "0A" and fields[9] in inodes:
            host, _, port = fields[1].partition(":")
            address = ".".join(str(part) for part in reversed(bytes.fromhex(host)))
            found.append((address, int(port, 16)))
    return found


async def test_nothing_answers_over_http_unless_asked_for(project: Path) -> None:
    async with open_stack(SETTINGS, project) as endpoints:
        assert endpoints.ui_url is None
        pid = await pid_of(project, "temporal")
        assert is_running(pid, like="--headless")
        for address in listening(pid):
            for host in ("127.0.0.1", "evil.example", f"localhost:{address[1]}", ""):
                for line in (f"GET {RUNS}", f"POST {RUNS}/a-run", "GET /"):
                    try:
                        status, _ = await ask(address, line, f"Host: {host}", body="{}")
                    except (IndexError, ValueError, OSError):
                        continue  # it speaks gRPC, and hangs up
                    assert status in (400, 403, 404), (address, host, line, status)


@pytest.mark.slow
async def test_the_page_joins_a_running_temporal(project: Path) -> None:
    async with open_stack(SETTINGS, project) as alone:
        client = await Client.connect(**await make_connect_options(SETTINGS, alone))
        handle = await client.start_workflow("Anything", id="kept", task_queue="nobody")
        async with open_stack(SETTINGS, project, page=True) as both:
            assert both.temporal_address == alone.temporal_address
            assert both.ui_url is not None
            address = ("127.0.0.1", urlsplit(both.ui_url).port or 0)
            own = f"Host: 127.0.0.1:{address[1]}"
            assert (await handle.describe()).workflow_type == "Anything"
            await operated_by_hand(address, own)
            await refused(address, own)
            # It is the same page for who comes later, and after the engine was killed.
            assert await find_stack(SETTINGS, project) == both
            pid = await pid_of(project, "temporal")
            kill(pid)
            await until_state(project, "temporal", "running", not_pid=pid)
            await until(lambda: reads(address, own))
    await until(lambda: not answers(f"127.0.0.1:{address[1]}"))


async def operated_by_hand(address: tuple[str, int], own: str) -> None:
    """Reading and signalling, as the page does it."""
    status, page = await ask(address, "GET /namespaces/default/workflows", own)
    assert status == 200 and b"<!doctype html>" in page
    await until(lambda: reads(address, own))  # clients retry while the engine comes up
    _, listed = await ask(address, f"GET {RUNS}/kept", own)
    assert json.loads(listed)["workflowExecutionInfo"]["execution"]
    origin = f"Origin: http://{own.removeprefix('Host: ')}"
    token = ("Cookie: _csrf=known", "X-CSRF-Token: known")
    signal = json.dumps({"signalName": "hint", "input": {"payloads": []}})
    kind = "Content-Type: application/json"
    status, said = await ask(
        address, f"POST {RUNS}/kept/signal/hint", own, origin, kind, *token, body=signal
    )
    assert status == 200, said


async def reads(address: tuple[str, int], own: str) -> bool:
    return (await ask(address, f"GET {RUNS}/kept", own))[0] == 200


async def refused(address: tuple[str, int], own: str) -> None:
    for headers in (
        ("Host: evil.example",),
        (f"Host: evil.example:{address[1]}",),
        (own, "Origin: http://evil.example"),
        (own, "Origin: null", "Content-Type: text/plain"),
        (own, "Sec-Fetch-Site: cross-site"),
        (own, "Host: evil.example"),
    ):
        status, _ = await ask(address, f"POST {RUNS}/kept/terminate", *headers, body="{}")
        assert status == 403, headers
