"""The record of notes."""

from harness.extensions import Capability

NOTES = Capability(
    name="notes",
    summary="Keep short notes in the database.",
    page="https://example.org/harness-notes",
    commands="harness_notes.commands:COMMANDS",
    settings="harness_notes.settings:NotesSettings",
    errors="harness_notes.errors",
    migrations="harness_notes.migrations",
    providers=(("parrot", "harness_notes.parrot:Parrot"),),
    tools="harness_notes.tools",
    workflows=("harness_notes.workflow:SaveNote",),
    activities=("harness_notes.activities:make_activities",),
)
