"""A what-if as a page and in the terminal."""

from __future__ import annotations

import io
from typing import Any

from harness.contracts.errors import BudgetReached, RunNotFound
from harness.contracts.run import RunState
from harness.contracts.whatif import Called, Outcome, SourceOutcome, WhatIfReport
from harness.journal.whatif import compare_outcomes, summary
from harness.terminal.page.whatif_page import whatif_page_html
from harness.terminal.page.whatif_picture import picture_svg
from harness.terminal.view.console import make_console
from harness.terminal.view.whatif import show_whatif


def came(run: str, output: str = "yes", **more: Any) -> Outcome:
    fields: dict[str, Any] = {
        "run": run, "model": "m", "state": RunState.COMPLETED, "output": output, "turns": 2,
        "calls": (), "tokens": 120, "cost_micros": 5, "seconds": 1.5, **more,
    }  # fmt: skip
    return Outcome(**fields)


def report(forks: int = 3) -> WhatIfReport:
    was = came("first<b>", tokens=80)
    call = Called(turn=1, name="look", arguments={"place": "<script>"}, how="refused")
    error = BudgetReached("the run reached its budget of 2 turns").info
    found = [
        came("f1"), came("f2", "no", calls=(call,)),
        came("f3", state=RunState.FAILED, output="", error=error),
    ]  # fmt: skip
    outcomes = tuple(compare_outcomes(was, found[place % 3]) for place in range(forks))
    gone = SourceOutcome(
        source="gone", recorded=0, error=RunNotFound("There is no run 'gone' here.").info
    )
    asked = SourceOutcome(source="first<b>", recorded=4, was=was, forks=outcomes)
    return WhatIfReport(label="whatif-x", at=2, changes=("hint: <i>",), sources=(asked, gone))


def test_a_page_is_whole_and_safe() -> None:
    text = whatif_page_html(report(), "1.0")
    assert "default-src 'none'" in text
    for bad in ("<script", "<i>", "first<b>", "http://", "https://"):
        assert bad not in text
    assert "There is no run &#x27;gone&#x27; here. [run.not_found]" in text
    assert "look(place=&quot;&lt;script&gt;&quot;) · refused: not recorded" in text
    assert "incomplete" in text


def test_the_picture_has_every_fork_twice() -> None:
    drawn = picture_svg(report(47)).replace("class=", "data-c=")
    tags = drawn.count("<rect"), drawn.count("<circle"), drawn.count("data-c=was")
    assert tags == (47, 47, 1)
    assert "47 forks: 16 same, 16 different, 15 failed" in drawn


def test_a_page_of_nothing() -> None:
    empty = WhatIfReport(label="x", at=0, changes=(), sources=())
    assert "<svg" not in whatif_page_html(empty, "1.0")
    assert "no change" in whatif_page_html(empty, "1.0")


def test_in_the_terminal() -> None:
    written = io.StringIO()
    wide = make_console(written)
    wide.width = 200
    show_whatif(wide, report())
    text = written.getvalue()
    for words in (
        "What if, after turn 2: hint: <i>", "the same answer", "a different answer",
        "different calls from turn 1 on", "2 turns · 1 call (1 refused)", "There is no run 'gone'",
        "80 → 120", "all 2",
    ):  # fmt: skip
        assert words in text, words


def test_as_figures() -> None:
    told = summary(report())
    assert (told["same"], told["different"], told["failed"], told["complete"]) == (1, 1, 1, False)
    assert told["sources"][1]["error"]["code"] == "run.not_found"
    assert told["median"]["tokens"] == 120
    assert told["was"] == {"tokens": 80, "seconds": 1.5, "cost_micros": 5}
