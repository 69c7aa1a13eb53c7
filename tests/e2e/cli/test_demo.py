"""What `make run` shows: at a terminal, one link that signs in; elsewhere it would be dead."""

from __future__ import annotations

import os
import re
import socket
import subprocess

import httpx
import pytest

from tests.fakes.command import Project, Terminal
from tests.fakes.warm_python import warm_python

DEMO = ("-m", "harness_starter.demo")


def test_the_demo_without_a_terminal(kept_project: Project) -> None:
    env = {**os.environ, "PROMPT": "What is 6 * 7?", "MODEL": "openai/gpt-5"}
    env.pop("OPENAI_API_KEY", None)
    found = subprocess.run(
        warm_python(*DEMO),
        cwd=kept_project.folder,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert found.returncode == 0, found.stderr
    assert "needs a key: set OPENAI_API_KEY" in found.stdout
    assert "6*7 = 42" in found.stdout
    assert "/workflows/session-" in found.stdout
    assert "/sign-in" not in found.stdout


def test_the_demo_at_a_terminal_opens_the_page(
    kept_project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROMPT", "What is 6 * 7?")
    monkeypatch.setenv("HARNESS_API__PORT", "0")
    terminal = Terminal(warm_python(*DEMO), kept_project.folder)
    terminal.until("Ask something else:")
    (link,) = re.findall(r"http://\S+/sign-in\?code=\w[\w-]+", terminal.seen)
    (run,) = set(re.findall(r"run (session-[\w.-]+)", terminal.seen))
    with httpx.Client(base_url=httpx.URL(link).copy_with(path="/", query=None)) as browser:
        page = browser.get(link, follow_redirects=True, headers={"Accept": "text/html"})
        assert (page.url.path, page.url.query) == ("/", b"")
        assert page.text.startswith("<!doctype html>"), "The page is not built: make setup"
        assert browser.get(f"/api/v1/runs/{run}").json()["state"] == "completed"
    terminal.type("\x03")
    assert terminal.end() == 0


def test_the_demo_beside_another_serves_the_page_elsewhere(
    kept_project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        monkeypatch.setenv("PROMPT", "What is 6 * 7?")
        monkeypatch.setenv("HARNESS_API__PORT", str(taken))
        terminal = Terminal(warm_python(*DEMO), kept_project.folder)
        terminal.until("Ask something else:")
        assert f"Port {taken} is taken" in terminal.seen
        (link,) = re.findall(r"http://\S+/sign-in\?code=\w[\w-]+", terminal.seen)
        assert httpx.URL(link).port != taken
        assert httpx.get(link, headers={"Accept": "text/html"}).status_code == 303
        terminal.type("\x03")
        assert terminal.end() == 0
