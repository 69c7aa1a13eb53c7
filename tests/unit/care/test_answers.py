"""Answers of Prometheus and Loki, valid and invalid."""

from __future__ import annotations

import math
from typing import Any

import pytest

from harness.care.telemetry.loki import MAX_TEXT, read_streams
from harness.care.telemetry.prometheus import MAX_SERIES, read_series
from harness.care.telemetry.series import MAX_NAME, format_labels, name_curve
from harness.contracts.errors import AnswerUnusable

LABELS = {"__name__": "up", "job": "api"}


def vector(*rows: Any) -> dict[str, Any]:
    return {"resultType": "vector", "result": list(rows)}


def matrix(*rows: Any) -> dict[str, Any]:
    return {"resultType": "matrix", "result": list(rows)}


def test_a_vector_has_one_value_of_each_series() -> None:
    [found] = read_series(vector({"metric": LABELS, "value": [1e9, "0.5"]}), "Prometheus")
    assert found.name == 'up{job="api"}'
    assert [tuple(each) for each in found.points] == [(1e9, 0.5)]


def test_a_matrix_has_many() -> None:
    [found] = read_series(matrix({"metric": {}, "values": [[1, "1"], [2, "NaN"]]}), "Prometheus")
    assert found.name == "{}"
    assert found.points[0] == (1, 1.0) and math.isnan(found.points[1].value)


def test_a_scalar_is_a_series_without_labels() -> None:
    [found] = read_series({"resultType": "scalar", "result": [5, "2"]}, "Prometheus")
    assert (found.name, found.points[0].value) == ("{}", 2.0)


def test_nothing_found_is_no_series() -> None:
    assert read_series(vector(), "Prometheus") == read_series(matrix(), "Prometheus") == []


@pytest.mark.parametrize(
    ("text", "value"), [("+Inf", math.inf), ("-Inf", -math.inf), ("1e999", math.inf), (3, 3.0)]
)
def test_infinite_values_stay(text: Any, value: float) -> None:
    [found] = read_series(vector({"metric": {}, "value": [1, text]}), "Prometheus")
    assert found.points[0].value == value


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (None, "did not answer with curves"),
        ([], "did not answer with curves"),
        ({"resultType": "odd", "result": []}, "did not answer with curves"),
        ({"resultType": "vector", "result": {}}, "did not answer with curves"),
        ({"resultType": ["vector"], "result": []}, "did not answer with curves"),
        ({"resultType": "string", "result": [1, "a"]}, "a text, not numbers"),
        ({"resultType": "scalar", "result": None}, "not a number"),
        (vector(None), "without values|not a number"),
        (vector(7), "without values|not a number"),
        (vector({"metric": {}}), "not a number"),
        (vector({"metric": {}, "value": [1]}), "not a number"),
        (vector({"metric": {}, "value": [1, 2, 3]}), "not a number"),
        (vector({"metric": {}, "value": [1, "much"]}), "not a number"),
        (vector({"metric": {}, "value": [1, None]}), "not a number"),
        (vector({"metric": {}, "value": [1, [2]]}), "not a number"),
        (vector({"metric": {}, "value": [1, 10**400]}), "not a number"),
        (vector({"metric": {}, "value": [10**400, "1"]}), "not a number"),
        (vector({"metric": {}, "value": ["NaN", "1"]}), "a time"),
        (vector({"metric": {}, "value": [1e300, "1"]}), "a time"),
        (vector({"metric": {}, "value": [-1, "1"]}), "a time"),
        (vector({"metric": [], "value": [1, "1"]}), "without labels"),
        (matrix({"metric": {}, "values": None}), "without values"),
        (matrix({"metric": {}, "values": {"1": 2}}), "without values"),
        (matrix({"metric": {}, "values": [1, 2]}), "not a number"),
        (vector({"metric": {}, "histogram": [1, {"count": "2"}]}), "native histograms"),
        (matrix({"metric": {}, "histograms": []}), "native histograms"),
    ],
)
def test_what_is_no_answer(data: Any, words: str) -> None:
    with pytest.raises(AnswerUnusable, match=words):
        read_series(data, "Prometheus")


def test_too_many_series_are_refused() -> None:
    row = {"metric": {}, "value": [1, "1"]}
    assert len(read_series(vector(*[row] * 100), "Prometheus")) == 100
    with pytest.raises(AnswerUnusable, match="20,001 series"):
        read_series(vector(*[row] * (MAX_SERIES + 1)), "Prometheus")


def test_labels_are_bounded_and_are_text() -> None:
    labels = {"a" * 500: "b" * 5_000, **{f"l{number}": number for number in range(200)}}
    [found] = read_series(vector({"metric": labels, "value": [1, "1"]}), "Prometheus")
    assert len(found.labels) == 100
    assert max(map(len, found.labels)) == 200 and max(map(len, found.labels.values())) == 1_000


def test_labels_are_written_as_promql_does() -> None:
    assert format_labels({"__name__": "up"}) == "up"
    assert format_labels({}) == "{}"
    assert format_labels({"b": "2", "a": 'say "hi" \\ now\n'}) == (
        '{a="say \\"hi\\" \\\\ now\\n", b="2"}'
    )


def test_lines_of_a_log() -> None:
    streams = [{"stream": {"app": "a"}, "values": [["1000000000000000001", "x" * 9_000], ["5", 7]]}]
    first, second = read_streams(streams)
    assert (first.labels, len(first.text)) == ({"app": "a"}, MAX_TEXT)
    assert first.at == pytest.approx(1e9)
    assert second.text == "7"


@pytest.mark.parametrize(
    "found",
    [
        None, {}, "text", [None], [{}], [{"stream": {}}], [{"stream": [], "values": []}],
        [{"stream": {}, "values": {}}], [{"stream": {}, "values": [[]]}],
        [{"stream": {}, "values": [["1"]]}], [{"stream": {}, "values": [["now", "x"]]}],
        [{"stream": {}, "values": [None]}], [{"stream": {}, "values": [{"a": 1}]}],
        [{"stream": {}, "values": [[10**400, "x"]]}],
        [{"stream": {}, "values": [["9" * 300, "x"]]}],
        [{"stream": {}, "values": [["-1", "x"]]}],
        [{"stream": {}, "values": [[float("inf"), "x"]]}],
        [{"stream": {}, "values": [["9" * 5_000, "x"]]}],
    ],
)  # fmt: skip
def test_what_are_no_lines(found: Any) -> None:
    with pytest.raises(AnswerUnusable):
        read_streams(found)


def test_a_curve_without_labels_has_the_name_of_its_query() -> None:
    assert name_curve({"a": "b"}, "sum(x)", alone=True) == '{a="b"}'
    assert name_curve({}, "sum(rate(x[1m]))\n  or  vector(0)", alone=True) == (
        "sum(rate(x[1m])) or vector(0)"
    )
    assert name_curve({}, "x or vector(0)", alone=False) == "the series without labels"
    cut = name_curve({}, "x" * 1_000, alone=True)
    assert len(cut) == MAX_NAME and cut.endswith("…")
