"""No text, wherever it comes from, moves the cursor, forges a line or leaves a secret in a log."""

from __future__ import annotations

import io
import json
import logging
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from harness.commons.log import configure_logs, get_logger, guarded_logs
from harness.commons.log_content import MOST

FORGED = "2026-01-01T00:00:00Z [info     ] approved by root [harness.audit]"
CORPUS = {
    "clear": "\x1b[2J\x1b[H",
    "link": "\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "clipboard": "\x1b]52;c;cm0gLXJmIC8=\x07",
    "return": f"ok\r{FORGED}",
    "bell": "\a\b\x7f\0",
    "c1": "\x9b2J\x9d52;c;aaaa\x9c\x85",
    "bidi": "\u202egnp.exe\u2066\u2069\u200f",
    "hidden": "a\u200bb\u2028c\ufeff\U000e0041",
    "lines": f"ok\n{FORGED}\r\n{FORGED}",
    "half": "\ud83d\udc80"[:1],
}


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = list(root.handlers), root.level
    factory = logging.getLogRecordFactory()
    yield io.StringIO()
    logging.setLogRecordFactory(factory)
    configure_logs("warning")
    root.handlers, level = before
    root.setLevel(level)


def log_everywhere(text: str) -> None:
    get_logger("harness.test").warning(text, fact=text, facts=[{text[:99]: text}])
    logging.getLogger("temporalio.activity").warning("said %s", text)
    for log in (get_logger("harness.test"), logging.getLogger("temporalio.worker")):
        try:
            try:
                raise KeyError(text)
            except KeyError as error:
                raise ValueError(text) from error
        except ValueError:
            log.exception(text)


def check(logged: str) -> None:
    # Only our own newlines, and printable text between them.
    assert all(line.isprintable() for line in logged.replace("\t", " ").split("\n"))
    assert logged.encode()
    assert not any(line.startswith(FORGED[:10]) and "root" in line[:60] for line in lines(logged))
    assert len(logged) < 40 * MOST


def lines(logged: str) -> list[str]:
    return logged.split("\n")


@pytest.mark.parametrize("name", CORPUS)
def test_our_handler_shows_text_as_it_is(out: io.StringIO, name: str) -> None:
    configure_logs("info", "human", stream=out)
    logging.getLogger("library").warning("said %s", CORPUS[name])
    log_everywhere(CORPUS[name])
    check(out.getvalue())


@pytest.mark.parametrize("name", CORPUS)
def test_json_stays_one_object_a_line(out: io.StringIO, name: str) -> None:
    configure_logs("info", "json", stream=out)
    log_everywhere(CORPUS[name])
    check(out.getvalue())
    assert all(json.loads(line) for line in out.getvalue().splitlines())


@pytest.mark.parametrize("name", CORPUS)
def test_a_handler_of_the_users_gets_safe_text(out: io.StringIO, name: str) -> None:
    handler = users_handler(out)
    with guarded_logs(secrets=[], discreet=False):
        log_everywhere(CORPUS[name])
    assert logging.getLogger().handlers == [handler]
    check(out.getvalue())


def test_ten_megabytes_are_cut_before_anything_reads_them(out: io.StringIO) -> None:
    configure_logs("info", "human", stream=out)
    get_logger("harness.test").warning("\x1b[2J\n" * 2_000_000)
    try:
        raise ValueError("\x1b[2J\n" * 2_000_000)
    except ValueError:
        logging.getLogger("library").exception("failed")
    check(out.getvalue())
    assert out.getvalue().count("(10,000,000 characters)") == 2


def users_handler(out: io.StringIO) -> logging.Handler:
    handler = logging.StreamHandler(out)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel("INFO")
    return handler


def test_a_handler_of_the_users_gets_no_content_and_no_secrets(out: io.StringIO) -> None:
    users_handler(out)
    with guarded_logs(secrets=["zx-9 open"], discreet=True):
        log = get_logger("harness.test")
        log.warning("kept", api_key="abcdef", note="zx-9 open")
        with guarded_logs(secrets=[], discreet=True):
            pass
        try:
            raise ValueError("the run's words")
        except ValueError:
            log.exception("failed")
            logging.getLogger("temporalio.activity").warning("failed", exc_info=True)
    logged = out.getvalue()
    assert logged.count("ValueError") == 2
    assert "test_log_content.py" in logged
    for word in ("zx-9", "abcdef", "the run's words"):
        assert word not in logged
    assert "kept api_key=*** note=***" in logged


@pytest.mark.parametrize("room", ["harness", "harness_activities", "temporalio"])
def test_a_logger_that_is_made_later_is_guarded_too(out: io.StringIO, room: str) -> None:
    users_handler(out)
    with guarded_logs(secrets=["zx-9 open"], discreet=True):
        late = logging.getLogger(f"{room}.{uuid.uuid4().hex}")
        try:
            raise ValueError("the run's words")
        except ValueError:
            late.exception("said zx-9 open and\n%s", FORGED)
        logging.getLogger("users").warning("theirs zx-9 open")
    logged = out.getvalue()
    check(logged.replace("theirs", ""))
    assert "said ***" in logged and "ValueError" in logged
    assert "the run's words" not in logged
    assert "theirs zx-9 open" in logged


def test_a_secret_across_the_cut_is_masked(out: io.StringIO) -> None:
    configure_logs("info", "json", secrets=["zx-10!" * 20], stream=out)
    get_logger("a").warning("x" * (MOST - 10) + "zx-10!" * 20 + "y" * 100_000)
    assert "zx-10" not in out.getvalue()


def test_a_log_that_cannot_be_written_is_lost_without_a_word(
    capsys: pytest.CaptureFixture[str],
) -> None:
    root = logging.getLogger()
    before = list(root.handlers), root.level

    class Full(io.StringIO):
        def write(self, _text: str, /) -> int:
            raise OSError(28, "No space left on device")

    broken: Any = Full()
    configure_logs("info", stream=broken)
    get_logger("a").warning("lost")
    root.handlers, level = before
    root.setLevel(level)
    assert capsys.readouterr().err == ""
