"""Commands about what is there, and the stack's own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from harness import __version__
from harness.config import explain_settings, trust
from tests.fakes.command import Project, Terminal, harness_command
from tests.fakes.warm_python import warm_python

KEY = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVowMTIzNDU="


def test_version_models_tools_config(kept_project: Project) -> None:
    assert kept_project.command("version", "--json").last == {"version": __version__}
    assert __version__ in kept_project.command("--version").out
    models = {line["model"]: line for line in kept_project.command("models", "--json").lines}
    assert models["offline/demo"]["ready"]
    assert "openai/gpt-5" in kept_project.command("models", "openai").out
    tools = {line["name"]: line for line in kept_project.command("tools", "--json").lines}
    assert tools["math"]["parameters"]["type"] == "object"
    own = kept_project.command("tools", "--agent", "agent.py:agent")
    assert "write_file(path, content)  (write, approval: always)" in own.out
    config = kept_project.command("config", "show", "--json").lines
    assert {line["key"] for line in config} == {each.key for each in explain_settings()}
    assert all(line["source"] for line in config)
    assert "offline/demo" in kept_project.command("config").out


def test_a_hostile_folder_runs_nothing_and_is_reported_beside_the_result(tmp_path: Path) -> None:
    spy = tmp_path / "spy"
    spy.write_text(f"#!/bin/sh\nenv > {tmp_path}/ran\necho 'temporal 1 (Server 9.0.0)'\n")
    spy.chmod(0o755)
    (tmp_path / "harness.toml").write_text('temporal.binary = "spy"\nlog.level = "error"\n')

    def harness(*words: str) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "OPENAI_API_KEY": "sk-mine", "HARNESS_ENCRYPTION__KEY": KEY}
        command = harness_command(*words, "--json")
        return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True)

    done = harness("doctor")
    assert all(json.loads(line) for line in done.stdout.splitlines())
    assert done.stderr.count("Ignored: temporal.binary.") == 1
    assert not (tmp_path / "ran").exists()
    assert "pass --yes to confirm" in harness("trust").stdout
    for answer in ("n", "y"):
        assert str(tmp_path / "harness.toml") not in trust.read_trust().files
        terminal = Terminal(harness_command("trust"), tmp_path)
        terminal.until('temporal.binary = "')
        terminal.until("[y/N]")
        terminal.type(answer + "\n")
        assert terminal.end() == 0
    assert not harness("doctor").stderr
    ran = (tmp_path / "ran").read_text()
    assert "PATH=" in ran and "sk-mine" not in ran and KEY not in ran
    assert '"trusted"' in harness("trust", "--list").stdout
    assert "removed" in harness("trust", "--remove").stdout
    assert "Ignored: temporal.binary." in harness("doctor").stderr


def test_doctor(kept_project: Project) -> None:
    found = {line["name"]: line for line in kept_project.command("doctor", "--json").lines}
    assert found["local stack"]["ok"]
    assert found["sandbox"]["ok"]  # where there is none, it is a note
    for name in ("metrics of care", "logs of care"):
        assert found[name]["ok"] and "not configured" in found[name]["detail"]
    logs = found["logs of care"]
    assert "the demo uses Loki 3" in logs["detail"] or "make loki" in logs["fix"]
    fixed = kept_project.command("doctor", "--fix")
    assert fixed.code == 0
    assert "registered" in fixed.err


@pytest.mark.slow
def test_up_until_ctrl_c_then_nothing_is_left(tmp_path: Path) -> None:
    project = Project(tmp_path)
    terminal = project.terminal("up")
    terminal.until("until Ctrl-C")
    terminal.type("\x03")
    assert terminal.end() == 0
    assert project.command("down", "--json").last["stopped"] in (True, False)
    assert project.command("down").out.startswith("No local stack is running")


def test_help_of_every_way_in(kept_project: Project) -> None:
    for words in (
        [],
        ["--help"],
        ["help"],
        ["help", "run"],
        ["run", "-h"],
        ["--completion", "zsh"],
    ):
        ended = kept_project.command(*words)
        assert ended.code == 0
        assert "harness" in ended.out
    assert kept_project.command("--completion", "tcsh").code == 2


def test_completion_is_installed_for_the_shell(tmp_path: Path) -> None:
    env = {**os.environ, "HOME": str(tmp_path), "SHELL": "/bin/bash"}
    found = subprocess.run(
        harness_command("--install-completion"), env=env, capture_output=True, text=True
    )
    path = re.search(r"Wrote (\S+);", found.stdout)
    assert path and "complete" in Path(path.group(1)).read_text()


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; from harness.cli import help, main; main.print_text(help.overview_text());"
        "heavy = {'temporalio', 'pydantic', 'rich', 'asyncio', 'argparse'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert found.stdout.endswith("[]\n")


def test_the_starter_scripts_steer_a_run(kept_project: Project) -> None:
    starter = Path(__file__).parents[3] / "starter"

    def script(name: str, *words: str) -> str:
        done = subprocess.run(
            warm_python(str(starter / name), *words),
            cwd=kept_project.folder,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    assert "2+2 = 4" in script("run.py", "What is 2 + 2?", "--id", "script-1")
    assert "completed" in script("status.py", "script-1")
    assert "← add: 4" in script("watch.py", "script-1")
    script("run.py", "write x to y.txt", "--id", "script-2", "--remote")
    script("hint.py", "script-2", "be brief")
    script("pause.py", "script-2")
    script("resume.py", "script-2")
    script("abort.py", "script-2", "--reason", "done here")
    asked = kept_project.command("run", "write x to y.txt", "--agent", "agent.py", "--json").last
    with kept_project.worker():
        script("status.py", asked["run"], "--ask")
        assert '"verdict":"approve"' in script("decide.py", asked["run"], "approve")
        assert "done here" in script("watch.py", "script-2")
