"""Files of evaluations and data sets, also hostile ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.contracts.errors import EvalInvalid
from harness.evals.dataset import MAX_LINE, find_beside, read_cases
from harness.evals.eval_file import parse_eval, read_eval_file

GOOD: dict[str, Any] = {"name": "e", "agents": ["a.py"], "dataset": "c.jsonl"}


def write(folder: Path, content: bytes) -> Path:
    file = folder / "cases.jsonl"
    file.write_bytes(content)
    return file


def test_cases(tmp_path: Path) -> None:
    lines = [
        {"input": "2 + 2?", "expected": 4},
        {"id": "two", "input": [{"role": "user", "content": "hi"}], "metadata": {"a": [1]}},
    ]
    text = "\ufeff" + "\n\n".join(json.dumps(each) for each in lines)
    one, two = read_cases(write(tmp_path, text.encode()))
    assert (one.id, one.input, one.expected) == ("1", "2 + 2?", 4)
    assert (two.id, two.asked, two.metadata) == ("two", "hi", {"a": [1]})


def test_a_case_cannot_name_a_recorded_run(tmp_path: Path) -> None:
    [case] = read_cases(write(tmp_path, b'{"input": "a", "source": "someone-elses-run"}'))
    assert case.source is None


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "has no case"),
        (b'{"input": "a"}\n{"input": "\xff"}', "Line 2 of cases.jsonl is not UTF-8"),
        (b'{"input": "' + b"a" * MAX_LINE + b'"}', "longer than 1,000,000 bytes"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"input": "a", "expected": ' + b"[" * 5_000 + b"]" * 5_000 + b"}", "nested too deeply"),
        (b'{"input": ', "not JSON"),
        (b'"text"', "not a JSON object"),
        (b'{"input": ""}', "no input"),
        (b'{"input": []}', "no input"),
        (b'{"input": "a\\u0000b"}', "NUL"),
        (b'{"input": [{"role": "assistant", "content": "a"}]}', "must be the user's"),
        (b'{"input": [{"role": "system", "content": "a"}]}', "input"),
        (b'{"input": "a", "id": "x"}\n{"input": "b", "id": "x"}', "two cases with the id 'x'"),
        (b'{"input": "a", "id": "a\\u202eb"}', "printable"),
        (b'{"input": "a", "unknown": 1}', "unknown"),
        (b'{"input": "a"}\n' * 10_001, "more than 10,000 cases"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_hostile_data_sets_are_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    with pytest.raises(EvalInvalid, match=problem):
        read_cases(write(tmp_path, content))


def test_files_outside_the_folder_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "evals"
    folder.mkdir()
    (tmp_path / "secret").write_text("{}")
    (folder / "link").symlink_to(tmp_path / "secret")
    (folder / "loop").symlink_to(folder / "loop")
    names = (
        "../secret",
        str(tmp_path / "secret"),
        "link",
        "loop",
        "a\0b",
        "missing",
        ".",
        "/dev/zero",
    )
    for name in names:
        with pytest.raises(EvalInvalid):
            find_beside(folder, name, "data set")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"agents": []}, "agents"),
        ({"agents": ["a.py", "a.py"]}, "names one twice"),
        ({"models": ["gpt"]}, "models"),
        ({"repeats": 0}, "repeats"),
        ({"threshold": 2}, "threshold"),
        ({"unknown": 1}, "unknown"),
        ({"checks": [{"kind": "magic"}]}, "checks"),
        ({"checks": [{"kind": "judge"}]}, "rubric"),
        ({"checks": [{"kind": "exact", "name": "a"}] * 2}, "same name"),
        ({"checks": [{"kind": "exact"}] * 51}, "checks"),
        ({"dataset": {"file": "a", "runs": "b"}}, "more than one"),
    ],
)
def test_wrong_files_name_the_place(change: dict[str, Any], problem: str) -> None:
    with pytest.raises(EvalInvalid, match=problem):
        parse_eval({**GOOD, **change}, "eval.toml")


def test_checks_get_names() -> None:
    checks = [{"kind": "exact"}, {"kind": "exact"}, {"kind": "exact", "name": "exact-2"}]
    found = parse_eval({**GOOD, "checks": checks}, "eval.toml")
    assert [check.title for check in found.checks] == ["exact", "exact-3", "exact-2"]


@pytest.mark.parametrize(
    "content", [b"\xff", b"name = ", b"a = " + b"[" * 5_000, b"#" * 1_000_001, b""]
)
def test_hostile_toml_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "eval.toml"
    file.write_bytes(content)
    with pytest.raises(EvalInvalid):
        read_eval_file(file)
