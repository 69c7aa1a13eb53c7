"""Alerts of Alertmanager: each firing alert of a known subject is reported as a ticket."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from harness.care.invariants.invariant import read_severity
from harness.care.store import CareStore
from harness.care.subjects.subject import Subject
from harness.care.tickets.client import observe, report
from harness.care.tickets.rows import Report, fingerprint
from harness.engine.connection import Connection

MOST = 2_000
SUBJECT_LABELS = ("subject", "service", "job")
"""The labels that may name the subject, in this order."""
Labels = Annotated[
    dict[Annotated[str, Field(max_length=200)], Annotated[str, Field(max_length=4_000)]],
    Field(max_length=100),
]


class Alert(BaseModel):
    """An alert, as Alertmanager sends it."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    status: Literal["firing", "resolved"]
    """Whether it still holds."""
    labels: Labels
    """What it concerns."""
    annotations: Labels = {}
    """What it says."""
    fingerprint: str = Field(min_length=1, max_length=100, pattern=r"^[!-~]+$")
    """The same for each report of the same alert."""


class AlertsBody(BaseModel):
    """What Alertmanager's webhook sends; other fields of it are not read."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    alerts: list[Alert] = Field(max_length=MOST)
    """The alerts that began or ended."""


class AlertsTaken(BaseModel):
    """What became of the alerts."""

    reported: int
    resolved: int
    ignored: int
    """Alerts of no known subject: none of the labels `subject`, `service` and `job` names one that
    the user of the token may change."""


async def take_alerts(
    connection: Connection, body: AlertsBody, may_report: Callable[[Subject], bool]
) -> AlertsTaken:
    """Report firing alerts, and tell the tickets of others that they are over."""
    stored = await CareStore(connection.database).list_subjects()
    names = {each.subject.name for each in stored if may_report(each.subject)}
    firing, over, ignored = list[Report](), set[str](), 0
    for alert in body.alerts:
        subject = _find_subject(alert, names)
        if subject is None:
            ignored += 1
            continue
        id = fingerprint(subject, f"alert\0{alert.fingerprint}")
        if alert.status == "resolved":
            over.add(id)
        else:
            firing.append(_describe(alert, subject, id))
    await report(connection, firing)
    for id in over:
        await observe(connection, id, holds=True)
    return AlertsTaken(reported=len(firing), resolved=len(over), ignored=ignored)


def _find_subject(alert: Alert, names: set[str]) -> str | None:
    found = (alert.labels.get(label) for label in SUBJECT_LABELS)
    return next((name for name in found if name in names), None)


def _describe(alert: Alert, subject: str, id: str) -> Report:
    name = alert.labels.get("alertname", "alert")
    text = alert.annotations.get("summary") or alert.annotations.get("description") or "it fires"
    return Report(
        id=id, subject=subject, title=" ".join(f"{name}: {text}".split())[:300], by="alertmanager",
        severity=read_severity(alert.labels.get("severity", "")),
    )  # fmt: skip
