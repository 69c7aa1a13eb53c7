"""Live text among durable events: whatever is missed, late or from another attempt, what a reader
has shown at the end of a call is the reply."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from harness.contracts import event as e
from harness.contracts.message import Message, Text
from harness.contracts.model import Usage
from harness.contracts.run import RunState
from harness.history.merge import EventMerger
from tests.conformance.order import check_order

MORE = {"run": "r", "at": 1.0, "trace": "t"}


def at(event_id: int) -> e.Cursor:
    return e.Cursor(run_id="x", event_id=event_id)


def durable(*texts: str) -> list[e.DurableEvent]:
    """A run whose turns said these."""
    events: list[e.DurableEvent] = [
        e.RunStarted(cursor=at(1), agent="a", model="m", prompt="p", **MORE)
    ]
    for turn, text in enumerate(texts, 1):
        message = Message(role="assistant", parts=(Text(text=text),))
        events += [
            e.ModelCalled(cursor=at(turn * 4), turn=turn, call=0, model="m", messages=(), **MORE),
            e.ModelReplied(
                cursor=at(turn * 4 + 2), turn=turn, call=0, model="m", message=message,
                usage=Usage(), ms=1, attempts=1, head="h", **MORE,
            ),
        ]  # fmt: skip
    return [*events, e.RunEnded(cursor=at(999), state=RunState.COMPLETED, output="", **MORE)]


@st.composite
def lives(draw: st.DrawFn, turn: int, text: str) -> list[e.LiveEvent]:
    """What a reader of the live table may be given of one call, in its order."""
    found: list[e.LiveEvent] = []
    attempts = draw(st.integers(1, 3))
    for attempt in range(1, attempts + 1):
        where = {"turn": turn, "call": 0, "attempt": attempt, **MORE}
        if attempt > 1:
            found.append(e.OutputReset(**where))
        said = text if attempt == attempts else draw(st.text("xyz", max_size=4))
        cuts = sorted(draw(st.sets(st.integers(0, len(said)), max_size=3)) | {0, len(said)})
        for start, end in pairwise(cuts):
            match draw(st.sampled_from(["shown", "shown", "missed", "never"])):
                case "shown":
                    found.append(e.OutputDelta(offset=start, text=said[start:end], **where))
                case "missed" if end < len(said):
                    found.append(e.OutputGap(offset=end, **where))
                case _:
                    break
    return found


@given(data=st.data(), texts=st.lists(st.text("abc", max_size=6), min_size=1, max_size=3))
def test_what_is_shown_is_the_reply(data: st.DataObject, texts: list[str]) -> None:
    merger, events = EventMerger(), []
    waiting = [live for n, text in enumerate(texts, 1) for live in data.draw(lives(n, text))]
    for event in durable(*texts):
        events += merger.merge_durable(event)
        # Live text comes when it comes: early, in time, or long after its reply.
        for _ in range(data.draw(st.integers(0, len(waiting)))):
            events += merger.merge_live(waiting.pop(0))
    check_order(events)
    assert [event for event in events if event.cursor] == durable(*texts)


def test_a_reader_that_saw_nothing_is_given_the_whole_text() -> None:
    merger = EventMerger()
    events = [event for each in durable("abc") for event in merger.merge_durable(each)]
    (delta,) = [event for event in events if isinstance(event, e.OutputDelta)]
    assert (delta.text, delta.offset) == ("abc", 0)


def test_a_branch_that_goes_back_shows_its_text_too() -> None:
    merger, run = EventMerger(), durable("old")[:-1]
    events = [event for each in run for event in merger.merge_durable(each)]
    branched = e.Branched(
        cursor=e.Cursor(run_id="y", event_id=3), from_run_id="x", to_run_id="y", reason="", **MORE
    )
    events += merger.merge_durable(branched)
    called = run[1].model_copy(update={"cursor": e.Cursor(run_id="y", event_id=5)})
    events += merger.merge_durable(called)
    live = e.OutputDelta(turn=1, call=0, attempt=1, offset=0, text="new", **MORE)
    assert list(merger.merge_live(live)) == [live]
