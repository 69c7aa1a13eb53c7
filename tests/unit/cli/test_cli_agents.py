"""Agents named as FILE:NAME."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.cli.runs.agents import choose_agent, load_agent
from harness.contracts.errors import ConfigError

BOTH = "from harness import Agent\nfirst = Agent('first')\nsecond = Agent('second')\nnumber = 3\n"


@pytest.fixture(autouse=True)
def clean_imports() -> Iterator[None]:
    path, modules = list(sys.path), set(sys.modules)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if getattr(sys.modules[name], "__file__", None) and "pytest-of" in str(
            sys.modules[name].__file__
        ):
            del sys.modules[name]


def test_a_file_and_what_lies_beside_it(tmp_path: Path) -> None:
    (tmp_path / "beside_it.py").write_text("NAME = 'from_beside'\n")
    file = tmp_path / "agent_one.py"
    file.write_text("from harness import Agent\nimport beside_it\nx = Agent(beside_it.NAME)\n")
    assert load_agent(str(file)).name == "from_beside"
    assert load_agent(f"{file}:x").name == "from_beside"


def test_a_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "agent_module.py").write_text(BOTH)
    monkeypatch.chdir(tmp_path)
    assert load_agent("agent_module:second").name == "second"


def test_none_is_the_assistant_whose_writes_are_approved() -> None:
    agent = load_agent(None)
    writes = [each for each in agent.tools.values() if each.policy.effect != "read"]
    assert writes
    assert all(each.approval == "always" for each in writes)


def test_a_plain_name_is_taken_for_a_published_agent() -> None:
    with pytest.raises(ConfigError) as caught:
        choose_agent("no-such-buyer")
    assert "neither a file nor a module" in caught.value.message
    assert "Did you mean the published agent @no-such-buyer?" in caught.value.fix


@pytest.mark.parametrize(
    ("name", "message", "fix"),
    [
        ("two.py", "several agents: first, second", "two.py:first"),
        ("two.py:frst", "does not define 'frst'", "Did you mean"),
        ("two.py:number", "is not an Agent but int", "first, second"),
        ("tow.py", "no file", "two.py"),
        ("bare.py", "has no agent", "agent = Agent(...)"),
        ("broken.py", "ZeroDivisionError", "python"),
        ("syntax.py", "SyntaxError", "python"),
        ("no.such.module", "is neither a file nor a module", "FILE:NAME"),
    ],
)
def test_mistakes(tmp_path: Path, name: str, message: str, fix: str) -> None:
    (tmp_path / "two.py").write_text(BOTH)
    (tmp_path / "bare.py").write_text("x = 1\n")
    (tmp_path / "broken.py").write_text("def f():\n    return 1 / 0\n\nf()\n")
    (tmp_path / "syntax.py").write_text("def (\n")
    where = name if name.startswith("no.") else str(tmp_path / name)
    with pytest.raises(ConfigError) as caught:
        load_agent(where)
    assert caught.value.code == "config.bad_agent"
    assert message in caught.value.message
    assert fix in caught.value.fix


def test_only_its_own_part_of_a_traceback_is_shown(tmp_path: Path) -> None:
    file = tmp_path / "fails.py"
    file.write_text("def f():\n    return 1 / 0\n\nf()\n")
    with pytest.raises(ConfigError) as caught:
        load_agent(str(file))
    assert "importlib" not in caught.value.message
    assert "line 4" in caught.value.message


def test_a_published_agent_is_a_name() -> None:
    assert choose_agent("@support") == "support"
    assert getattr(choose_agent(None), "name", None) == "assistant"
    with pytest.raises(ConfigError, match="@ names no agent"):
        choose_agent("@")
