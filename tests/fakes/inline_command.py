"""Run a command of `harness` inside the test's own process and event loop."""

from __future__ import annotations

import io
import json
from collections.abc import Coroutine
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from harness.cli.commands import OWNERS
from harness.cli.out import Out
from harness.cli.parser import parse_arguments, split_command
from harness.cli.server_choice import choose_server
from harness.contracts.errors import HarnessError
from harness.terminal import exit_codes


@dataclass(frozen=True)
class Inline:
    """How a command ended."""

    code: int
    out: str
    error: dict[str, Any] | None = None

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Each line of its output, which must be JSON."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def last(self) -> dict[str, Any]:
        return self.lines[-1]


class InlineOut(Out):
    """Keeps what a command prints, instead of taking over the process's own stdout."""

    def __init__(self, *, json: bool, capability: str | None) -> None:
        super().__init__(json=False, capability=capability)
        self.json = json
        self._stdout = io.StringIO()

    @property
    def text(self) -> str:
        assert isinstance(self._stdout, io.StringIO)
        return self._stdout.getvalue()


async def run_inline(*words: str) -> Inline:
    """Run a command as `main` does, to its end."""
    command, rest = split_command(words)
    args = parse_arguments(command, rest)
    args.command = command.name
    out = InlineOut(json=args.json, capability=OWNERS[command.name])
    try:
        if command.works != "here":
            args.server = choose_server(command, args.server)
        module, _, name = command.target.partition(":")
        result: int | Coroutine[Any, Any, int] = getattr(import_module(module), name)(args, out)
        code = result if isinstance(result, int) else await result
    except HarnessError as error:
        info = error.info.model_dump(exclude_none=True)
        return Inline(exit_codes.exit_code_of(error), out.text, info)
    return Inline(code, out.text)
