"""The store: data that does not belong in Temporal, in Postgres and in files.

Transcript nodes, artifacts, pinned agent specs, live output, the last run of each session. Nothing
here decides what a run does next, except the ledger of effects, which records whether a call has
already happened. psycopg, alembic and obstore are loaded on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.store.artifacts import Artifacts, ArtifactStat
    from harness.store.attempts import AttemptWriter
    from harness.store.database import Database
    from harness.store.effects import Hold, Ledger, NewEffect
    from harness.store.live.reader import LiveReader
    from harness.store.live.stops import Stops
    from harness.store.live.writer import LiveWriter, ReplyStream
    from harness.store.sessions import Sessions
    from harness.store.specs import Specs
    from harness.store.transcripts.chain import Answer, Transcripts

__all__ = [
    "Answer",
    "ArtifactStat",
    "Artifacts",
    "AttemptWriter",
    "Database",
    "Hold",
    "Ledger",
    "LiveReader",
    "LiveWriter",
    "NewEffect",
    "ReplyStream",
    "Sessions",
    "Specs",
    "Stops",
    "Transcripts",
]

_HOMES = {
    "Answer": "transcripts.chain",
    "ArtifactStat": "artifacts",
    "Artifacts": "artifacts",
    "AttemptWriter": "attempts",
    "Database": "database",
    "Hold": "effects",
    "Ledger": "effects",
    "LiveReader": "live.reader",
    "ReplyStream": "live.writer",
    "LiveWriter": "live.writer",
    "NewEffect": "effects",
    "Sessions": "sessions",
    "Specs": "specs",
    "Stops": "live.stops",
    "Transcripts": "transcripts.chain",
}


def __getattr__(name: str) -> Any:
    if home := _HOMES.get(name):
        from importlib import import_module

        return getattr(import_module(f"harness.store.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
