"""Ctrl-C before there is anything to detach from says what became of the run."""

from __future__ import annotations

import signal
import socket
from pathlib import Path

import pytest

from harness.cli.runs.run import Begun
from tests.fakes.command import GUARD_S, Project


@pytest.mark.parametrize("words", [(), ("--detach",)])
def test_nothing_was_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections, says nothing
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setenv("HARNESS_TEMPORAL__ADDRESS", address)
        monkeypatch.setenv("HARNESS_DATABASE__URL", f"postgresql://nobody@{address}/none")
        process = Project(tmp_path).start("run", "What is 2 + 2?", "--id", "mine", *words)
        silent.settimeout(GUARD_S)
        connection, _ = silent.accept()
        with connection:  # kept open
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=GUARD_S)
    assert err == "Interrupted before run mine was started.\n"
    assert process.returncode == 130


def test_how_far_it_had_come() -> None:
    assert str(Begun(None)) == "Interrupted before a run was started."
    assert str(Begun("r", sent=True)).startswith("Interrupted while run r was being started.")
    assert str(Begun("r", sent=True)).endswith("harness show r")
    assert "Run r is safe" in str(Begun(None, sent=True, run="r"))
