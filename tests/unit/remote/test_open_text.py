"""A reader whose connection breaks shows nothing twice, and ends with what was replied."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.contracts import event as e
from harness.contracts.attempt import Retry
from harness.contracts.errors import ErrorInfo
from harness.remote.event_reader import read_frames
from harness.remote.open_text import OpenText
from tests.unit.history.test_feed_log import TEXTS, Reader, delta, filled, shown_texts
from tests.unit.history.test_merge import MORE, durable

ERROR = ErrorInfo(code="provider.overloaded", message="busy", fix="Wait.", retryable=True)


def taken(text: OpenText, *events: e.Event) -> list[e.Event]:
    return [new for event in events for new in text.take(event)]


def reset(attempt: int = 1) -> e.OutputReset:
    return e.OutputReset(turn=1, call=0, attempt=attempt, **MORE)


@settings(max_examples=60, deadline=None)
@given(texts=TEXTS, breaks=st.lists(st.booleans(), max_size=40))
def test_what_was_shown_is_not_shown_again(texts: list[str], breaks: list[bool]) -> None:
    log = filled()
    reader, text, shown = Reader(log), OpenText(), list[e.Event]()
    started, called, *ending = durable("".join(texts))
    offset, steps = 0, list[e.Event]([started, called])
    for each in texts:
        steps.append(delta(each, offset))
        offset += len(each)
    lost = iter(breaks)
    for step in [*steps, *ending]:
        log.add(step)
        if next(lost, False):
            reader.resume()
        before = len(reader.events)
        reader.read(1000)
        shown += taken(text, *reader.events[before:])
    whole = "".join(texts)
    assert [event for event in shown if event.cursor] == [started, called, *ending]
    assert shown_texts(shown) == [whole]
    assert "".join(each.text for each in shown if isinstance(each, e.OutputDelta)) == whole
    assert not any(isinstance(each, e.OutputReset) for each in shown)


def test_a_new_attempt_resets_the_text() -> None:
    text = OpenText()
    first = taken(text, delta("ab"), delta("c", 2))
    assert [each.type for each in first] == ["output_delta", "output_delta"]
    # It began while nobody read: the daemon knows of no reader who has shown the first one.
    again = taken(text, delta("xy", attempt=2))
    assert [each.type for each in again] == ["output_reset", "output_delta"]
    assert [each.type for each in taken(text, reset(3), delta("z", attempt=3))] == [
        "output_reset",
        "output_delta",
    ]


def test_other_text_of_the_same_attempt() -> None:
    text = OpenText()
    taken(text, delta("abc"))
    assert taken(text, reset()) == []
    assert taken(text, delta("abX")) == [reset(), delta("abX")]
    assert taken(text, e.OutputGap(turn=1, call=0, attempt=1, offset=9, **MORE))[0].type == (
        "output_gap"
    )
    assert taken(text, reset(), delta("ab")) == [reset(), delta("ab")]


def test_notes_are_shown_once() -> None:
    retry = Retry(activity="1", kind="call_model", failed=1, error=ERROR)
    failed = e.AttemptFailed(retry=retry, **MORE)
    progress = e.ToolProgress(turn=1, call_id="call_1", text="half", **MORE)
    text = OpenText()
    assert taken(text, failed, progress, failed, progress) == [failed, progress]
    later = failed.model_copy(update={"retry": retry.model_copy(update={"failed": 2})})
    assert taken(text, later) == [later]


@settings(max_examples=30, deadline=None)
@given(data=st.data())
async def test_frames_of_any_chunks(data: st.DataObject) -> None:
    stream = (
        b": hi\n\nid: 1\nevent: a\ndata: {}\n\nevent: b\r\ndata: x\r\ndata:  y\r\n\r\ndata: z\n\n"
    )
    cuts = sorted(data.draw(st.sets(st.integers(1, len(stream) - 1), max_size=12)))
    places = [0, *cuts, len(stream)]

    async def chunks() -> AsyncGenerator[bytes]:
        for begin, end in pairwise(places):
            yield stream[begin:end]

    found = [frame async for frame in read_frames(chunks(), "url")]
    assert found == [("", b""), ("a", b"{}"), ("b", b"x\n y"), ("message", b"z")]
