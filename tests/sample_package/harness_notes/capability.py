"""The records of notes and of their count."""

from harness.extensions import Capability

NOTES = Capability(
    name="notes",
    summary="Keep short notes in the database.",
    page="https://example.org/harness-notes",
    commands="harness_notes.commands:COMMANDS",
    settings="harness_notes.settings:NotesSettings",
    errors="harness_notes.errors",
    migrations="harness_notes.migrations",
    providers=(
        ("parrot", "harness_notes.parrot:Parrot"),
        ("starling", "harness_notes.starling:Starling"),
    ),
    embedders=(("parrot", "harness_notes.letters:Letters"),),
    tools="harness_notes.tools",
    routes="harness_notes.routes:ROUTES",
    panels="harness_notes.panels:PANELS",
    workflows=("harness_notes.workflow:SaveNote",),
    patient=True,
    activities=("harness_notes.activities:make_activities",),
    agent_workflows=("harness_notes.workflow:ListAgentTools",),
    agent_activities=("harness_notes.agents:make_activities",),
    model_interceptor="harness_notes.intercepting:limit_prompts",
    tool_interceptor="harness_notes.intercepting:limit_arguments",
)

NOTE_COUNT = Capability(
    name="note_count",
    summary="Count the notes from time to time.",
    page="https://example.org/harness-notes",
    requires=("notes",),
    settings="harness_notes.settings:NoteCountSettings",
    workflows=("harness_notes.workflow:CountNotes",),
    activities=("harness_notes.counting:make_activities",),
    unsigned=True,
    service="harness_notes.counting:serve_schedule",
    run_watch="harness_notes.watching:watch_runs",
)
