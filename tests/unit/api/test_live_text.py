"""What is sent of a reply, however its attempts were cut."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from harness.api.live_text import LiveText

TEXT = st.text("ab ", max_size=12)


def cut(text: str, at: list[int]) -> list[str]:
    places = sorted({0, len(text), *(place % (len(text) + 1) for place in at)})
    return [text[a:b] for a, b in itertools.pairwise(places)]


@given(TEXT, st.lists(TEXT, max_size=3), st.lists(st.integers(0, 20), max_size=4), st.data())
def test_attempts(final: str, void: list[str], at: list[int], data: st.DataObject) -> None:
    """What was sent is the reply, unless `finish` says that something else was sent."""
    live, sent = LiveText(), ""
    for attempt in [*void, final[: data.draw(st.integers(0, len(final)))]]:
        for piece in cut(attempt, at):
            sent += live.add(piece)
            assert live.length == len(sent)
        live.restart()
    rest = live.finish(final)
    if rest is None:
        assert not final.startswith(sent)
    else:
        assert sent + rest == final


def test_missed_text_is_not_sent() -> None:
    live = LiveText()
    assert live.add("one ") == "one "
    live.miss()
    assert live.add("three") == ""
    live.restart()
    assert live.add("one two three") == "two three"


def test_an_attempt_that_differs_is_silent() -> None:
    live = LiveText()
    assert live.add("one two") == "one two"
    live.restart()
    assert live.add("one more") == ""
    assert live.add(" thing") == ""
    assert live.finish("one more thing") is None
