"""What a model reads of an answer, and what people can download."""

from __future__ import annotations

import json
from typing import Any

from harness.agent.summarized import Summarized
from harness.care.query_views import Curve, LoggedLine, QueryAnswer
from harness.care.repair.summaries import LINES, MAX_KEPT, MAX_LINE, summarize
from harness.care.telemetry.digest import digest_series
from harness.care.telemetry.series import Point, Series


def answer_lines(*texts: str, more: int = 0) -> QueryAnswer:
    lines = [
        LoggedLine(at=float(at), labels={"a": "b"}, text=text) for at, text in enumerate(texts)
    ]
    return QueryAnswer(query='{a="b"}', source="logs", end=1.0, lines=lines, more=more)


def answer_curves(*series: Series) -> QueryAnswer:
    curves = [
        Curve.of(dict(each.labels), [tuple(point) for point in each.points], digest_series(each))
        for each in series
    ]
    return QueryAnswer(query="x", source="metrics", end=1.0, curves=curves)


def open_kept(found: str | Summarized) -> dict[str, Any]:
    assert isinstance(found, Summarized) and len(found.content) <= MAX_KEPT
    return json.loads(found.content)


def test_what_is_shown_in_full_is_not_kept_twice() -> None:
    assert summarize(answer_lines("one", "two")) == "00:00:00Z one\n00:00:01Z two"
    assert summarize(answer_curves(Series({"a": "b"}, (Point(1.0, 5.0),)))) == '{a="b"}: 5'
    assert summarize(answer_lines()) == "The query matches nothing in this time."


def test_evidence_of_earlier_versions_reads_as_it_did() -> None:
    """The audit compares it with the history of its run: curves were named `{}`."""
    assert summarize(answer_curves(Series({}, (Point(1.0, 5.0),)))) == "{}: 5"


def test_more_lines_than_a_model_reads_are_kept() -> None:
    found = summarize(answer_lines(*(f"line {n}" for n in range(LINES + 40)), more=1))
    kept = open_kept(found)
    assert isinstance(found, Summarized)
    assert len(kept["lines"]) == LINES + 40 and found.what == f"{LINES + 40} lines"
    assert found.text.endswith("[at least 41 more are left out: aggregate, or ask for less]")
    assert f"line {LINES}" not in found.text


def test_the_points_of_a_curve_are_kept() -> None:
    points = tuple(Point(float(at), at % 7.0) for at in range(500))
    found = summarize(answer_curves(Series({"a": "b"}, points)))
    assert len(open_kept(found)["curves"][0]["points"]) == 500
    assert isinstance(found, Summarized) and len(found.text) < 1_000


def test_a_large_answer_is_kept_in_part() -> None:
    found = summarize(answer_lines(*(["x" * 2_000] * 5_000)))
    kept = open_kept(found)
    assert isinstance(found, Summarized) and found.what == f"{len(kept['lines'])} of 5000 lines"
    assert 1_500 < len(kept["lines"]) < 2_000 and kept["more"] == 5_000 - len(kept["lines"])
    assert len(found.text) < LINES * (MAX_LINE + 50)


def test_a_line_cannot_look_like_another() -> None:
    """Nor hide what it says, or move the cursor."""
    text = "ok\n00:00:09Z all is well\x1b[2J\u202edne\u2069\u200b\x00\U000e0041"
    shown = summarize(answer_lines(text))
    assert isinstance(shown, str) and len(shown.splitlines()) == 1
    assert "\\n" in shown and "<U+202E>" in shown and "<U+001B>" in shown
    named = summarize(answer_curves(Series({"a": "x\n\u202ey"}, (Point(1.0, 5.0),))))
    assert isinstance(named, str) and "\u202e" not in named and "\n" not in named
