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
        code = _dispatch(sys.argv[1:])
    except KeyboardInterrupt:
        code = exit_codes.INTERRUPTED
    except Exception as error:
        lost = exit_codes.output_lost(error)
        code = _report_unexpected(error) if lost is None else lost
    exit_codes.exit_process(code)


def _dispatch(words: Sequence[str]) -> int:
    if any("\ud800" <= char <= "\udfff" for word in words for char in word):
        return _catch_usage_errors(lambda: _refuse_non_utf8(words), json="--json" in words)
    if not words or words[0] in ("-h", "--help", "help"):
        return _print_help(words[1:])
    if words[0] == "--version":
        words = ["version", *words[1:]]
    if words[0] in ("--completion", "--install-completion"):
        from harness.cli import completion

        return _catch_usage_errors(lambda: completion.run_completion(words), json=False)
    return _catch_usage_errors(lambda: _run_command(words), json="--json" in words)


def _print_help(words: Sequence[str]) -> int:
    from harness.cli import help

    if words and not words[0].startswith("-"):
        return _catch_usage_errors(lambda: _run_command([*words, "--help"]), json=False)
    print_text(help.overview_text())
    return exit_codes.DONE


def _run_command(words: Sequence[str]) -> int:
    from harness.cli.commands import OWNERS
    from harness.cli.parser import parse_arguments, split_command

    if words[1:] in (["-h"], ["--help"], []) and (text := _find_group_text(words[0])):
        print_text(text)
        return exit_codes.DONE if words[1:] else exit_codes.BAD_USE
    command, words = split_command(words)
    if {"-h", "--help"} & set(words):
        from harness.cli.help import command_text

        print_text(command_text(command))
        return exit_codes.DONE
    args = parse_arguments(command, words)
    args.command = command.name
    from harness.cli.out import Out

    out = Out(json=args.json, capability=OWNERS[command.name])
    try:
        if command.works != "here":
            from harness.cli.server_choice import choose_server

            option, args.server = args.server, choose_server(command, args.server)
            code = _call_target(command, args, out)
            if option and args.server and code in (exit_codes.WAITING, exit_codes.INTERRUPTED):
                out.note(f"These commands need the option:  --server {args.server.url}")
            return code
        return _call_target(command, args, out)
    except Exception as error:
        lost = exit_codes.output_lost(error)
        return _report_error(error, out) if lost is None else lost


def _find_group_text(word: str) -> str:
    """The help of `harness care`; empty if no commands begin with the word."""
    from harness.cli.commands import BY_NAME, list_group

    if word in BY_NAME or not list_group(word):
        return ""
    from harness.cli.help import group_text

    return group_text(word)


def _call_target(command: Command, args: Any, out: Out) -> int:
    from asyncio import CancelledError
    from importlib import import_module

    module, _, name = command.target.partition(":")
    function = getattr(import_module(module), name)
    result: int | Coroutine[Any, Any, int] = function(args, out)
    if isinstance(result, int):
        return result
    try:
        return exit_codes.run_coroutine(result)
    except CancelledError:  # SIGTERM, or the terminal was closed
        return exit_codes.INTERRUPTED


def _report_error(error: Exception, out: Out) -> int:
    from harness.cli.parser import UsageError

    if isinstance(error, UsageError):
        return _report_usage_error(error, out)
    from harness.contracts.errors import HarnessError, RunFailed

    if isinstance(error, HarnessError):
        out.error(error.info.model_dump(exclude_none=True))
        return exit_codes.exit_code_of(error)
    from harness.commons.log import get_logger
    from harness.commons.redact import redact

    get_logger("harness.cli").debug("the command failed", exc_info=error)
    message = redact(f"{type(error).__name__}: {error}")
    fix = f"{RunFailed.fix} For the traceback: HARNESS_LOG__LEVEL=debug"
    out.error(RunFailed(message, fix=fix).info.model_dump(exclude_none=True))
    return exit_codes.FAILED


def _report_unexpected(error: Exception) -> int:
    """Report an error that occurred before a command was found."""
    exit_codes.print_message(f"harness: {type(error).__name__}: {error}")
    return exit_codes.FAILED


def _refuse_non_utf8(words: Sequence[str]) -> int:
    from harness.cli.parser import UsageError

    marked = ((number, ascii(word)) for number, word in enumerate(words, 1))
    number, word = next(each for each in marked if "\\ud" in each[1])
    raise UsageError(
        f"Argument {number} is not valid UTF-8: {word}.",
        "Convert it, or rename the file that it names.",
    )


def _catch_usage_errors(run: Any, *, json: bool) -> int:
    """Report usage errors without loading what commands need."""
    from harness.cli.parser import UsageError

    try:
        return run()
    except UsageError as error:
        from harness.cli.out import Out

        return _report_usage_error(error, Out(json=json))


def _report_usage_error(error: UsageError, out: Out) -> int:
    info = {"code": "config.usage", "message": error.message, "fix": error.fix}
    out.error({**info, "retryable": False})
    return exit_codes.BAD_USE


def print_text(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
