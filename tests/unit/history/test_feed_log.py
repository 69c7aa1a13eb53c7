"""However a reader comes and goes, it has every durable event once, and shows what was replied."""

from __future__ import annotations

from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.contracts import event as e
from harness.contracts.attempt import Retry
from harness.contracts.errors import StackUnreachable
from harness.history.feed_log import FeedLog, Reading
from harness.journal import Execution, project_chain
from tests.conformance.order import check_order
from tests.unit.histories import chains
from tests.unit.history.test_merge import MORE, at, durable, lives

TEXTS = st.lists(st.text("abc", max_size=6), min_size=1, max_size=3)


def delta(text: str, offset: int = 0, attempt: int = 1) -> e.OutputDelta:
    return e.OutputDelta(turn=1, call=0, attempt=attempt, offset=offset, text=text, **MORE)


def filled(*events: e.Event, window: int = 1000) -> FeedLog:
    log = FeedLog(window)
    for event in events:
        log.add(event)
    return log


def read(log: FeedLog, after: e.Cursor | None = None) -> list[e.Event]:
    return list(Reading(log, after).take())


def kept(events: list[e.Event]) -> list[e.Event]:
    return [event for event in events if event.cursor]


def cursor_of(events: list[e.Event]) -> e.Cursor | None:
    return next((event.cursor for event in reversed(events) if event.cursor), None)


def shown_texts(events: list[e.Event]) -> list[str]:
    """What stands on the screen at each reply, of a reader that shows deltas and applies resets."""
    texts, shown = list[str](), ""
    for event in events:
        match event:
            case e.ModelCalled() | e.OutputReset():
                shown = ""
            case e.OutputDelta():
                shown += event.text
            case e.ModelReplied():
                texts.append(shown)
            case _:
                pass
    return texts


class Reader:
    """Reads at its own pace, and starts over with its last cursor after each break."""

    def __init__(self, log: FeedLog) -> None:
        self.log = log
        self.events: list[e.Event] = []
        self.resumes = -1
        self.resume()

    def resume(self) -> None:
        self.resumes += 1
        self.reading = Reading(self.log, cursor_of(self.events))
        self.taking = self.reading.take()

    def read(self, count: int) -> None:
        """Read so many events, as far as there are any; the log may grow before the next ones."""
        taken = list(islice(self.taking, count))
        self.events += taken
        if len(taken) < count:
            self.taking = self.reading.take()

    def finish(self) -> None:
        for _ in range(2):
            self.read(1000)


@settings(deadline=None)
@given(data=st.data(), texts=TEXTS, window=st.integers(1, 8))
def test_parts_make_the_whole(data: st.DataObject, texts: list[str], window: int) -> None:
    log = FeedLog(window)
    reader = Reader(log)
    waiting = [live for n, text in enumerate(texts, 1) for live in data.draw(lives(n, text))]
    for event in durable(*texts):
        log.add(event)
        for _ in range(data.draw(st.integers(0, len(waiting)))):
            log.add(waiting.pop(0))
            match data.draw(st.sampled_from(["wait", "read", "read", "resume"])):
                case "read":
                    reader.read(data.draw(st.integers(1, 5)))
                case "resume":
                    reader.resume()
                case _:
                    pass
    reader.finish()
    assert kept(reader.events) == durable(*texts)
    assert shown_texts(reader.events) == texts
    if not reader.resumes:  # nobody may remember how many attempts were shown before
        check_order(reader.events)


@settings(deadline=None)
@given(data=st.data(), chain=chains())
def test_every_cursor_of_a_chain_resumes(data: st.DataObject, chain: list) -> None:
    executions = [Execution(run_id, tuple(entries)) for run_id, entries in chain]
    whole = project_chain("r", executions)
    seen = project_chain("r", executions[: data.draw(st.integers(1, len(executions)))])
    cut = data.draw(st.integers(0, len(seen)))
    cursor = cursor_of(list(seen[:cut]))
    first = [event for event in seen[:cut] if event in whole]  # a reset takes back an end
    rest = read(filled(*whole), cursor)
    assert first + kept(rest) == whole


def test_a_reader_in_the_middle_of_a_reply_starts_its_text_over() -> None:
    started, called, replied, *_ = durable("abcd")
    log = filled(started, called, delta("ab"))
    rest = Reading(log, called.cursor)
    reset, again = rest.take()
    assert isinstance(reset, e.OutputReset)
    assert again == delta("ab")
    log.add(delta("cd", 2))
    log.add(replied)
    assert list(rest.take()) == [delta("cd", 2), replied]


def test_a_reader_that_comes_back_after_the_reply() -> None:
    events = durable("abcd")
    reset, again, *rest = read(filled(*events), events[1].cursor)
    assert isinstance(reset, e.OutputReset)
    assert (again.text, rest) == ("abcd", events[2:])


def test_a_gap_stays_a_gap() -> None:
    started, called, replied, *_ = durable("abcd")
    where = {"turn": 1, "call": 0, "attempt": 1, **MORE}
    gap = e.OutputGap(offset=2, **where)
    log = filled(started, called, delta("a"), gap, delta("c", 2))
    late = Reading(log)
    assert list(late.take()) == [started, called, e.OutputGap(offset=3, **where)]
    log.add(delta("d", 3))
    log.add(replied)
    text, reset, whole, end = late.take()
    assert text == delta("d", 3)
    assert isinstance(reset, e.OutputReset)
    assert (whole.text, end) == ("abcd", replied)


def test_a_late_reader_has_the_text_of_the_attempt_that_counts() -> None:
    started, called, *_ = durable("abcd")
    reset = e.OutputReset(turn=1, call=0, attempt=2, **MORE)
    log = filled(started, called, delta("xy"), reset, delta("ab", attempt=2))
    assert read(log) == [started, called, delta("ab", attempt=2)]


def test_a_reader_that_is_too_slow_loses_live_text_only() -> None:
    started, called, replied, ended = durable("abcd")
    log = filled(started, called, window=2)
    slow = Reading(log)
    assert list(slow.take()) == [started, called]
    log.add(delta("a"))
    assert list(slow.take()) == [delta("a")]
    for offset in (1, 2, 3):
        log.add(delta("abcd"[offset], offset))
    reset, whole = slow.take()
    assert isinstance(reset, e.OutputReset)
    assert whole == delta("abcd")
    log.add(replied)
    log.add(ended)
    assert list(slow.take()) == [replied, ended]


def test_a_cursor_ahead_of_the_log_waits_for_its_event() -> None:
    started, called, replied, ended = durable("abcd")
    log = filled(started)
    reading = Reading(log, replied.cursor)
    for event in (called, delta("ab"), replied):
        assert list(reading.take()) == []
        log.add(event)
    assert list(reading.take()) == []
    log.add(ended)
    assert list(reading.take()) == [ended]


def test_a_cursor_between_two_events() -> None:
    events = durable("ab")
    assert kept(read(filled(*events), at(5))) == events[2:]
    assert read(filled(*events), at(1000)) == []


def test_a_late_reader_learns_of_progress_and_retries() -> None:
    started, called, *_ = durable("abcd")
    error = StackUnreachable("no").info
    retry = Retry(activity="5", kind="call_model", failed=1, error=error)
    failed = e.AttemptFailed(retry=retry, **MORE)
    progress = e.ToolProgress(turn=1, call_id="c", text="half", **MORE)
    log = filled(started, called, failed, progress)
    assert read(log) == [started, called, progress, failed]
    log.add(durable("abcd")[2])
    assert failed not in read(log)


@pytest.mark.parametrize("window", [1, 1000])
def test_a_branch_drops_the_text_of_the_old_one(window: int) -> None:
    started, called, *_ = durable("abcd")
    branched = e.Branched(
        cursor=e.Cursor(run_id="y", event_id=3), from_run_id="x", to_run_id="y", reason="", **MORE
    )
    called_again = called.model_copy(update={"cursor": e.Cursor(run_id="y", event_id=5)})
    log = filled(started, called, delta("old"), branched, called_again, delta("n"), window=window)
    log.add(delta("ew", 1))
    rest = read(log, called.cursor)
    assert kept(rest) == [branched, called_again]
    shown = [event.text for event in rest if isinstance(event, e.OutputDelta)]
    assert "".join(shown) == "new"


@settings(deadline=None, max_examples=20)
@given(chain=chains(), size=st.integers(1, 5))
def test_a_reader_takes_groups_of_any_size(chain: list, size: int) -> None:
    executions = [Execution(run_id, tuple(entries)) for run_id, entries in chain]
    log = filled(*project_chain("r", executions))
    whole, taking = read(log), Reading(log).take()
    found = list[e.Event]()
    while group := list(islice(taking, size)):
        found += group
    assert found == whole


def test_what_is_added_after_a_reader_had_all_is_not_lost() -> None:
    """Groups are handed over, and the log grows meanwhile: also with the run's last event."""
    *begun, last = durable("a")
    log = filled(*begun)
    reading = Reading(log)
    assert kept(reading.take_ready(500)) == begun
    log.add(last)
    assert kept(reading.take_ready(500)) == [last]
    assert reading.take_ready(500) == []


def test_no_group_is_larger_than_asked() -> None:
    events = durable("a", "b")
    reading, groups = Reading(filled(*events)), list[list[e.Event]]()
    while group := reading.take_ready(2):
        groups.append(group)
    assert max(map(len, groups)) == 2
    assert kept([event for group in groups for event in group]) == events
