"""What the demo sends of a log, whatever is written into it."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from harness.care.demo import shipper
from harness.care.demo.shipper import MOST_LINE, Stamps, Tail, make_push


def write(path: Path, content: bytes) -> None:
    with path.open("ab") as file:
        file.write(content)


def test_it_sends_whole_lines_that_are_new(tmp_path: Path) -> None:
    log = tmp_path / "service.log"
    write(log, b"old\n")
    tail = Tail(log)
    assert tail.read() == []
    write(log, b"one\n\n  \ntw")
    assert tail.read() == ["one"]
    assert tail.read() == []
    write(log, b"o\n")
    assert tail.read() == ["two"]
    log.write_bytes(b"new\n")  # emptied and written again
    assert tail.read() == ["new"]
    log.unlink()
    assert tail.read() == []


def test_bytes_that_are_not_text_are_sent_as_text(tmp_path: Path) -> None:
    log = tmp_path / "service.log"
    tail = Tail(log)
    write(log, b"\xff\xfe broken \x00 \x1b[31m\n")
    [line] = tail.read()
    assert line == "\ufffd\ufffd broken \x00 \x1b[31m"


def test_a_line_without_end_is_sent_once_and_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipper, "MOST_READ", 100_000)
    log = tmp_path / "service.log"
    tail = Tail(log)
    write(log, b"x" * 250_000 + b"\nnext\n")
    found = tail.read() + tail.read() + tail.read()
    assert [len(each) for each in found] == [MOST_LINE, 4]
    assert found[1] == "next"


def test_a_large_file_is_emptied_and_what_is_lost_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipper, "MOST_FILE", 1_000)
    log = tmp_path / "service.log"
    tail = Tail(log)
    write(log, b"a line\n" * 10)
    tail.read()
    tail.empty_large()
    assert log.stat().st_size == 70 and tail.lost == 0
    write(log, b"a line\n" * 1_000)
    tail.empty_large()
    assert log.stat().st_size == 0 and tail.lost == 7_000
    write(log, b"after\n")
    assert tail.read() == ["after"]


def test_lines_have_their_own_time_and_level() -> None:
    at = time.time() - 5
    lines = [
        json.dumps({"at": at, "level": "error", "message": "no"}),
        json.dumps({"at": at, "level": "error", "message": "no"}),
        json.dumps({"at": 1e30, "level": {"odd": 1}}),
        json.dumps({"at": "soon", "level": "x" * 500}),
        "Traceback (most recent call last):",
        "[" * 100_000,
        '{"at": NaN, "level": "info"}',
    ]
    found = make_push(lines, "shop", Stamps())["streams"]
    labels = [each["stream"] for each in found]
    assert labels == [{"service": "shop", "level": name} for name in ("error", "unknown", "info")]
    first, second = found[0]["values"]
    assert first[0] != second[0], "equal lines of one moment are two"
    assert abs(int(first[0]) / 1e9 - at) < 1
    assert sum(len(each["values"]) for each in found) == len(lines)
