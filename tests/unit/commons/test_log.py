"""All logs leave by one door, in one format, redacted, with their run and turn."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from harness.commons import redact as redaction
from harness.commons.log import CHATTY, configure_logs, engine_logs, get_logger, in_run


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    """Where logs go; afterwards everything is as it was."""
    root = logging.getLogger()
    before = (list(root.handlers), root.level, set(redaction._known))
    levels = {name: logging.getLogger(name).level for name in CHATTY}
    yield io.StringIO()
    root.handlers, root.level = before[0], before[1]
    redaction._known.clear()
    redaction._known.update(before[2])
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    structlog.reset_defaults()


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_json_has_one_object_a_line(out: io.StringIO) -> None:
    configure_logs("info", "json", stream=out)
    get_logger("harness.test").info("run started", model="openai/gpt-5")
    logging.getLogger("library").warning("old %s", "style")
    ours, theirs = lines(out)
    assert ours["event"] == "run started"
    assert ours["model"] == "openai/gpt-5"
    assert (ours["level"], ours["logger"]) == ("info", "harness.test")
    assert ours["timestamp"].endswith("Z")
    assert (theirs["event"], theirs["logger"]) == ("old style", "library")


def test_the_level_holds_for_all(out: io.StringIO) -> None:
    configure_logs("warning", "json", stream=out)
    get_logger("a").info("no")
    logging.getLogger("b").info("no")
    get_logger("a").warning("yes")
    logging.getLogger("httpx").info("no")
    assert [line["event"] for line in lines(out)] == ["yes"]


async def test_run_and_turn_follow_the_task(out: io.StringIO) -> None:
    configure_logs("info", "json", stream=out)

    async def act(run: str) -> None:
        with in_run(run, turn=2):
            await asyncio.sleep(0)
            get_logger("a").info("acted")
            await asyncio.to_thread(logging.getLogger("b").warning, "from a thread")

    async with asyncio.TaskGroup() as group:
        group.create_task(act("r1"))
        group.create_task(act("r2"))
    get_logger("a").info("outside")
    told = [(line["event"], line.get("run"), line.get("turn")) for line in lines(out)]
    assert set(told) == {
        ("acted", "r1", 2),
        ("acted", "r2", 2),
        ("from a thread", "r1", 2),
        ("from a thread", "r2", 2),
        ("outside", None, None),
    }


def test_secrets_are_masked_in_events_values_and_tracebacks(out: io.StringIO) -> None:
    configure_logs("info", "json", secrets=["open sesame"], stream=out)
    log = get_logger("a")
    log.info("said open sesame", api_key="x", header={"a": "Bearer abcdefgh1"})
    logging.getLogger("b").error("key %s", "sk-abcdefghijklmnop1")
    try:
        raise ValueError("open sesame")
    except ValueError:
        log.exception("failed")
    text = out.getvalue()
    assert "open sesame" not in text
    assert "abcdefgh" not in text
    assert "ValueError: ***" in lines(out)[2]["exception"]


@pytest.mark.parametrize("format", ["human", "json"])
def test_human_and_json_tell_the_same(out: io.StringIO, format: Any) -> None:
    configure_logs("info", format, stream=out)
    with in_run("run-1"):
        try:
            raise KeyError("gone")
        except KeyError:
            get_logger("harness.a").warning("it broke", exc_info=True)
    for word in ("it broke", "run-1", "harness.a", "KeyError: 'gone'", "warning"):
        assert word in out.getvalue()


def test_the_engines_own_records_tell_their_run(out: io.StringIO) -> None:
    configure_logs("info", "json", stream=out)
    extra = {"temporal_activity": {"workflow_id": "run-9", "attempt": 3}}
    logging.getLogger("temporalio.activity").warning("Completing as failed", extra=extra)
    assert (lines(out)[0]["run"], lines(out)[0]["attempt"]) == ("run-9", 3)


def test_nothing_goes_to_stdout(out: io.StringIO, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("info")
    get_logger("a").warning("hello")
    caught = capsys.readouterr()
    assert caught.out == ""
    assert "hello" in caught.err


def test_the_native_part_of_the_sdk_logs_here_too() -> None:
    config = engine_logs("warning")
    assert config.forwarding is not None
    assert config.forwarding.logger.name == "temporalio.core"
