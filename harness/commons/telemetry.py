"""OpenTelemetry traces, if an endpoint is configured; otherwise nothing is imported.

One trace covers the starter, the run and the provider call. The SDK's tracing interceptor is
stable and exports a run's spans while it runs; the newer plugin is experimental, requires a
global provider and exports them when the run is over, which may be days later. Neither adds spans
in a replay.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from threading import Thread
from typing import TYPE_CHECKING, Any

from harness.contracts.errors import MissingSetting

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Tracer
    from temporalio.contrib.opentelemetry import TracingInterceptor

_FLUSH_SECONDS = 2.0
_PATH = "/v1/traces"

AttributeValue = str | bool | int | float


@dataclass(frozen=True)
class _Traces:
    provider: TracerProvider
    tracer: Tracer


_traces: _Traces | None = None


def start_traces(endpoint: str | None, service_name: str = "harness") -> None:
    """Send the traces of this process to `endpoint` (OTLP over HTTP); None sends none."""
    global _traces
    stop_traces()
    if endpoint is None:
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise MissingSetting(
            f"telemetry.endpoint is set, but OpenTelemetry is not installed ({error.name}).",
            fix="Install the extra: pip install 'durable-harness[telemetry]'.",
        ) from None
    url = endpoint.rstrip("/")
    exporter = OTLPSpanExporter(endpoint=url if url.endswith(_PATH) else url + _PATH)
    provider = TracerProvider(
        resource=Resource.create({"service.name": service_name}),
        shutdown_on_exit=False,  # the process calls stop_traces when it exits
    )
    provider.add_span_processor(BatchSpanProcessor(_wrap_exporter(exporter)))
    _traces = _Traces(provider, provider.get_tracer("harness"))


def stop_traces() -> None:
    """Send the remaining spans, for at most two seconds, and stop. Blocks: call it last."""
    global _traces
    traces, _traces = _traces, None
    if traces is not None:
        # The SDK ignores its own time limits while it retries an unreachable collector (8 s).
        last = Thread(target=traces.provider.shutdown, daemon=True)
        last.start()
        last.join(_FLUSH_SECONDS)


def tracing_interceptors() -> list[TracingInterceptor]:
    """Interceptors for Client.connect, which workers inherit, and for a Replayer."""
    if _traces is None:
        return []
    from temporalio.contrib.opentelemetry import TracingInterceptor

    return [TracingInterceptor(_traces.tracer)]


def span(
    name: str, attributes: Mapping[str, AttributeValue] | None = None
) -> AbstractContextManager[Any]:
    """Open a span around a block; does nothing if traces are off."""
    if _traces is None:
        return nullcontext()
    return _traces.tracer.start_as_current_span(name, attributes=attributes)


def annotate(attributes: Mapping[str, AttributeValue]) -> None:
    """Add attributes to the current span."""
    if _traces is None:
        return
    from opentelemetry.trace import get_current_span

    get_current_span().set_attributes(attributes)


def current_trace_id() -> str | None:
    """The id of the current span's trace, as 32 hex digits."""
    if _traces is None:
        return None
    from opentelemetry.trace import get_current_span

    context = get_current_span().get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else None


def _wrap_exporter(exporter: SpanExporter) -> SpanExporter:
    from harness.commons._redacting import RedactingExporter

    return RedactingExporter(exporter)
