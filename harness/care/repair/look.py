"""Look whether invariants hold now, while a change is made and after it."""

from __future__ import annotations

import time

from harness.care.contracts import Verified, Verify
from harness.care.invariants.evaluate import evaluate
from harness.care.invariants.judge import Judgement
from harness.care.settings import CareSettings
from harness.care.store import CareStore
from harness.engine.connection import Connection

LOOK_EVERY_S = 2.0
"""Between two looks while a change is watched: one that breaks something is undone at once."""


async def look_at(connection: Connection, request: Verify) -> Verified:
    """Evaluate invariants of a subject, and save what was found."""
    store = CareStore(connection.database)
    watched = await store.list_watched(request.subject, request.names)
    settings = connection.settings.section(CareSettings)
    found = await evaluate(settings, watched)
    await store.save_judgements(found, int(time.time() / settings.evaluate_seconds))
    failing = [
        (each, judged)
        for each, judged in found
        if judged.state != "holds" and not _was_silent(judged, request.changed_at or 0.0)
    ]
    return Verified(
        failing=tuple(f"{e.invariant.name} {j.state} {j.message}".strip() for e, j in failing),
        broken=tuple(e.invariant.name for e, j in failing if j.state == "broken"),
        unknown=tuple(e.invariant.name for e, j in failing if j.state == "unreachable"),
    )


def _was_silent(judged: Judgement, changed_at: float) -> bool:
    """Whether it has given no data since before a change, and was not bad then."""
    is_silent = judged.state == "no_data" and judged.since < changed_at
    return is_silent and judged.violated_since is None
