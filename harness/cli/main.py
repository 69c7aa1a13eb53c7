"""The entry point: find the command, run it, and exit with its code."""

from __future__ import annotations

import sys
from collections.abc import Coroutine, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from harness.cli.spec import Command
from harness.terminal import exit_codes

if TYPE_CHECKING:
    from harness.cli.out import Out
    from harness.cli.parser import UsageError


def main() -> NoReturn:
    exit_codes.guard_streams()
    try:
        code = _main(sys.argv[1:])
    except KeyboardInterrupt:
        code = exit_codes.INTERRUPTED
    except Exception as error:
        lost = exit_codes.output_lost(error)
        code = _unexpected(error) if lost is None else lost
    exit_codes.leave(code)


def _main(words: Sequence[str]) -> int:
    if any("\ud800" <= char <= "\udfff" for word in words for char in word):
        return _guarded(lambda: _not_utf8(words), json="--json" in words)
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
    return exit_codes.DONE


def _command(words: Sequence[str]) -> int:
    from harness.cli.parser import find, parse

    command = find(words[0])
    if {"-h", "--help"} & set(words[1:]):
        from harness.cli.help import of_command

        print_(of_command(command))
        return exit_codes.DONE
    args = parse(command, words[1:])
    args.command = command.name
    from harness.cli.out import Out

    out = Out(json=args.json)
    try:
        return _run(command, args, out)
    except Exception as error:
        lost = exit_codes.output_lost(error)
        return _failed(error, out) if lost is None else lost


def _run(command: Command, args: Any, out: Out) -> int:
    from asyncio import CancelledError
    from importlib import import_module

    module, _, name = command.target.partition(":")
    function = getattr(import_module(module), name)
    result: int | Coroutine[Any, Any, int] = function(args, out)
    if isinstance(result, int):
        return result
    try:
        return exit_codes.run(result)
    except CancelledError:  # SIGTERM, or the terminal was closed
        return exit_codes.INTERRUPTED


def _failed(error: Exception, out: Out) -> int:
    from harness.cli.parser import UsageError

    if isinstance(error, UsageError):
        return _misused(error, out)
    from harness.contracts.errors import HarnessError, RunFailed

    if isinstance(error, HarnessError):
        out.error(error.info.model_dump(exclude_none=True))
        return exit_codes.code_of(error)
    from harness.commons.log import get_logger
    from harness.commons.redact import redact

    get_logger("harness.cli").debug("the command failed", exc_info=error)
    message = redact(f"{type(error).__name__}: {error}")
    fix = f"{RunFailed.fix} For the traceback: HARNESS_LOG__LEVEL=debug"
    out.error(RunFailed(message, fix=fix).info.model_dump(exclude_none=True))
    return exit_codes.FAILED


def _unexpected(error: Exception) -> int:
    """Report an error that occurred before a command was found."""
    exit_codes.tell(f"harness: {type(error).__name__}: {error}")
    return exit_codes.FAILED


def _not_utf8(words: Sequence[str]) -> int:
    from harness.cli.parser import UsageError

    marked = ((number, ascii(word)) for number, word in enumerate(words, 1))
    number, word = next(each for each in marked if "\\ud" in each[1])
    raise UsageError(
        f"Argument {number} is not valid UTF-8: {word}.",
        "Convert it, or rename the file that it names.",
    )


def _guarded(run: Any, *, json: bool) -> int:
    """Report usage errors without loading what commands need."""
    from harness.cli.parser import UsageError

    try:
        return run()
    except UsageError as error:
        from harness.cli.out import Out

        return _misused(error, Out(json=json))


def _misused(error: UsageError, out: Out) -> int:
    info = {"code": "config.usage", "message": error.message, "fix": error.fix}
    out.error({**info, "retryable": False})
    return exit_codes.BAD_USE


def print_(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
