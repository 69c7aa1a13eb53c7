"""The tool that runs a command in the workspace, with the rights of the worker.

This is not a sandbox: a command can read and change what the worker's user can. So a person must
approve each one, unless the author decides otherwise.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from harness.agent import AnyTool, ToolContext, tool
from harness.agent.tool import Approval
from harness.contracts.base import Word
from harness.contracts.errors import ToolFailed, ToolTimeout, UndoUnavailable
from harness.tools.shell.shell_process import Limits, Ran, run_command

MAX_SECONDS = 600.0
UNDO_SECONDS = 120.0
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
SHOWN = 2_000

Command = Annotated[str, Field(min_length=1, max_length=20_000)]


class ShellReceipt(Word):
    command: str
    undo: str | None = None


def shell_tools(
    *,
    approval: Approval = "always",
    env: Mapping[str, str] | None = None,
    memory_mb: int = 2048,
    file_mb: int = 1024,
) -> tuple[AnyTool]:
    """Make the `shell` tool for an agent.

    Args:
        approval: Whether a person must approve a command.
        env: Variables for commands, beside PATH, HOME (the workspace), LANG and TERM; they get
            none of the worker's own.
        memory_mb: Memory limit of each process of a command.
        file_mb: Size limit of each file that a command writes.

    Returns:
        The tool.
    """
    more = dict(env or {})

    @tool(effect="write", workspace=True, approval=approval, timeout=MAX_SECONDS + 20.0)
    async def shell(
        ctx: ToolContext[Any],
        command: Command,
        undo: Command | None = None,
        seconds: Annotated[float, Field(ge=1, le=MAX_SECONDS)] = 60,
    ) -> str:
        """Run a command with /bin/sh in the workspace; returns its exit code and its output.

        Args:
            command: It gets no input. Background processes are killed when it ends.
            undo: The command that undoes this one, if there is one.
            seconds: How long it may take.
        """
        ctx.receipt(ShellReceipt(command=command, undo=undo))
        limits = Limits(seconds=seconds, memory_mb=memory_mb, file_mb=file_mb)
        ran = await run_command(command, ctx.workspace, _command_env(ctx, more), limits)
        if ran.code is None:
            raise ToolTimeout(f"The command was stopped after {seconds:g} s.{_format_output(ran)}")
        return f"exit code {ran.code}{_format_output(ran, whole=True)}"

    @shell.undo
    async def undo_shell(ctx: ToolContext[Any], receipt: ShellReceipt) -> str:
        if receipt.undo is None:
            raise UndoUnavailable("The call declared no undo command.")
        limits = Limits(seconds=UNDO_SECONDS, memory_mb=memory_mb, file_mb=file_mb)
        ran = await run_command(receipt.undo, ctx.workspace, _command_env(ctx, more), limits)
        if ran.code != 0:
            ended = "was stopped" if ran.code is None else f"ended with exit code {ran.code}"
            raise ToolFailed(f"{receipt.undo!r} {ended}.{_format_output(ran)}")
        return f"ran {receipt.undo!r}"

    @shell.obstacle
    def shell_obstacle(receipt: ShellReceipt) -> str | None:
        return None if receipt.undo else "The call declared no undo command."

    return (shell,)


def _command_env(ctx: ToolContext[Any], more: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of commands: only PATH is the worker's own, which has keys."""
    own = {
        "PATH": os.environ.get("PATH", PATH), "HOME": str(ctx.workspace), "LANG": "C.UTF-8",
        "TERM": "dumb", "HARNESS_IDEMPOTENCY_KEY": ctx.idempotency_key,
    }  # fmt: skip
    return {**own, **more}


def _format_output(ran: Ran, *, whole: bool = False) -> str:
    text = ran.output.rstrip("\n")
    if not text:
        return ""
    return f"\n{text}" if whole or len(text) <= SHOWN else f"\n…{text[-SHOWN:]}"


(shell,) = shell_tools()
