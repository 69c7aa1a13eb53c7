"""schemathesis against `harness serve`: its requests come from the OpenAPI document, and its checks
compare each answer with it. `tests/suites/schemathesis.toml` says what is left out, and why."""

from __future__ import annotations

import json
import os
import re
import subprocess
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.api.test_serve import headers, serving
from tests.fakes.command import harness_command
from tests.fakes.suites import FOLDER, suite_command

USER = "suite"
CAMPAIGN_S = 300
ENDLESS = 3
"""Operations that the suite leaves out, as its settings say: streams without an end."""


@contextmanager
def judging(project: Path) -> Generator[tuple[list[str], dict[str, str]]]:
    """A daemon, the command that judges it, and the command's environment."""
    with serving(project) as (_, told):
        run_command(project, "user", "add", USER, "--role", "admin")
        token = json.loads(run_command(project, "token", "create", "--user", USER, "--json"))
        url, document = told["url"], project / "openapi.json"
        request = urllib.request.Request(
            f"{url}/api/v1/openapi.json", headers=headers(token["token"])
        )
        document.write_bytes(urllib.request.urlopen(request).read())
        command = [
            str(suite_command("st")), "--config-file", str(FOLDER / "schemathesis.toml"), "run",
            str(document), "--url", url, "--no-color", "--seed", "1", "--request-timeout", "20",
            "--header", f"Authorization: Bearer {token['token']}", "--continue-on-failure",
        ]  # fmt: skip
        yield (
            command,
            {
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(FOLDER),
                "SUITE_AGENT": "assistant",
                "SUITE_TOKEN_ID": token["id"],
                "SUITE_USER": USER,
            },
        )


def run_command(project: Path, *arguments: str) -> str:
    return subprocess.run(
        harness_command(*arguments), cwd=project, capture_output=True, text=True, check=True
    ).stdout


def judge(project: Path, *options: str, seconds: float) -> str:
    with judging(project) as (command, env):
        judged = subprocess.run(
            [*command, *options], cwd=project, env=env, capture_output=True, text=True,
            timeout=seconds,
        )  # fmt: skip
    assert judged.returncode == 0, judged.stdout + judged.stderr
    return judged.stdout


@pytest.mark.slow
def test_answers_are_as_the_document_says(tmp_path: Path) -> None:
    said = judge(tmp_path, "--phases", "fuzzing", "--max-examples", "1", seconds=120)
    counts = re.search(r"Selected: (\d+)/(\d+)\s+Tested: (\d+)", said)
    assert counts is not None, said
    selected, known, tested = map(int, counts.groups())
    assert tested == selected == known - ENDLESS > 80, said


@pytest.mark.campaign
def test_the_edges_of_every_schema(tmp_path: Path) -> None:
    judge(tmp_path, "--phases", "examples,coverage", seconds=CAMPAIGN_S)


@pytest.mark.campaign
def test_requests_that_follow_each_other(tmp_path: Path) -> None:
    judge(tmp_path, "--phases", "fuzzing,stateful", "--max-examples", "15", seconds=CAMPAIGN_S)
