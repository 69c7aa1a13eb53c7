"""What people did to a run, as its card has it. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from harness.activity.views import Act, Kind, time_of
from harness.contracts import event as e
from harness.contracts.clean_text import clip_text
from harness.journal.card import Card

SHOWN = 200
STEERING: dict[type[e.Event], Kind] = {
    e.HintReceived: "hint",
    e.PauseRequested: "pause",
    e.ResumeRequested: "resume",
    e.AbortRequested: "abort",
}


def list_acts(card: Card) -> Iterator[Act]:
    """The acts of a run, in no particular order."""
    yield Act(
        id=f"{card.run}/started",
        at=time_of(card.started),
        kind="whatif_started" if card.whatif else "run_forked" if card.parent else "run_started",
        by=card.by,
        run=card.run,
        subject=card.parent.run if card.parent else None,
        detail=_shorten(card.agent),
    )
    for told in card.told:
        text = told.text if isinstance(told, e.HintReceived) else told.reason
        yield _act_of(told, STEERING[type(told)], told.by, text)
    for made in card.decided:
        detail = f"{made.verdict}: {made.note}" if made.note else made.verdict
        yield _act_of(made, "decision", made.by, detail, made.id)
    for reset in card.resets:
        yield _act_of(reset, "reset", None, reset.reason)


def _act_of(
    event: e.Event, kind: Kind, by: str | None, detail: str | None, subject: str | None = None
) -> Act:
    return Act(
        id=f"{event.run}/{event.cursor}",
        at=time_of(event.at),
        kind=kind,
        by=by,
        run=event.run,
        subject=subject,
        detail=_shorten(detail),
    )


def _shorten(text: str | None) -> str | None:
    return clip_text(text, SHOWN) if text else None
