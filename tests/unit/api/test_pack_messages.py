"""Events that are ready together share messages, and stay what they are."""

from __future__ import annotations

import json
from itertools import chain
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from harness.api.stream_event import MESSAGE_CHARACTERS, StreamEvent, pack_messages


def make_event(kind: str, text: str, size: int, id: str | None) -> StreamEvent:
    return StreamEvent(kind, json.dumps({"text": text * size}).encode(), id)


EVENTS = st.lists(
    st.builds(
        make_event,
        st.text(min_size=1, max_size=9),
        st.text(min_size=1, max_size=2),
        st.sampled_from((1, 1_000, 30_000, 70_000)),
        st.none() | st.text('abc/"\\', min_size=1, max_size=9),
    ),
    max_size=12,
)
TOPIC = 'run/a "b"#tab.1'


def unpack(message: str) -> list[dict[str, Any]]:
    read = json.loads(message)
    assert read["topic"] == TOPIC
    return read.get("events") or [read]


@given(EVENTS)
def test_nothing_is_lost_changed_or_reordered(events: list[StreamEvent]) -> None:
    messages = list(pack_messages(TOPIC, events))
    read = chain.from_iterable(map(unpack, messages))
    assert [(each["event"], each.get("id"), each["data"]) for each in read] == [
        (each.kind, each.id, json.loads(each.data)) for each in events
    ]
    for message in messages:
        assert len(unpack(message)) == 1 or len(message) < MESSAGE_CHARACTERS + 2_000


def test_an_event_alone_is_written_as_before() -> None:
    event = StreamEvent("x", b"{}", "1")
    assert list(pack_messages("a", [event])) == [event.as_message("a")]
    assert list(pack_messages("a", [])) == []


def test_events_are_taken_as_messages_are() -> None:
    """What a slow reader has not accepted is not written yet."""
    taken = list[int]()

    def make(number: int) -> StreamEvent:
        taken.append(number)
        return StreamEvent("x", b'"' + b"x" * 50_000 + b'"')

    messages = pack_messages("a", map(make, range(100)))
    next(messages)
    assert len(taken) == 2
