"""The store: what the engine is not for, in Postgres and beside it.

Transcript nodes, artifacts, pinned agent specs, live output, the last run of each session. Nothing
here decides what a run does next, but for the ledger of effects, which says whether a call has
happened already. psycopg, alembic and obstore are loaded on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.store.artifacts import Artifacts, ArtifactStat
    from harness.store.attempts import AttemptWriter
    from harness.store.database import Database
    from harness.store.effects import Hold, Ledger, NewEffect
    from harness.store.follow import LiveReader
    from harness.store.live import LiveText, LiveWriter
    from harness.store.sessions import Sessions
    from harness.store.specs import Specs
    from harness.store.stops import Stops
    from harness.store.transcripts import Answer, Transcripts

__all__ = [
    "Answer",
    "ArtifactStat",
    "Artifacts",
    "AttemptWriter",
    "Database",
    "Hold",
    "Ledger",
    "LiveReader",
    "LiveText",
    "LiveWriter",
    "NewEffect",
    "Sessions",
    "Specs",
    "Stops",
    "Transcripts",
]

_HOMES = {
    "Answer": "transcripts",
    "ArtifactStat": "artifacts",
    "Artifacts": "artifacts",
    "AttemptWriter": "attempts",
    "Database": "database",
    "Hold": "effects",
    "Ledger": "effects",
    "LiveReader": "follow",
    "LiveText": "live",
    "LiveWriter": "live",
    "NewEffect": "effects",
    "Sessions": "sessions",
    "Specs": "specs",
    "Stops": "stops",
    "Transcripts": "transcripts",
}


def __getattr__(name: str) -> Any:
    if home := _HOMES.get(name):
        from importlib import import_module

        return getattr(import_module(f"harness.store.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
