"""The projection over histories that nobody recorded: any prefix, any cut, any reading again gives
the same bytes, and nothing that an engine may write makes it fail."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from temporalio.api.history.v1 import HistoryEvent

from harness.contracts.event import EVENTS, Branched, Cursor, DurableEvent, RunStarted
from harness.journal import Execution, Projector, project, project_chain
from harness.journal.branches import drop_reset_events
from harness.journal.card import CardFold, card_of, extend_card
from harness.journal.steps import list_steps
from harness.terminal.view.trace import event_line
from tests.unit.histories import chains, histories

quick = settings(suppress_health_check=[HealthCheck.too_slow])
Chain = list[tuple[str, list[HistoryEvent]]]


def wires(events: Sequence[DurableEvent]) -> list[bytes]:
    return [event.wire() for event in events]


def again(entries: Sequence[HistoryEvent]) -> list[HistoryEvent]:
    """As they come over the wire another time."""
    return [HistoryEvent.FromString(each.SerializeToString()) for each in entries]


@quick
@given(histories(), st.data())
def test_any_prefix_cut_into_any_pages_and_read_again(
    history: list[HistoryEvent], data: st.DataObject
) -> None:
    whole = wires(project("r", "x", history))
    end = data.draw(st.integers(0, len(history)))
    cuts = data.draw(st.sets(st.integers(0, end)))
    projector, found, start = Projector("r", "x"), list[bytes](), 0
    for stop in [*sorted(cuts), end]:
        for entry in again(history[start:stop]):
            found += wires(projector.feed(entry))
        start = stop
    assert found == whole[: len(found)]
    assert wires(project("r", "x", again(history))) == whole


@quick
@given(histories())
def test_each_event_points_into_history_and_can_be_printed(history: list[HistoryEvent]) -> None:
    events = project("r", "x", history)
    places = [(event.cursor.event_id, event.cursor.place) for event in events if event.cursor]
    assert len(places) == len(events)
    assert places == sorted(set(places))
    assert {event_id for event_id, _ in places} <= {entry.event_id for entry in history}
    assert EVENTS.validate_json(b"[%s]" % b",".join(wires(events))) == events
    assert all(event_line(event).what for event in events)
    assert card_of(events) is not None
    for step in list_steps(events):
        assert step.end is None or step.end >= step.start


@quick
@given(histories(), st.data())
def test_a_card_goes_on_from_any_event(history: list[HistoryEvent], data: st.DataObject) -> None:
    events = project("r", "x", history)
    cut = data.draw(st.integers(1, len(events)))
    fold = CardFold()
    for event in events[:cut]:
        fold.add(event)
    card = fold.card
    assert card is not None
    if any(isinstance(event, Branched | RunStarted) for event in events[cut:]):
        return  # whoever goes on reads from the start then
    for event in events[cut:]:
        card = extend_card(card, event)
    assert card == card_of(events)


def _same_entry(event: DurableEvent, end: Cursor) -> bool:
    at = event.cursor
    return at is not None and (at.run_id, at.event_id) == (end.run_id, end.event_id)


def executions(chain: Chain) -> list[Execution]:
    return [Execution(run_id, tuple(again(entries))) for run_id, entries in chain]


@quick
@given(chains(), st.data())
def test_a_run_through_resets_and_fresh_histories_only_grows(
    chain: Chain, data: st.DataObject
) -> None:
    """At an earlier moment it read the same, but for an end that turned out to be none."""
    whole = wires(project_chain("r", executions(chain)))
    assert wires(project_chain("r", executions(chain))) == whole
    last = data.draw(st.integers(0, len(chain) - 1))
    run_id, entries = chain[last]
    # The engine makes a branch with what it keeps of the history before it, at once.
    cut = data.draw(st.integers(max(1, executions(chain)[last].left_at), len(entries)))
    before = [*chain[:last], (run_id, entries[:cut])]
    events = project_chain("r", executions(before))
    if last < len(chain) - 1 and events and events[-1].type == "run_ended":
        end = events[-1].cursor
        assert end is not None
        events = [each for each in events if not _same_entry(each, end)]
    shown = wires(events)
    assert shown == whole[: len(shown)]


@quick
@given(chains())
def test_every_cursor_is_there_once(chain: Chain) -> None:
    events = project_chain("r", executions(chain))
    cursors = [str(event.cursor) for event in events]
    assert len(set(cursors)) == len(cursors)
    left = {str(event.cursor) for event in drop_reset_events(events)}
    assert [each for each in cursors if each in left] == [
        str(e.cursor) for e in drop_reset_events(events)
    ]
