"""Make log records safe to show, without secrets and, with encryption on, without content of runs.
Applies to the loggers of harness and of the SDK, whatever handlers a process has.
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
"""Longest value; of a longer one, the start and the length are shown."""
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
    """Replace text that may be a run's content if logs must not contain any."""
    return "(content is not logged)" if is_discreet() else text


@contextmanager
def guarded_logs(*, secrets: Iterable[str], discreet: bool) -> Generator[None]:
    """Guard the loggers of harness and of the SDK; handlers and levels stay as they are.

    `discreet`: logs contain no content of runs until the block ends."""
    global _open
    register_secrets(secrets)
    _guard_records()
    _open += discreet
    try:
        yield
    finally:
        _open -= discreet


def guarded_logger(name: str) -> logging.Logger:
    """Get the standard library's logger of this name, guarded even outside of `guarded_logs`: a
    filter applies to the logger it was added to, not to its children."""
    logger = logging.getLogger(name)
    if _guard not in logger.filters:
        logger.addFilter(_guard)
    return logger


def sanitize_value(value: Any, name: str = "") -> Any:
    """Redact a value of a record, put it on one line and shorten it."""
    bounded = redact_data(_bound_value(value), name)
    if bounded is None or isinstance(bounded, bool | int | float):
        return bounded
    text = bounded if isinstance(bounded, str) else repr(bounded)
    return _cut_text(clean_line(text), len(value) if isinstance(value, str) else len(text))


def exception_text(found: Any) -> str | None:
    """Format an exception with its traceback; None if there is none. In a discreet process, only
    types and places: messages may contain a run's content."""
    error = found if isinstance(found, BaseException) else sys.exc_info()[1]
    if isinstance(found, tuple):
        error = cast("tuple[Any, BaseException | None, Any]", found)[1]
    if error is None:
        return None
    if is_discreet():
        return clean_text(_outline_exception(error))
    return clean_text("\n\n".join(_format_traceback(each) for each in _list_causes(error)))


def bar_lines(text: str) -> str:
    """Prefix every line, so that none can pass for a log line."""
    return "\n".join(f"| {line}" for line in text.split("\n"))


def _guard_records() -> None:
    """Guard records when they are created, to include loggers that later imports create."""
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
            # Formatters prefer this text to their own.
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
    # traceback.format_exception takes seconds for a message of many lines.
    frames = redact("".join(format_tb(error.__traceback__, _FRAMES)))
    try:
        text = str(error)
        message = _cut_text(clean_text(redact(_shorten_text(text))), len(text))
    except Exception:
        message = "(the message cannot be read)"
    return f"{frames}{type(error).__name__}: {message}"


def _list_causes(error: BaseException) -> list[BaseException]:
    """List the error after its causes and the members of groups."""
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
    """Shorten long texts and lists in `value` before anything else processes it."""
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
    """Cut a long text, masking the secrets that start before the cut."""
    if len(text) <= _WINDOW:
        return text
    # Masking shortens the text: drop the tail, which may now show half of a secret.
    return redact(text[:_WINDOW])[:-_LONGEST_SECRET]


def _cut_text(text: str, whole: int) -> str:
    """Cut a safe text and note its original length, `whole`."""
    note = f"… ({whole:,} characters)" if whole > _WINDOW or len(text) > MOST else ""
    return f"{text[: MOST - _NOTE]}{note}" if note else text
