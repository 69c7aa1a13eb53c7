"""Checks for `harness doctor`: where care reads metrics and logs."""

from __future__ import annotations

import asyncio
import shutil
import time

from harness.care.settings import CareSettings
from harness.config.settings import Settings
from harness.contracts.errors import HarnessError
from harness.stack import Check

METRICS, LOGS = "metrics of care", "logs of care"


async def check_sources(settings: Settings) -> list[Check]:
    """Ask the configured ones; where none is, say whether the demo would find its own. They are
    optional: a project without them is not broken."""
    from harness.care.telemetry.loki import Loki
    from harness.care.telemetry.prometheus import Prometheus
    from harness.care.telemetry.source import ANYTHING

    care, at = settings.section(CareSettings), time.time()
    found = list[Check]()
    for name, kind, source in (
        (METRICS, Prometheus, care.metrics), (LOGS, Loki, care.logs),
    ):  # fmt: skip
        if source.url is None:
            found.append(await asyncio.to_thread(_find_program, name))
            continue
        try:
            async with kind(source) as opened:
                await opened.query(ANYTHING, at=at)
        except HarnessError as error:
            found.append(Check(name=name, ok=False, detail=error.message, fix=error.fix))
        else:
            found.append(Check(name=name, ok=True, detail=f"{source.url} answers"))
    return found


def _find_program(name: str) -> Check:
    """What `harness care demo` would start."""
    from harness.care.demo.log_store import INSTALL, find_loki, loki_version
    from harness.care.demo.run import INSTALL as INSTALL_PROMETHEUS

    if name == METRICS:
        path, what, install = shutil.which("prometheus"), "Prometheus", INSTALL_PROMETHEUS
    else:
        loki = find_loki()
        version = loki_version(loki) if loki else None
        path, what, install = loki and str(loki), f"Loki {version or ''}".strip(), INSTALL
    if path is None:
        detail = f"not configured, and {what} is not installed"
        return Check(name=name, ok=True, note=True, detail=detail, fix=install)
    return Check(name=name, ok=True, detail=f"not configured; the demo uses {what} ({path})")
