import json
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.contracts.event import OutputDelta, OutputGap, OutputReset, ToolProgress
from harness.store.live.merge import MARKER, LiveMerger, OutputRow, ProgressRow
from harness.store.live.writer import NOTIFY_BYTES, _clean_text, _split_payloads


def text_rows(pieces: list[str], *, turn: int, attempt: int, scheduled: int = 0) -> list[OutputRow]:
    rows = [OutputRow(scheduled, turn, 0, attempt, MARKER, "", 0.0)] if attempt > 1 else []
    pos = 0
    for piece in pieces:
        rows.append(OutputRow(scheduled, turn, 0, attempt, pos, piece, 0.0))
        pos += len(piece)
    return rows


class Screen:
    """The text of each turn, as a reader shows it who obeys resets and gaps."""

    def __init__(self) -> None:
        self.turns: dict[int, str] = {}
        self.merger = LiveMerger("r", "t")
        self.events: list[object] = []

    def feed(self, output: list[OutputRow], progress: list[ProgressRow] | None = None) -> None:
        for event in self.merger.feed(output, progress or []):
            self.events.append(event)
            match event:
                case OutputDelta():
                    shown = self.turns.get(event.turn, "")
                    assert event.offset == len(shown), "a piece is shown twice or too early"
                    self.turns[event.turn] = shown + event.text
                case OutputReset():
                    self.turns[event.turn] = ""
                case OutputGap():
                    self.turns[event.turn] = self.turns.get(event.turn, "").ljust(event.offset)
                case ToolProgress():
                    pass


pieces = st.lists(st.text("abc", min_size=1, max_size=3), max_size=5)


@settings(deadline=None)
@given(
    st.lists(st.lists(pieces, min_size=1, max_size=3), min_size=1, max_size=3),
    st.randoms(use_true_random=False),
)
def test_readers_see_the_last_attempt_of_each_turn(
    turns: list[list[list[str]]], dice: Random
) -> None:
    """Rows come in any pieces, some again, late rows of dead attempts between them."""
    rows = [
        row
        for turn, attempts in enumerate(turns, 1)
        for attempt, texts in enumerate(attempts, 1)
        for row in text_rows(texts, turn=turn, attempt=attempt)
    ]
    screen = Screen()
    seen = 0
    while seen < len(rows):
        start = dice.randint(0, seen)  # from before where it was: an overlap
        end = dice.randint(seen + 1, len(rows))
        part = rows[start:end]
        screen.feed(dice.sample(part, len(part)))
        seen = end
    for turn, attempts in enumerate(turns, 1):
        assert screen.turns.get(turn, "") == "".join(attempts[-1])
    assert not any(isinstance(event, OutputGap) for event in screen.events)


@settings(deadline=None)
@given(pieces, st.sets(st.integers(0, 4)))
def test_what_was_lost_is_a_gap(texts: list[str], lost: set[int]) -> None:
    rows = text_rows(texts, turn=1, attempt=1)
    kept = [row for n, row in enumerate(rows) if n not in lost]
    screen = Screen()
    for row in kept:
        screen.feed([row])
    shown = screen.turns.get(1, "")
    for row in kept:
        assert shown[row.pos : row.pos + len(row.text)] == row.text
    gaps = [event.offset for event in screen.events if isinstance(event, OutputGap)]
    ends = [0, *(row.pos + len(row.text) for row in kept)]
    assert gaps == [row.pos for row, end in zip(kept, ends, strict=False) if row.pos > end]


def test_a_reset_run_goes_back_to_an_earlier_turn() -> None:
    screen = Screen()
    screen.feed(text_rows(["one"], turn=1, attempt=1, scheduled=1))
    screen.feed(text_rows(["two"], turn=2, attempt=1, scheduled=2))
    screen.turns.clear()
    screen.feed(text_rows(["other"], turn=1, attempt=1, scheduled=3))
    screen.feed(text_rows(["late"], turn=2, attempt=1, scheduled=2))
    assert screen.turns == {1: "other"}


def test_what_is_read_at_once_is_one_piece() -> None:
    screen = Screen()
    screen.feed(text_rows(["a", "b", "c"], turn=1, attempt=1))
    assert [event.text for event in screen.events if isinstance(event, OutputDelta)] == ["abc"]


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 20)), max_size=30))
def test_progress_is_shown_once_and_in_order(said: list[tuple[str, int]]) -> None:
    screen = Screen()
    for call_id, n in said:
        screen.feed([], [ProgressRow(1, call_id, n, str(n), float(n))])
    for call in "ab":
        told = [
            int(event.text)
            for event in screen.events
            if isinstance(event, ToolProgress) and event.call_id == call
        ]
        assert told == sorted(set(told))


def test_output_and_progress_come_in_the_order_of_time() -> None:
    screen = Screen()
    screen.feed(
        [OutputRow(0, 1, 0, 1, 0, "a", 1.0), OutputRow(0, 2, 0, 1, 0, "b", 3.0)],
        [ProgressRow(1, "c", 1, "half", 2.0)],
    )
    assert [getattr(event, "text", None) for event in screen.events] == ["a", "half", "b"]


@settings(deadline=None)
@given(st.sets(st.text(max_size=50), max_size=10), st.integers(0, 300))
def test_notifications_name_every_run_and_fit(names: set[str], more: int) -> None:
    runs = names | {f"run {n}: {'ä' * 100}" for n in range(more)}
    payloads = _split_payloads(sorted(runs))
    assert sorted(run for payload in payloads for run in json.loads(payload)) == sorted(runs)
    assert all(len(payload.encode()) <= NOTIFY_BYTES for payload in payloads)


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=())))
def test_any_text_becomes_one_that_postgres_takes(text: str) -> None:
    clean = _clean_text(text)
    assert len(clean) == len(text)
    assert b"\0" not in clean.encode()
