"""What touches the world."""

from collections.abc import Callable
from typing import Any

from temporalio import activity

from harness.extensions import Connection
from harness_notes import store
from harness_notes.errors import EmptyNote
from harness_notes.settings import NotesSettings


def make_activities(connection: Connection) -> list[Callable[..., Any]]:
    """The activities of notes, for one worker process."""

    @activity.defn
    async def save_note(text: str) -> str:
        if not text.strip():
            raise EmptyNote("The note is empty.")
        whole = connection.settings.section(NotesSettings).prefix + text
        await store.save_note(connection.database, activity.info().workflow_id or "", whole)
        return whole

    return [save_note]
