"""The panels of notes: a view and a tab of each run. Their files lie here too."""

from __future__ import annotations

from harness.extensions import Panel

PANELS = (
    Panel("notes", "Notes", module="notes.js", icon="notebook-pen"),
    Panel("events", "Events", module="events.js", place="run", icon="list"),
    Panel("broken", "Broken", module="broken.js", role="admin"),
)
