"""Tables and cards in a terminal of 40 columns: no line is wider, and nothing is left out."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from harness.cli.history import trace
from harness.cli.out import Out
from harness.cli.runs import list_show
from harness.cli.undo import effects
from harness.contracts import event as e
from harness.contracts.effect import EffectRow
from harness.contracts.message import user_message
from harness.contracts.run import RunState
from harness.journal.card import card_of
from harness.sdk.client import RunRow
from harness.terminal.view.console import make_console
from harness.terminal.view.show import show_card
from harness.terminal.view.trace import event_line
from tests.unit.stories import FOUND, LOOK, Story

WIDTH = 40


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> Out:
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    out = Out(json=False)
    out._console = make_console(io.StringIO())  # pyright: ignore[reportPrivateUsage]
    return out


def text_of(shown: Console) -> str:
    assert isinstance(shown.file, io.StringIO)
    text = shown.file.getvalue()
    assert max(map(len, text.splitlines())) <= WIDTH, text
    return text


def words(text: str) -> str:
    return " ".join(text.split())


def rows() -> list[RunRow]:
    found: dict[str, Any] = {"session": None, "started": 0.0, "ended": 9.0, "tokens": 1234}
    return [
        RunRow(
            id="a-run-with-a-name", agent="forecaster", state=RunState.COMPLETED,
            model="offline/demo", cost_micros=0, **found,
        )
    ]  # fmt: skip


def test_list(narrow: Out) -> None:
    list_show._print_table(narrow, rows())  # pyright: ignore[reportPrivateUsage]
    text = words(text_of(narrow.console))
    assert text.startswith("a-run-with-a-name completed ")
    assert text.endswith("took 9.0 s · 1,234 tokens · free · forecaster on offline/demo")


def test_list_in_a_pipe_has_one_line_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    out = Out(json=False)
    out._console = make_console(io.StringIO())  # pyright: ignore[reportPrivateUsage]
    list_show._print_table(out, [replace(row, id="x" * 90) for row in rows()])  # pyright: ignore
    assert isinstance(out.console.file, io.StringIO)
    assert len(out.console.file.getvalue().splitlines()) == 2


def test_effects(narrow: Out) -> None:
    row = EffectRow(
        run="r", seq=1, origin="o", attempt=1, who="vm/1",
        turn=2, call="call_12", tool="write_file", agent="a", effect="write",
        arguments={"path": "a.txt", "content": "hello world"}, state="done", key="k",
        began=0.0, result="wrote hello world to a.txt",
    )  # fmt: skip
    effects._print_table(narrow, [row])  # pyright: ignore[reportPrivateUsage]
    text = words(text_of(narrow.console))
    assert 'write_file(path="a.txt", content="hello world")' in text
    assert "write · wrote hello world to a.txt ·" in text


def story() -> Story:
    made = Story().ask(1, user_message("go")).reply(1, "", LOOK).result(1, "c1", "rain " * 18)
    return made.ask(2, FOUND).reply(2, "It will rain, " * 6)


def test_trace(narrow: Out) -> None:
    for number, event in enumerate(story().events, 1):
        trace._print_line(number, "0.1s", 1, event.type, event_line(event), narrow)  # pyright: ignore
    assert "look: rain rain" in words(text_of(narrow.console))


def test_timeline(narrow: Out) -> None:
    trace._print_timeline(story().events, (), narrow)  # pyright: ignore[reportPrivateUsage]
    assert "█" in text_of(narrow.console)


def test_show(narrow: Out) -> None:
    made = story()
    made.add(e.HintReceived, text="look in the second file, please", interrupt=False)
    card = card_of(made.events)
    assert card is not None
    show_card(narrow.console, card, None, 10.0)
    assert "look in the second file, please" in words(text_of(narrow.console))


def test_whatif(narrow: Out) -> None:
    from harness.terminal.view.whatif import show_whatif as show_whatif
    from tests.unit.forks.test_whatif_page import report

    show_whatif(narrow.console, report())
    assert "median tokens, old → new: 80 → 120" in words(text_of(narrow.console))
