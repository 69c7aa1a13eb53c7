"""The recorded histories, for tests."""

from __future__ import annotations

from pathlib import Path

from temporalio.client import WorkflowHistory

from harness.contracts.event import DurableEvent
from harness.journal import project

HERE = Path(__file__).parent


def read(path: Path) -> WorkflowHistory:
    return WorkflowHistory.from_json(path.stem, path.read_text())


RUNS = [read(path) for path in sorted((HERE / "AgentRun").glob("*.json"))]
"""Histories of whole runs."""


def run_id(history: WorkflowHistory) -> str:
    attributes = history.events[0].workflow_execution_started_event_attributes
    return attributes.original_execution_run_id


def events_of(history: WorkflowHistory) -> list[DurableEvent]:
    return project(history.workflow_id, run_id(history), history.events)
