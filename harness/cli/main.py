"""The entry point: find the command, run it, leave by the door."""

from __future__ import annotations

import sys
from collections.abc import Coroutine, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from harness.cli.declare import Command
from harness.terminal import door

if TYPE_CHECKING:
    from harness.cli.out import Out
    from harness.cli.parser import UsageError


def main() -> NoReturn:
    try:
        code = _main(sys.argv[1:])
    except BrokenPipeError:  # who read our output has left
        code = door.BROKEN_PIPE
    except KeyboardInterrupt:
        code = door.INTERRUPTED
    door.leave(code)


def _main(words: Sequence[str]) -> int:
    if not words or words[0] in ("-h", "--help", "help"):
        return _help(words[1:])
    if words[0] == "--version":
        words = ["version", *words[1:]]
    if words[0] in ("--completion", "--install-completion"):
        from harness.cli import completion

        return _guarded(lambda: completion.main(words), json=False)
    return _guarded(lambda: _command(words), json="--json" in words)


def _help(words: Sequence[str]) -> int:
    from harness.cli import help

    if words and not words[0].startswith("-"):
        return _guarded(lambda: _command([words[0], "--help"]), json=False)
    print_(help.overview())
    return door.DONE


def _command(words: Sequence[str]) -> int:
    from harness.cli.parser import find, parse

    command = find(words[0])
    if {"-h", "--help"} & set(words[1:]):
        from harness.cli.help import of_command

        print_(of_command(command))
        return door.DONE
    args = parse(command, words[1:])
    args.command = command.name
    from harness.cli.out import Out

    out = Out(json=args.json)
    try:
        return _run(command, args, out)
    except (BrokenPipeError, KeyboardInterrupt):
        raise
    except Exception as error:
        return _failed(error, out)


def _run(command: Command, args: Any, out: Out) -> int:
    from asyncio import CancelledError
    from importlib import import_module

    module, _, name = command.target.partition(":")
    function = getattr(import_module(module), name)
    result: int | Coroutine[Any, Any, int] = function(args, out)
    if isinstance(result, int):
        return result
    try:
        return door.run(result)
    except CancelledError:  # told to leave: SIGTERM, or the terminal is gone
        return door.INTERRUPTED


def _failed(error: Exception, out: Out) -> int:
    from harness.cli.parser import UsageError

    if isinstance(error, UsageError):
        return _misused(error, out)
    from harness.contracts.errors import CATALOG, HarnessError

    if isinstance(error, HarnessError):
        out.error(error.info.model_dump(exclude_none=True))
        return door.BAD_USE if error.code.startswith("config.") else door.FAILED
    import traceback

    from harness.commons.redact import redact

    sys.stderr.write(redact("".join(traceback.format_exception(error))))
    message = f"{type(error).__name__}: {error}"
    fix = CATALOG["run.failed"].fix
    out.error({"code": "run.failed", "message": message, "fix": fix, "retryable": False})
    return door.FAILED


def _guarded(run: Any, *, json: bool) -> int:
    """Errors of use are told without loading what commands need."""
    from harness.cli.parser import UsageError

    try:
        return run()
    except UsageError as error:
        from harness.cli.out import Out

        return _misused(error, Out(json=json))


def _misused(error: UsageError, out: Out) -> int:
    info = {"code": "config.usage", "message": error.message, "fix": error.fix}
    out.error({**info, "retryable": False})
    return door.BAD_USE


def print_(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
