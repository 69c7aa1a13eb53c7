"""Shows what migrations would run, without a connection."""

from __future__ import annotations

import io
import re
from typing import NamedTuple

from harness.capabilities.registry import LOADING_FAILS
from harness.store.migrate import LineState

DOUBLED = re.compile(r";\s*;(?=\s*$)")


class Step(NamedTuple):
    """A step that would run."""

    revision: str
    summary: str
    """What it is for, in its author's words."""
    sql: str | None
    """None if that is only known when it runs."""


class _Statements(io.StringIO):
    """Statements as Alembic writes them, one at a time. It ends each with a semicolon, whether it
    had one or not."""

    def write(self, text: str) -> int:
        return super().write(DOUBLED.sub(";", text))


def preview_steps(state: LineState) -> list[Step]:
    """The missing steps of a schema, in their order."""
    return [_preview_step(state, revision) for revision in state.pending]


def _preview_step(state: LineState, revision: str) -> Step:
    from alembic.migration import MigrationContext
    from alembic.operations import Operations
    from alembic.script import ScriptDirectory

    folder = state.line.folder
    scripts = ScriptDirectory(str(folder.parent), version_locations=[str(folder)])
    written = _Statements()
    try:
        script = scripts.get_revision(revision)
        summary = (script.module.__doc__ or "").strip().split("\n")[0]
    except LOADING_FAILS as error:
        return Step(revision, f"cannot be loaded: {error}", None)
    options = {"as_sql": True, "output_buffer": written}
    context = MigrationContext.configure(dialect_name="postgresql", opts=options)
    try:
        with Operations.context(context):
            script.module.upgrade()
    except LOADING_FAILS:  # such as one that looks at the data first
        return Step(revision, summary, None)
    return Step(revision, summary, written.getvalue().strip())
