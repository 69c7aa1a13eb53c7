"""What a condition on an argument says, also about values that try to evade it."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from harness.policies.arguments import MOST_VALUES, TooManyValues, find_values, parse_path
from harness.policies.conditions import Condition, fits_glob

FOLDED = "\uff50\uff41\uff59"
"""`pay` in fullwidth letters."""


@pytest.mark.parametrize(
    ("condition", "value", "held"),
    [
        ("ann", "ann", True),
        ("ann", "Ann", False),
        ({"equals": "Pay", "ignore_case": True}, FOLDED, True),
        (1, True, False),
        (True, 1, False),
        (1, 1.0, True),
        ({"equals": None}, None, True),
        (["a", "b"], "b", True),
        (["a", "b"], "c", False),
        ({"glob": "*.example.org"}, "a.example.org", True),
        ({"glob": "*.example.org"}, "a.example.org\n", False),
        ({"glob": "*.example.org"}, "aXexample.org", False),
        ({"glob": "a?c"}, "a\nc", True),
        ({"glob": "[ab]"}, "a", False),
        ({"glob": ["x", "y*"]}, "yes", True),
        ({"glob": "*"}, {"a": 1}, None),
        ({"glob": "*"}, None, False),
        ({"regex": "^rm( |$)"}, "rm -rf /", True),
        ({"regex": "^rm( |$)", "ignore_case": True}, "RM", True),
        ({"above": 100}, 101, True),
        ({"above": 100}, 100, False),
        ({"above": 100}, "150.00", True),
        ({"above": 100}, "lots", None),
        ({"above": 100}, True, None),
        ({"above": 100}, "9" * 200, None),
        ({"above": 100}, "NaN", None),
        ({"above": 1, "below": 3}, 2, True),
        ({"above": 1, "below": 3}, 3, False),
        ({"path_below": "docs"}, "docs/a.md", True),
        ({"path_below": "docs"}, "./docs//a.md", True),
        ({"path_below": "docs"}, "docs", True),
        ({"path_below": "docs"}, "docs/../secrets/key", False),
        ({"path_below": "docs"}, "docsx/a", False),
        ({"path_below": "docs"}, "/docs/a", False),
        ({"path_below": "."}, "../a", False),
        ({"path_below": "."}, "a/../../b", False),
        ({"path_below": "/srv"}, "//srv/a", True),
        ({"path_below": "docs"}, "docs\\..\\a", None),
        ({"path_below": "docs"}, "docs/a\0.md", None),
        ({"path_below": "docs"}, "~/docs", None),
        ({"path_below": "docs", "ignore_case": True}, "DOCS/a", True),
        ({"not": {"path_below": "docs"}}, "secrets", True),
        ({"not": {"path_below": "docs"}}, "docs\\a", None),
        ({"present": True}, "x", True),
        ({"present": False}, "x", False),
    ],
)  # fmt: skip
def test_what_holds(condition: Any, value: Any, held: bool | None) -> None:
    assert Condition.model_validate(condition).holds(value) is held


@pytest.mark.parametrize(
    ("condition", "held"),
    [("a", False), ({"present": False}, True), ({"not": {"equals": "a"}}, True),
     ({"not": {"present": True}}, True)],
)  # fmt: skip
def test_what_holds_without_a_value(condition: Any, held: bool) -> None:
    assert Condition.model_validate(condition).holds_absent() is held


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*$", "(.*)*x", "a*a*a*a*a*a*a*b"])
def test_no_pattern_takes_long(pattern: str) -> None:
    """The budget of unit tests is CPU time: with backtracking this would take years."""
    condition = Condition.model_validate({"regex": pattern})
    condition.holds("a" * 50_000 + "!")
    assert not fits_glob("*a" * 200 + "b", "a" * 5_000)


@pytest.mark.parametrize(
    "condition",
    [{}, {"regex": "("}, {"regex": r"(?=a)"}, {"glob": []}, {"glob": "x" * 2_000}, {"above": "a"},
     {"above": float("nan")}, {"like": "x"}, {"path_below": "~/x"}, {"regex": "a{1000}{1000}"}],
)  # fmt: skip
def test_malformed_conditions_are_refused(condition: Any) -> None:
    with pytest.raises(ValidationError):
        Condition.model_validate(condition)


def test_paths_lead_into_nested_arguments() -> None:
    arguments = {"to": [{"mail": "a"}, {"mail": "b"}], "odd key": 1, "n": {"x": [1, 2]}}
    assert find_values("to[*].mail", arguments) == ["a", "b"]
    assert find_values("to[1].mail", arguments) == ["b"]
    assert find_values("n.x[5]", arguments) == []
    assert sorted(map(str, find_values("**", arguments))) == [
        "1", "1", "2", "a", "b", "mail", "mail", "x",
    ]  # fmt: skip


def test_many_and_deep_values_are_bounded() -> None:
    with pytest.raises(TooManyValues):
        find_values("a[*]", {"a": [0] * (MOST_VALUES + 1)})
    deep: Any = "end"
    for _ in range(5_000):
        deep = [deep]
    assert find_values("**", {"a": deep}) == ["end"]


@pytest.mark.parametrize("path", ["", "[0]", "a..b", "a[", "a b", "a[-1]"])
def test_malformed_paths_are_refused(path: str) -> None:
    with pytest.raises(ValueError, match="argument"):
        parse_path(path)
