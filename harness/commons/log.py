"""Send all logs of a process to stderr: harness's, the SDK's and the libraries'.

stdout is for results. Every record carries its run and turn, and is redacted and safe to show.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterable, MutableMapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Literal, TextIO, cast

import structlog

from harness.commons._outage import OutageFilter
from harness.commons.log_content import (
    bar_lines,
    exception_text,
    guarded_logger,
    guarded_logs,
    hide_if_discreet,
    sanitize_value,
    set_discreet,
)
from harness.commons.redact import register_secrets
from harness.contracts.clean_text import clean_line

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger, Processor
    from temporalio.runtime import LoggingConfig

__all__ = [
    "CHATTY",
    "Level",
    "configure_logs",
    "engine_logs",
    "get_logger",
    "guarded_logger",
    "guarded_logs",
    "hide_if_discreet",
    "in_run",
    "outage",
]

Level = Literal["debug", "info", "warning", "error"]

# They log each request at info level; harness logs requests itself.
CHATTY = ("httpx", "httpx2", "httpcore", "httpcore2", "openai", "anthropic", "urllib3", "alembic")

_Event = MutableMapping[str, Any]
_Record = tuple[tuple[str], dict[str, Any]]
outage = OutageFilter()
"""Filters the SDK's reports of a lost connection to Temporal."""


def configure_logs(
    level: Level = "warning",
    format: Literal["human", "json"] = "human",
    *,
    secrets: Iterable[str] = (),
    discreet: bool = False,
    stream: TextIO | None = None,
) -> None:
    """Send every log of this process to stderr, in one format. A second call replaces the first.

    `discreet`: logs contain no content of runs, because logs are not encrypted."""
    register_secrets(secrets)
    set_discreet(discreet)
    out = stream or sys.stderr
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _from_record,
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _make_safe,
            *_make_renderers(format, out),
        ],
    )
    handler = _Handler(out)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.DEBUG if level == "debug" else logging.WARNING)


def get_logger(name: str) -> FilteringBoundLogger:
    """Get a logger that takes an event and its fields: `log.info("run started", model=...)`.

    It writes to the standard library's logger, whose handlers the process chooses."""
    logger = structlog.wrap_logger(
        guarded_logger(name),
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            _to_record,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.NOTSET),
        cache_logger_on_first_use=False,
    )
    return cast("FilteringBoundLogger", logger)


def in_run(run: str, turn: int | None = None) -> AbstractContextManager[None]:
    """Add the run and turn to every log of this task and of the tasks it starts."""
    bound = {"run": run} if turn is None else {"run": run, "turn": turn}
    return structlog.contextvars.bound_contextvars(**bound)


def engine_logs(level: Level = "warning") -> LoggingConfig:
    """Logging options for the SDK's Runtime: forward the logs of its native part to Python."""
    from temporalio.runtime import LogForwardingConfig, LoggingConfig, TelemetryFilter

    native = logging.getLogger("temporalio.core")
    if outage not in native.filters:
        native.addFilter(outage)
    engine = "WARN" if level == "warning" else level.upper()
    return LoggingConfig(
        filter=TelemetryFilter(core_level=engine, other_level="ERROR"),
        forwarding=LogForwardingConfig(native),
    )


def _to_record(_logger: Any, _method: str, event: _Event) -> _Record:
    """Build a record that any handler can format; ours reads the fields separately."""
    passed = {name: event.pop(name) for name in ("exc_info", "stack_info") if name in event}
    facts = {name: sanitize_value(value, name) for name, value in event.items()}
    words = [f"{name}={value}" for name, value in facts.items() if name != "event"]
    text = " ".join([str(facts.get("event", "")), *words])
    return (text,), {**passed, "extra": {"harness_facts": facts}}


def _from_record(_logger: Any, _method: str, event: _Event) -> _Event:
    """Read a record's fields besides its text: ours, and the SDK's in `extra`."""
    record = event["_record"]
    event.update(getattr(record, "harness_facts", {}))
    for extra in ("temporal_workflow", "temporal_activity"):
        if details := getattr(record, extra, None):
            event["run"] = details.get("workflow_id")
            event["attempt"] = details.get("attempt")
    text = getattr(record, "harness_exception", None) or (
        exception_text(event["exc_info"]) if event.get("exc_info") else None
    )
    event.pop("exc_info", None)
    if text:
        event["exception"] = text
    return event


def _make_safe(_logger: Any, _method: str, event: _Event) -> _Event:
    text = event.pop("exception", None)
    safe = {clean_line(name): sanitize_value(value, name) for name, value in event.items()}
    return {**safe, "exception": text} if text else safe


def _bar_exception(_logger: Any, _method: str, event: _Event) -> _Event:
    if text := event.get("exception"):
        event["exception"] = bar_lines(text)
    return event


class _Handler(logging.StreamHandler[TextIO]):
    def handleError(self, record: logging.LogRecord) -> None:
        """Ignore the error: a traceback could not be written either."""


def _make_renderers(format: Literal["human", "json"], out: TextIO) -> list[Processor]:
    if format == "json":
        return [structlog.processors.JSONRenderer(default=str)]
    colors = out.isatty() and "NO_COLOR" not in os.environ
    plain = structlog.dev.plain_traceback
    return [_bar_exception, structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=plain)]
