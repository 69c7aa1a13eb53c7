"""With encryption on, no log holds what a run says: logs are kept where no key reaches."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from harness.commons.log import configure_logs, get_logger, hide_if_discreet


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = root.handlers, root.level
    stream = io.StringIO()
    configure_logs("info", "json", discreet=True, stream=stream)
    yield stream
    configure_logs("warning")
    root.handlers, level = before
    root.setLevel(level)


def test_an_exception_is_told_by_its_types_and_places(out: io.StringIO) -> None:
    def tool() -> None:
        try:
            raise KeyError("sesame")
        except KeyError as error:
            raise ValueError("open sesame") from error

    for log in (logging.getLogger("library"), get_logger("ours")):
        try:
            tool()
        except ValueError:
            log.warning("tool failed", exc_info=True)
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert len(lines) == 2
    for line in lines:
        assert "ValueError" in line["exception"]
        assert "KeyError" in line["exception"]
        assert "test_log_discreet.py" in line["exception"]
    assert "sesame" not in out.getvalue()


def test_words_of_a_run_are_left_out(out: io.StringIO) -> None:
    logging.getLogger("harness").info("tool.failed: %s", hide_if_discreet("sesame"))
    assert "tool.failed" in out.getvalue()
    assert "sesame" not in out.getvalue()
    configure_logs("info", "json", stream=out)
    assert hide_if_discreet("sesame") == "sesame"
