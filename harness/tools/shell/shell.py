"""The tool that runs a command in the workspace, with the rights of the worker.

It is no sandbox: a command reads and changes what the worker's user may. So a person allows each
one, unless the author says otherwise.
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
from harness.tools.shell.shell_process import Limits, Ran, run

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
    """`shell`, as an agent needs it.

    Args:
        approval: Whether a person must allow a command.
        env: Variables that commands get beside PATH, HOME (the workspace), LANG and TERM; nothing
            of the worker's own.
        memory_mb: For each process of a command.
        file_mb: For each file that one writes.

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
            command: It gets no input. Nothing of it stays in the background.
            undo: The command that takes this one back, where there is one.
            seconds: How long it may take.
        """
        ctx.receipt(ShellReceipt(command=command, undo=undo))
        limits = Limits(seconds=seconds, memory_mb=memory_mb, file_mb=file_mb)
        ran = await run(command, ctx.workspace, _env(ctx, more), limits)
        if ran.code is None:
            raise ToolTimeout(f"The command was stopped after {seconds:g} s.{_output(ran)}")
        return f"exit code {ran.code}{_output(ran, whole=True)}"

    @shell.undo
    async def undo_shell(ctx: ToolContext[Any], receipt: ShellReceipt) -> str:
        if receipt.undo is None:
            raise UndoUnavailable("The call declared no undo.")
        limits = Limits(seconds=UNDO_SECONDS, memory_mb=memory_mb, file_mb=file_mb)
        ran = await run(receipt.undo, ctx.workspace, _env(ctx, more), limits)
        if ran.code != 0:
            ended = "was stopped" if ran.code is None else f"ended with exit code {ran.code}"
            raise ToolFailed(f"{receipt.undo!r} {ended}.{_output(ran)}")
        return f"ran {receipt.undo!r}"

    @shell.obstacle
    def shell_obstacle(receipt: ShellReceipt) -> str | None:
        return None if receipt.undo else "The call declared no undo."

    return (shell,)


def _env(ctx: ToolContext[Any], more: Mapping[str, str]) -> dict[str, str]:
    """Nothing of the worker's own but where programs are: it holds keys."""
    own = {
        "PATH": os.environ.get("PATH", PATH), "HOME": str(ctx.workspace), "LANG": "C.UTF-8",
        "TERM": "dumb", "HARNESS_IDEMPOTENCY_KEY": ctx.idempotency_key,
    }  # fmt: skip
    return {**own, **more}


def _output(ran: Ran, *, whole: bool = False) -> str:
    text = ran.output.rstrip("\n")
    if not text:
        return ""
    return f"\n{text}" if whole or len(text) <= SHOWN else f"\n…{text[-SHOWN:]}"


(shell,) = shell_tools()
