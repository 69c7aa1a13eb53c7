"""An endpoint without the extra is a mistake that says what to install."""

from __future__ import annotations

import sys

import pytest

from harness.commons.telemetry import start_traces
from harness.contracts.errors import ConfigError


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(ConfigError, match="OpenTelemetry is not installed") as caught:
        start_traces("http://127.0.0.1:4318")
    assert "durable-harness[telemetry]" in caught.value.fix
