"""One way out for all logs of a process: ours, the SDK's and the libraries', to stderr.

stdout belongs to results. Every record carries the run and turn it happened in and leaves
redacted.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterable, MutableMapping
from contextlib import AbstractContextManager
from traceback import extract_tb
from typing import TYPE_CHECKING, Any, Literal, TextIO, cast

import structlog

from harness.commons._outage import OutageFilter
from harness.commons.redact import redact_data, register_secrets

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger, Processor
    from temporalio.runtime import LoggingConfig

Level = Literal["debug", "info", "warning", "error"]

# They log each request at info: ours say what was asked and what it took.
CHATTY = ("httpx", "httpx2", "httpcore", "httpcore2", "openai", "anthropic", "urllib3", "alembic")

_Event = MutableMapping[str, Any]
_discreet = False
outage = OutageFilter()
"""Of the connection to Temporal, as the SDK's native part reports it."""


def configure_logs(
    level: Level = "warning",
    format: Literal["human", "json"] = "human",
    *,
    secrets: Iterable[str] = (),
    discreet: bool = False,
    stream: TextIO | None = None,
) -> None:
    """Send every log of this process to stderr, in one format. Calling it again replaces it.

    `discreet`: nothing that a run says goes into a log, for logs are kept where no key reaches."""
    register_secrets(secrets)
    global _discreet
    _discreet = discreet
    out = stream or sys.stderr
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _outlined if discreet else structlog.processors.format_exc_info,
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[_from_engine, *shared],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _redacted,
            _renderer(format, out),
        ],
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.DEBUG if level == "debug" else logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def get_logger(name: str) -> FilteringBoundLogger:
    """A logger that takes an event and its facts: `log.info("run started", model=...)`."""
    return cast("FilteringBoundLogger", structlog.get_logger(name))


def in_run(run: str, turn: int | None = None) -> AbstractContextManager[None]:
    """Within it, every log of this task, and of those it starts, carries the run and turn."""
    bound = {"run": run} if turn is None else {"run": run, "turn": turn}
    return structlog.contextvars.bound_contextvars(**bound)


def engine_logs(level: Level = "warning") -> LoggingConfig:
    """For the SDK's Runtime: its native part then logs here too and not on its own."""
    from temporalio.runtime import LogForwardingConfig, LoggingConfig, TelemetryFilter

    native = logging.getLogger("temporalio.core")
    if outage not in native.filters:
        native.addFilter(outage)
    engine = "WARN" if level == "warning" else level.upper()
    return LoggingConfig(
        filter=TelemetryFilter(core_level=engine, other_level="ERROR"),
        forwarding=LogForwardingConfig(native),
    )


def said(text: str) -> str:
    """Words that may be a run's own, as a log may have them."""
    return "(what it said is not logged)" if _discreet else text


def _outlined(_logger: Any, _method: str, event: _Event) -> _Event:
    """An exception by its types and places: its message and its values may be a run's words."""
    found = event.pop("exc_info", None)
    if not found:
        return event
    error = found if isinstance(found, BaseException) else sys.exc_info()[1]
    if isinstance(found, tuple):
        error = cast("tuple[Any, BaseException | None, Any]", found)[1]
    lines: list[str] = []
    while error is not None:
        places = [f"{f.filename}:{f.lineno} {f.name}" for f in extract_tb(error.__traceback__)]
        lines.append("\n  ".join([type(error).__name__, *places]))
        error = error.__cause__ or error.__context__
    event["exception"] = "\n".join(lines)
    return event


def _renderer(format: Literal["human", "json"], out: TextIO) -> Processor:
    if format == "json":
        return structlog.processors.JSONRenderer(default=str)
    colors = out.isatty() and "NO_COLOR" not in os.environ
    plain = structlog.dev.plain_traceback
    return structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=plain)


def _redacted(_logger: Any, _method: str, event: _Event) -> _Event:
    return {name: redact_data(value, name) for name, value in event.items()}


def _from_engine(_logger: Any, _method: str, event: _Event) -> _Event:
    """The SDK's own records tell their run in `extra`."""
    record = event.get("_record")
    for extra in ("temporal_workflow", "temporal_activity"):
        if details := getattr(record, extra, None):
            event["run"] = details.get("workflow_id")
            event["attempt"] = details.get("attempt")
    return event
