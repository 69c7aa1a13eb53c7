"""What a log record may hold: text that is safe to show, no secrets and, with encryption on, no
content of runs. Holds for the loggers of harness and of the SDK, whatever handlers a process has.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from itertools import islice
from traceback import extract_tb, format_tb
from typing import Any, cast

from harness.commons.redact import redact, redact_data, register_secrets
from harness.contracts.clean_text import clean_line, clean_text

MOST = 8_192
"""Characters of one value; of a longer one the start is shown, and its length."""
_NOTE = 64
_LONGEST_SECRET = 12_288
_WINDOW = MOST + _LONGEST_SECRET
_ITEMS = 100
_FRAMES = -50
_OURS = ("harness", "temporalio")

_always = False
_open = 0


def set_discreet(always: bool) -> None:
    global _always
    _always = always


def is_discreet() -> bool:
    return _always or _open > 0


def hide_if_discreet(text: str) -> str:
    """Words that may be a run's own, as a log may have them."""
    return "(what it said is not logged)" if is_discreet() else text


@contextmanager
def guarded_logs(*, secrets: Iterable[str], discreet: bool) -> Generator[None]:
    """Guard the loggers of harness and of the SDK; leaves handlers and levels as they are.

    `discreet`: nothing that a run says goes into a log until the block ends."""
    global _open
    register_secrets(secrets)
    _guard_records()
    _open += discreet
    try:
        yield
    finally:
        _open -= discreet


def guarded_logger(name: str) -> logging.Logger:
    """The standard library's logger of this name, guarded also where no `guarded_logs` is open: a
    filter holds for the logger that it was added to, and not for those below it."""
    logger = logging.getLogger(name)
    if _guard not in logger.filters:
        logger.addFilter(_guard)
    return logger


def sanitize_value(value: Any, name: str = "") -> Any:
    """A value of a record: redacted, on one line, no longer than a log can take."""
    bounded = redact_data(_bound_value(value), name)
    if bounded is None or isinstance(bounded, bool | int | float):
        return bounded
    text = bounded if isinstance(bounded, str) else repr(bounded)
    return _cut_text(clean_line(text), len(value) if isinstance(value, str) else len(text))


def exception_text(found: Any) -> str | None:
    """An exception with its traceback; of a discreet process, its types and places only: its
    message may be a run's words. None: there is none."""
    error = found if isinstance(found, BaseException) else sys.exc_info()[1]
    if isinstance(found, tuple):
        error = cast("tuple[Any, BaseException | None, Any]", found)[1]
    if error is None:
        return None
    if is_discreet():
        return clean_text(_outline_exception(error))
    return clean_text("\n\n".join(_format_traceback(each) for each in _list_causes(error)))


def bar_lines(text: str) -> str:
    """Several lines of which none can pass for a log line of its own."""
    return "\n".join(f"| {line}" for line in text.split("\n"))


def _guard_records() -> None:
    """Guard records as they are made: a logger that is made later, as an import does, is guarded
    like one that is there."""
    before = logging.getLogRecordFactory()
    if getattr(before, "harness", False):
        return

    def make(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = before(*args, **kwargs)
        if str(record.name).startswith(_OURS):
            _guard.filter(record)
        return record

    make.harness = True  # pyright: ignore[reportFunctionMemberAccess]
    logging.setLogRecordFactory(make)


class _Guard(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        if getattr(record, "harness_guarded", False):
            return True
        record.harness_guarded = True
        try:
            message = record.getMessage()
        except (TypeError, ValueError, KeyError):
            message = str(record.msg)  # its arguments do not fit
        record.msg, record.args = sanitize_value(message), ()
        if record.exc_info and (text := exception_text(record.exc_info)):
            # Formatters take this text before they make their own.
            record.exc_text = bar_lines(text)
            record.harness_exception = text
            if is_discreet():
                record.exc_info = None
        return True


_guard = _Guard()


def _outline_exception(error: BaseException) -> str:
    lines: list[str] = []
    for each in reversed(_list_causes(error)):
        places = [f"{f.filename}:{f.lineno} {f.name}" for f in extract_tb(each.__traceback__)]
        lines.append("\n  ".join([type(each).__name__, *places]))
    return "\n".join(lines)


def _format_traceback(error: BaseException) -> str:
    # The standard library's takes seconds for a message of many lines.
    frames = redact("".join(format_tb(error.__traceback__, _FRAMES)))
    try:
        text = str(error)
        message = _cut_text(clean_text(redact(_shorten_text(text))), len(text))
    except Exception:
        message = "(its message cannot be read)"
    return f"{frames}{type(error).__name__}: {message}"


def _list_causes(error: BaseException) -> list[BaseException]:
    """The error, after what led to it and the members of a group."""
    found: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting and len(found) < _ITEMS:
        each = waiting.pop()
        if each is None or each in found:
            continue
        found.append(each)
        if isinstance(each, BaseExceptionGroup):
            waiting += cast("BaseExceptionGroup[BaseException]", each).exceptions
        waiting.append(each.__cause__ or (None if each.__suppress_context__ else each.__context__))
    return found[::-1]


def _bound_value(value: Any) -> Any:
    """`value` with long texts cut and of long lists the start only, before anything reads them."""
    if isinstance(value, str):
        return _shorten_text(value)
    if isinstance(value, dict):
        data = cast("dict[Any, Any]", value)
        return {name: _bound_value(inner) for name, inner in islice(data.items(), _ITEMS)}
    if isinstance(value, list | tuple | set | frozenset):
        return [_bound_value(inner) for inner in islice(cast("list[Any]", value), _ITEMS)]
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, bytes):
        value = value[:_WINDOW].decode("utf-8", "replace")
    return _shorten_text(str(value))


def _shorten_text(text: str) -> str:
    """The start of a long text, with the secrets that begin in it masked."""
    if len(text) <= _WINDOW:
        return text
    # What is masked is shorter: without the tail, no half of a secret moves into view.
    return redact(text[:_WINDOW])[:-_LONGEST_SECRET]


def _cut_text(text: str, whole: int) -> str:
    """`text`, which is safe already; `whole`: its length before anything was cut or marked."""
    note = f"… ({whole:,} characters)" if whole > _WINDOW or len(text) > MOST else ""
    return f"{text[: MOST - _NOTE]}{note}" if note else text
