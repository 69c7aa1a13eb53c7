"""The parts of a chat without a screen: names, titles, the status line, what was typed before."""

from __future__ import annotations

import io
import json
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from harness.contracts.errors import RunForged
from harness.contracts.message import Text
from harness.contracts.run import Pending, Totals
from harness.conversations.checks import check_change
from harness.conversations.client import ListedCard
from harness.conversations.contracts import Answering, Card, Change
from harness.terminal.chat.history import KEPT, TypedHistory, history_file, open_history
from harness.terminal.chat.inbox import make_title
from harness.terminal.chat.names import describe_listed, match_name
from harness.terminal.chat.past import print_asked
from harness.terminal.chat.status import Spent, describe_status


def listed(id: str, title: str | None) -> ListedCard:
    card = Card(id=id, agent="a", title=title, state="active", policy="queue", created=0, changed=0)
    return ListedCard(card=card, active=0)


ALL = [
    listed("trip", "Travel"), listed("conversation-1", "Invoices of May"),
    listed("conversation-2", "Invoices of June"), listed("conversation-3", "Invoices"),
    listed("conversation-4", None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("travel", ["trip"]), ("invoices", ["conversation-3"]),
        ("Invoices of", ["conversation-1", "conversation-2"]), ("tri", ["trip"]),
        ("conversation-4", ["conversation-4"]), ("nothing", []), (" ", []),
    ],
)  # fmt: skip
def test_names(name: str, found: list[str]) -> None:
    assert [each.card.id for each in match_name(ALL, name)] == found


def test_a_listed_title_cannot_steer_the_terminal() -> None:
    line = describe_listed(listed("x", "a\x1b[2J\u202eb\nc"))
    assert line.isprintable()
    assert "<U+001B>" in line


@given(st.text(max_size=200))
def test_a_title_is_made_of_any_message(text: str) -> None:
    title = make_title(text)
    check_change(Change(title=title))
    assert title is None or len(title) <= 60


def test_titles() -> None:
    assert make_title("\n  What is\tthis?\nAnd more") == "What is this?"
    assert make_title("one\u00a0two \u3000 three\x00four") == "one two three four"
    assert make_title("un\u200bbro\u00adken") == "unbroken"
    assert make_title("\x1b\x07") is None


@given(st.integers(5, 120), st.booleans(), st.text(max_size=30))
def test_the_status_fits(width: int, asking: bool, title: str) -> None:
    spent = Spent()
    spent.add(Totals(turns=2, tool_calls=1, cost_micros=1200))
    line = describe_status(
        agent="assistant", model="offline/demo", spent=spent, title=title, since=0.0,
        asking=asking, unserved=False, width=width,
    )  # fmt: skip
    assert cell_len(line) <= width
    assert "\n" not in line
    assert "\x1b" not in line


def test_the_status_tells_a_wait_for_a_worker_from_an_answer() -> None:
    line = describe_status(
        agent="other", model=None, spent=Spent(), title=None, since=0.0, asking=False,
        unserved=True, width=80,
    )  # fmt: skip
    assert line.startswith("waiting for a worker")
    assert "answering" not in line


def test_an_unknown_cost_stays_unknown() -> None:
    spent = Spent()
    spent.add(Totals(cost_micros=5))
    assert spent.describe()[-1] == "$0.0000"
    spent.add(Totals(cost_micros=None))
    spent.add(Totals(cost_micros=5))
    assert spent.micros is None


def test_an_interrupted_answer_of_a_free_model_costs_nothing() -> None:
    spent = Spent()
    spent.add(Totals(cut_attempts=1, cut_micros=0))
    assert spent.describe()[-1] == "free"
    spent.add(Totals(cut_attempts=1))
    assert spent.describe()[-1] == "unknown cost"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return history_file()


def typed(*lines: str) -> None:
    history = open_history()
    for line in lines:
        history.append_string(line)


def test_what_was_typed_is_kept_for_its_user_alone(file: Path) -> None:
    typed("one", "two\nlines", " secret", "  ")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(open_history().load_history_strings()) == ["two\nlines", "one"]


def test_a_damaged_history_is_read_as_far_as_it_goes(file: Path) -> None:
    file.parent.mkdir()
    file.write_bytes(b'"good"\n{"no": 1}\n\xff\xfe\n"half')
    assert list(open_history().load_history_strings()) == ["good"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_planted_link_is_neither_read_nor_written(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text('"theirs"\n')
    file.parent.mkdir()
    file.symlink_to(other)
    assert list(open_history().load_history_strings()) == []
    typed("mine")
    assert other.read_text() == '"theirs"\n'


def test_the_history_is_bounded(file: Path) -> None:
    file.parent.mkdir()
    file.write_text("".join(f"{json.dumps(str(n))}\n" for n in range(3 * KEPT)))
    TypedHistory(file).store_string("new")
    lines = file.read_text().splitlines()
    assert (len(lines), lines[-1]) == (KEPT, '"new"')


@pytest.mark.parametrize("pending", [True, False])
def test_what_is_being_answered_is_shown_with_what_it_waits_for(pending: bool) -> None:
    asks = Pending(
        id="c", need="approval", turn=1, tool="send", arguments={"to": "a\x1b[2J"}, question="OK?",
        since=1.0,
    )  # fmt: skip
    turn = Answering(
        message="m", run="c.1", state="running", parts=(Text(text="Write.\x1b[2J\nNow."),),
        pending=(asks,), delay=RunForged("Another\x1b[2J key.").info,
    )  # fmt: skip
    console = Console(width=80, file=io.StringIO())
    print_asked(console, turn, pending=pending)
    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()
    assert "\x1b" not in shown
    assert "› Write." in shown
    assert "  Now." in shown
    assert "no worker could prepare its run yet: Another" in shown
    assert ("waits for a decision: send(" in shown) == pending
