"""How every command starts and exits, and what its exit codes mean.

0 done; 1 failed: something named does not exist, was refused or did not succeed; 2 usage error: the
command line or a setting is wrong in any case, and nothing was started; 3 the run was aborted; 4 it
waits for a decision; 130 detached by Ctrl-C; 141 the reader of the output has left.

A process that has used Temporal's client can abort at interpreter exit (sdk-python issue 300), so
ours skip it: they flush their buffers and end the process. Output that cannot
be written (a full disk, a closed descriptor) ends a command with a message and exit code 1; a
reader that has left, with 141 and no message.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Callable, Coroutine, Generator
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, cast

from harness.contracts.clean_text import clean_text

if TYPE_CHECKING:
    from harness.contracts.errors import HarnessError

T = TypeVar("T")

DONE, FAILED, BAD_USE, ABORTED, WAITING = 0, 1, 2, 3, 4
INTERRUPTED = 130
"""Detached by Ctrl-C; the shell's own convention, so that `harness run ... && next` stops."""
BROKEN_PIPE = 141


class OutputError(OSError):
    """stdout cannot be written."""


class _Output(io.TextIOWrapper):
    """stdout, whose errors differ from those of other files."""

    def write(self, text: str, /) -> int:
        with _mark_output_errors():
            return super().write(text)

    def flush(self) -> None:
        with _mark_output_errors():
            super().flush()


@contextlib.contextmanager
def _mark_output_errors() -> Generator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except (OSError, ValueError) as error:  # ValueError: it was closed
        raise OutputError(getattr(error, "strerror", None) or str(error)) from error


def exit_code_of(error: HarnessError) -> int:
    """The exit code of a command that ends with this error."""
    from harness.contracts.errors import ConfigError, ProviderAuthenticationFailed, UnknownProvider

    # Commands get the last two only when a model is checked before its run starts.
    misuse = ConfigError | UnknownProvider | ProviderAuthenticationFailed
    return BAD_USE if isinstance(error, misuse) else FAILED


def guard_streams() -> None:
    """Fill closed descriptors first, before another file can take their place."""
    for number, flags in ((0, os.O_RDONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            # For stdout, one that refuses writes: output that nobody gets is an error.
            os.open(os.devnull, flags)
    sys.stdin = sys.stdin or open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    if isinstance(sys.stdin, io.TextIOWrapper):
        # In the C locale, Python would decode invalid bytes as lone surrogates.
        sys.stdin.reconfigure(encoding="utf-8", errors="strict")
    sys.stderr = sys.stderr or open(  # noqa: SIM115
        2, "w", encoding="utf-8", errors="backslashreplace", closefd=False
    )
    if not isinstance(sys.stdout, _Output):
        sys.stdout = open_guarded(1)


def open_guarded(number: int) -> io.TextIOWrapper:
    """Open a descriptor as a text stream that accepts lone surrogates."""
    raw = open(number, "wb", closefd=number != 1)  # noqa: SIM115
    lines = os.isatty(number)
    return _Output(raw, encoding="utf-8", errors="backslashreplace", line_buffering=lines)


def output_lost(error: BaseException) -> int | None:
    """The exit code if `error` means that stdout cannot be written, else None."""
    if isinstance(error, BaseExceptionGroup):
        members = cast("BaseExceptionGroup[BaseException]", error).exceptions
        return next((code for each in members if (code := output_lost(each))), None)
    if isinstance(error, BrokenPipeError):  # the reader of our output has left
        return BROKEN_PIPE
    if isinstance(error, OutputError):
        print_message(f"harness: The output cannot be written: {error}.")
        return FAILED
    return None


def print_message(text: str) -> None:
    """Write a message to stderr; dropped if stderr cannot be written."""
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(f"{clean_text(text)}\n")
        sys.stderr.flush()


def exit_process(code: int) -> NoReturn:
    try:
        sys.stdout.flush()
    except (OSError, ValueError) as error:
        # A failed command has already reported an error, perhaps this one.
        code = code if code not in (DONE, WAITING) else output_lost(error) or FAILED
    telemetry = sys.modules.get("harness.commons.telemetry")
    if telemetry is not None:
        telemetry.stop_traces()
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.flush()
    os._exit(code)


def run_script(main: Callable[[], Coroutine[Any, Any, int | None]]) -> NoReturn:
    """Run a script's `main` and exit, printing errors as messages."""
    import asyncio

    from harness.contracts.errors import HarnessError

    guard_streams()
    try:
        code = run_coroutine(main()) or DONE
    except HarnessError as error:
        print_message(f"{error.message}\n  {error.fix}")
        code = exit_code_of(error)
    except (KeyboardInterrupt, asyncio.CancelledError):
        code = INTERRUPTED
    except (OSError, ValueError, BaseExceptionGroup) as error:
        lost = output_lost(error)
        if lost is None:
            raise
        code = lost
    exit_process(code)


def run_coroutine(main: Coroutine[Any, Any, T]) -> T:
    import asyncio

    try:
        from uvloop import new_event_loop
    except ImportError:  # not available on Windows
        new_event_loop = None
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(main)
