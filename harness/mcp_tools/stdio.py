"""The stdio transport: a program under a watcher, whose messages are read within limits.

The SDK's own transport keeps a line of any length in memory, passes on more of the environment,
and leaves the program running when the worker is killed.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from harness.agent.mcp_server import McpServer
from harness.commons.log_content import guarded_logger
from harness.commons.redact import MASK, redact_data, register_secrets
from harness.contracts.errors import McpUnavailable
from harness.mcp_tools.link import MAX_MESSAGE, BadMessage, Link, parse_message, shorten_words
from harness.tools.shell.shell_process import CHILD, hide_memory

if TYPE_CHECKING:
    from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
    from mcp.client._transport import TransportStreams
    from mcp.shared.message import SessionMessage

PATH = "/usr/local/bin:/usr/bin:/bin"
GRACE_S = 1.0
"""How long a program may take to end once its input is closed."""
LAST_S = 5.0
MAX_LINE = 4_096
MAX_LINES = 1_000
"""Lines of stderr that are logged of one process."""


@asynccontextmanager
async def open_stdio(link: Link, project: Path) -> AsyncGenerator[TransportStreams]:
    """Start the server's program in the project's folder; no process of it is left afterwards."""
    import anyio
    from mcp.shared.message import SessionMessage

    lifeline, process = await _start_program(link.server, project)
    send, receive = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    outgoing, taken = anyio.create_memory_object_stream[SessionMessage](0)
    tasks = [
        asyncio.create_task(_read_messages(link, process, send)),
        asyncio.create_task(_write_messages(link, process, taken, send)),
    ]
    listening = asyncio.create_task(_read_stderr(link, process))
    try:
        yield receive, outgoing
    finally:
        link.fail("the connection was closed")
        for task in tasks:
            task.cancel()
        try:
            await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            await _stop_program(process, lifeline)
            listening.cancel()
        for stream in (send, receive, outgoing, taken):
            stream.close()


async def _start_program(
    server: McpServer, project: Path
) -> tuple[int, asyncio.subprocess.Process]:
    """Start the program; returns the file descriptor that keeps it alive, and its watcher."""
    env = make_environment(server, os.environ)
    argv = [_find_program(server, env["PATH"], project), *server.command[1:]]
    hide_memory()
    asked = json.dumps({"argv": argv, "limits": {"CORE": 0}}, ensure_ascii=False).encode()
    theirs, ours = os.pipe()
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-S", str(CHILD), str(theirs),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE, cwd=project, env=env, start_new_session=True,
            pass_fds=(theirs,), limit=MAX_MESSAGE,
        )  # fmt: skip
    except BaseException as error:
        os.close(ours)
        if not isinstance(error, OSError):
            raise
        raise McpUnavailable(
            f"The MCP server {server.name} cannot be started: {error.strerror}."
        ) from None
    finally:
        os.close(theirs)
    os.write(ours, len(asked).to_bytes(4, "big") + asked)
    return ours, process


def make_environment(server: McpServer, own: Mapping[str, str]) -> dict[str, str]:
    """Make the environment of the program: of the worker's variables, only what is declared."""
    env = {"PATH": own.get("PATH", PATH), "LANG": "C.UTF-8"}
    if home := own.get("HOME"):
        env["HOME"] = home
    for each in server.env:
        name, given, value = each.partition("=")
        if not given and name not in own:
            raise McpUnavailable(
                f"The MCP server {server.name} needs the variable {name}, which is not set.",
                fix=f"Set {name} in the environment of the worker.",
            )
        env[name] = value if given else own[name]
        if redact_data(env[name], name) == MASK:
            register_secrets([env[name]])
    return env


def _find_program(server: McpServer, path: str, project: Path) -> str:
    name = server.command[0]
    found = str(project / name) if "/" in name else shutil.which(name, path=path)
    if found is None or not os.access(found, os.X_OK):
        raise McpUnavailable(
            f"The MCP server {server.name} cannot be started: there is no program {name}.",
            fix="Install it, or correct its command.",
        )
    return found


async def _read_messages(
    link: Link,
    process: asyncio.subprocess.Process,
    send: MemoryObjectSendStream[SessionMessage | Exception],
) -> None:
    """Pass on messages until the program ends or breaks a rule; either ends the connection."""
    assert process.stdout is not None
    try:
        while line := await _read_line(process.stdout):
            link.count(len(line), messages=1)
            if not line.isspace():
                await send.send(parse_message(line))
        link.fail(await _describe_end(process))
    except BadMessage as why:
        link.fail(str(why))
    except Exception as error:  # the session is gone
        link.fail(type(error).__name__)
    finally:
        send.close()


async def _describe_end(process: asyncio.subprocess.Process) -> str:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(GRACE_S):
            return f"it ended with exit code {await process.wait()}"
    return "it closed its output"


async def _read_line(stdout: asyncio.StreamReader) -> bytes:
    try:
        return await stdout.readuntil(b"\n")
    except asyncio.IncompleteReadError as error:
        return error.partial
    except asyncio.LimitOverrunError:
        raise BadMessage(f"it sent a message of more than {MAX_MESSAGE:,} bytes") from None


async def _write_messages(
    link: Link,
    process: asyncio.subprocess.Process,
    taken: MemoryObjectReceiveStream[SessionMessage],
    send: MemoryObjectSendStream[SessionMessage | Exception],
) -> None:
    assert process.stdin is not None
    try:
        async for message in taken:
            text = message.message.model_dump_json(by_alias=True, exclude_unset=True)
            link.begin_request()
            process.stdin.write(f"{text}\n".encode(errors="replace"))
            await process.stdin.drain()
    except Exception:
        link.fail("it reads nothing more")
        send.close()


async def _read_stderr(link: Link, process: asyncio.subprocess.Process) -> None:
    """Log what the program writes to stderr, redacted and bounded, and keep its last words."""
    assert process.stderr is not None
    log = guarded_logger(f"harness.mcp.{link.server.name}")
    lines, rest = 0, b""
    while block := await process.stderr.read(MAX_LINE):
        *whole, rest = (rest + block).split(b"\n")
        whole += [rest] if len(rest) > MAX_LINE else []
        rest = b"" if len(rest) > MAX_LINE else rest
        for line in whole:
            words = shorten_words(line.decode(errors="replace"))
            if not words:
                continue
            link.last_words[:] = [*link.last_words[-2:], words]
            lines += 1
            if lines <= MAX_LINES:
                log.info("%s", words)
    if words := shorten_words(rest.decode(errors="replace")):
        link.last_words.append(words)


async def _stop_program(process: asyncio.subprocess.Process, lifeline: int) -> None:
    """Let the program end, then kill what is left of it."""
    ended = asyncio.create_task(_wait_for_end(process))
    try:
        if process.stdin is not None:
            process.stdin.close()
        await asyncio.wait([ended], timeout=GRACE_S)
    finally:
        os.close(lifeline)  # the watcher then kills all processes
        # A process that left the group may hold the pipes forever, on systems other than Linux.
        await asyncio.wait([ended], timeout=LAST_S)
        ended.cancel()


async def _wait_for_end(process: asyncio.subprocess.Process) -> None:
    """Wait for the end. asyncio reports it only once the output was read."""
    assert process.stdout is not None
    while await process.stdout.read(MAX_MESSAGE):
        pass
    await process.wait()
