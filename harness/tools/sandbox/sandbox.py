"""The tools that run shell commands and Python in a sandbox.

A command sees the system, read-only, and the workspace, copied on write; no network, no other
files, no other processes. So it runs before it counts as an effect, as often as needed; what it
changed is then the effect: recorded, made in the workspace, and undone exactly.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Protocol

from pydantic import Field

from harness.agent import AnyTool, ToolContext, tool
from harness.agent.checks import is_positive
from harness.agent.tool import Approval
from harness.contracts.clean_text import clean_text
from harness.contracts.errors import InvalidAgent, ToolFailed, ToolTimeout
from harness.tools.files.names import show_name
from harness.tools.sandbox.changes import (
    Changes,
    apply_changes,
    check_changes,
    find_changes,
    store_changes,
    undo_changes,
)
from harness.tools.sandbox.confined_run import START_S, Finished, SandboxLimits, run_confined

MAX_SECONDS = 600.0
CALL_SECONDS = MAX_SECONDS + 2 * START_S
LISTED = 50
INLINE_OUTPUT = 8_000
Script = Annotated[str, Field(min_length=1, max_length=100_000)]
Seconds = Annotated[float, Field(ge=1, le=MAX_SECONDS)]


class Run(Protocol):
    """Runs a script in the sandbox, and returns the receipt of what it changed."""

    async def __call__(
        self, ctx: ToolContext[Any], script: str, seconds: float, *, python: bool
    ) -> SandboxReceipt: ...


class SandboxReceipt(Changes):
    said: str
    """The result, if it is short."""
    said_in: str | None = None
    """The artifact with the result."""


def sandbox_tools(
    *,
    approval: Approval = "never",
    env: Mapping[str, str] | None = None,
    readable: Sequence[str | Path] = (),
    memory_mb: int = 1024,
    processes: int = 128,
    file_mb: int = 128,
    disk_mb: int = 256,
) -> tuple[AnyTool, AnyTool]:
    """Make `run_shell` and `run_python` for an agent: they run in a sandbox over the workspace.

    Args:
        approval: Whether a person must approve a call.
        env: Variables for commands, beside PATH, HOME, LANG and TERM; they get none of the
            worker's own.
        readable: Folders of the host that commands may read, beside /usr and the workspace: a
            virtual environment, for example. They have the same paths in the sandbox.
        memory_mb: Memory of all processes of a command together, and address space of each.
        processes: Most processes and threads at the same time.
        file_mb: Size of each file that a command writes.
        disk_mb: What a command may write in the workspace, and again in /tmp. Both are in memory.

    Returns:
        The tools.

    Raises:
        InvalidAgent: A limit is not positive.
    """
    sizes = {"memory_mb": memory_mb, "processes": processes, "file_mb": file_mb, "disk_mb": disk_mb}
    for name, value in sizes.items():
        if not is_positive(value):
            raise InvalidAgent(f"sandbox_tools has {name}={value!r}: it must be positive.")
    folders = tuple(Path(each) for each in readable)

    async def run(ctx: ToolContext[Any], script: str, seconds: float, *, python: bool) -> Any:
        limits = SandboxLimits(seconds=seconds, **sizes)
        async with run_confined(
            script, ctx.workspace, limits, python=python, env=env, readable=folders
        ) as ran:
            _refuse_exceeded(ran, limits)
            found = await asyncio.to_thread(find_changes, ctx.workspace, ran)
            changes = await store_changes(ctx, found)
            said = _show_result(ran, [each.path for each in found.changes], found.left)
        return await _keep_result(ctx, changes, said)

    tools = _make_shell(run, approval), _make_python(run, approval)
    for each in tools:
        each.undo(_undo)
        each.check(_check)
    return tools


def _make_shell(run: Run, approval: Approval) -> AnyTool:
    @tool(
        effect="write", workspace=True, approval=approval, on_unknown="retry", timeout=CALL_SECONDS
    )
    async def run_shell(
        ctx: ToolContext[Any],
        command: Script,  # noqa: ARG001 - it has run, in `prepare`
        seconds: Seconds = 60,  # noqa: ARG001
    ) -> str:
        """Run a command with /bin/sh in a sandbox: the workspace and /tmp, no network. Returns its
        exit code, its output and which files it changed.

        Args:
            command: It gets no input. Background processes are killed when it ends.
            seconds: How long it may take. If it takes longer, nothing is changed.
        """
        return await _finish(ctx)

    @run_shell.prepare
    async def before_shell(ctx: ToolContext[Any], arguments: Mapping[str, Any]) -> SandboxReceipt:
        return await run(ctx, arguments["command"], arguments["seconds"], python=False)

    return run_shell


def _make_python(run: Run, approval: Approval) -> AnyTool:
    @tool(
        effect="write", workspace=True, approval=approval, on_unknown="retry", timeout=CALL_SECONDS
    )
    async def run_python(
        ctx: ToolContext[Any],
        code: Script,  # noqa: ARG001 - it has run, in `prepare`
        seconds: Seconds = 60,  # noqa: ARG001
    ) -> str:
        """Run Python code in a sandbox: the workspace and /tmp, the standard library, no network.
        Returns its exit code, its output and which files it changed.

        Args:
            code: A program. Only what it prints is returned.
            seconds: How long it may take. If it takes longer, nothing is changed.
        """
        return await _finish(ctx)

    @run_python.prepare
    async def before_python(ctx: ToolContext[Any], arguments: Mapping[str, Any]) -> SandboxReceipt:
        return await run(ctx, arguments["code"], arguments["seconds"], python=True)

    return run_python


async def _finish(ctx: ToolContext[Any]) -> str:
    receipt = SandboxReceipt.model_validate(ctx.prepared)
    await apply_changes(ctx, receipt)
    if receipt.said_in is None:
        return receipt.said
    return (await ctx.host.read_artifact(receipt.said_in, 0, None)).decode()


async def _undo(ctx: ToolContext[Any], receipt: SandboxReceipt) -> str:
    return await undo_changes(ctx, receipt)


async def _check(ctx: ToolContext[Any], receipt: SandboxReceipt) -> Any:
    return await check_changes(ctx, receipt)


async def _keep_result(ctx: ToolContext[Any], changes: Changes, said: str) -> SandboxReceipt:
    kept = None
    if len(said) > INLINE_OUTPUT:
        kept, said = await ctx.host.put_artifact(said.encode()), ""
    return SandboxReceipt(**dict(changes), said=said, said_in=kept)


def _refuse_exceeded(ran: Finished, limits: SandboxLimits) -> None:
    """Raise if the command exceeded a limit: nothing of it is then taken over."""
    output = _show_end(ran.output)
    if ran.limit == "seconds":
        raise ToolTimeout(f"The command was stopped after {limits.seconds:g} s.{output}")
    reasons = {
        "memory": f"it used more than {limits.memory_mb} MB of memory",
        "processes": f"it had more than {limits.processes} processes and threads",
        "host_memory": "the memory of the host ran low",
        "killed": "something outside of the sandbox killed it",
    }
    if ran.limit is not None:
        raise ToolFailed(f"The command was stopped: {reasons[ran.limit]}.{output}")
    over = {
        "entries": "too many files", "content": "too much in files", "depth": "folders too deep",
    }  # fmt: skip
    if ran.over is not None:
        raise ToolFailed(
            f"The command left {over[ran.over]} in the workspace: nothing was taken over. Write "
            f"what is not needed afterwards to /tmp.{output}"
        )


def _show_result(ran: Finished, changed: list[str], left: list[str]) -> str:
    lines = [f"exit code {ran.code}", clean_text(ran.output).rstrip("\n")]
    if changed:
        lines.append(f"[changed: {_list_names([show_name(each) for each in changed])}]")
    if left:
        lines.append(f"[not kept: {_list_names(left)}]")
    return "\n".join(line for line in lines if line)


def _list_names(names: list[str]) -> str:
    """List the first of them."""
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return ", ".join(names[:LISTED]) + more


def _show_end(output: str) -> str:
    text = clean_text(output).rstrip("\n")
    return f"\n{text if len(text) <= 2_000 else f'…{text[-2_000:]}'}" if text else ""


run_shell, run_python = sandbox_tools()
