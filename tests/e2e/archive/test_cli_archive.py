"""The archive from the command line: sealed, verified, and read once the engine knows nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.command import Project


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """One of its own: its engine is made to forget everything."""
    project = Project(tmp_path)
    assert project.command("up", "--detach").code == 0
    yield project
    project.command("down")


@pytest.mark.slow
def test_runs_outlive_the_engine(project: Project) -> None:
    for id in ("one", "two"):
        assert project.command("run", "What is 3 * 7?", "--id", id, "--json").code == 0
    before = project.command("trace", "one", "--json").lines
    status = project.command("archive", "status", "--json").last
    assert (status["ended"], status["unsealed"], status["close"]) == (2, 2, False)
    token = project.command("archive", "seal", "one", "--json").last["token"]
    assert project.command("archive", "seal", "--json").last["sealed"] == 1
    assert project.command("show", "one", "--json").last["token"] == token
    assert project.command("export", "one", "--json").last["token"] == token
    assert project.command("verify", "one", "--token", token, "--json").last["engine"]

    assert project.command("down").code == 0
    for file in (project.folder / ".harness").glob("temporal.db*"):
        file.unlink()
    assert project.command("up", "--detach").code == 0
    assert project.command("list", "--json").lines == []
    listed = project.command("list", "--archived", "--state", "completed", "--json").lines
    assert {row["id"] for row in listed} == {"one", "two"}
    assert project.command("trace", "one", "--json").lines == before
    assert project.command("trace", "one", "--json", "--follow").lines == before
    assert project.command("show", "one", "--json").last["state"] == "completed"
    assert project.command("replay", "one", "--json").last["ok"]
    assert project.command("effects", "one").code == 0
    assert project.command("undo", "one").code == 0
    assert project.command("diff", "one", "two", "--json").last["same"] > 0
    forked = project.command("fork", "one", "--at", "1", "--hint", "why?", "--detach", "--json")
    assert forked.code == 0
    whole = project.command("verify", "--json").last
    assert (whole["ok"], whole["checked"]) == (True, 2)
    assert project.command("verify", "--token", whole["head"], "--json").code == 0
    assert "2 read and intact" in project.command("verify").out
    assert "2 runs in 2 seals" in project.command("archive", "status").out


@pytest.mark.slow
def test_what_is_wrong_is_named(project: Project) -> None:
    project.command("run", "What is 3 * 7?", "--id", "one", "--json")
    unsealed = project.command("verify", "one", "--json")
    assert unsealed.code == 1
    assert "has not been sealed yet" in unsealed.last["error"]["message"]
    assert project.command("export", "one").code == 0
    early = project.command("verify", "one.json", "--json").last["error"]
    assert early["code"] == "store.bad_export"
    project.command("archive", "seal")
    assert project.command("archive", "export", "all.zip").code == 0
    assert project.command("archive", "export", "all").code == 0
    chain = (project.folder / "all" / "chain.jsonl").read_text().splitlines()
    assert [json.loads(line)["seq"] for line in chain] == [1]
    again = project.command("archive", "import", "all.zip", "--json")
    assert (again.code, again.last["token"]) == (0, None)
    wrong = project.command("verify", "one", "--token", "0" * 64, "--json")
    assert (wrong.code, wrong.last["error"]["code"]) == (1, "store.bad_chain")
    for words in (
        ("verify", "--token", "short"),
        ("archive", "export"),
        ("archive", "status", "one"),
        ("archive", "seal", "--since", "1d"),
        ("archive", "burn"),
        ("list", "--archived", "--query", "x"),
    ):
        assert project.command(*words).code == 2, words
    missing = project.command("archive", "import", "nothing.json", "--json")
    assert (missing.code, missing.last["error"]["code"]) == (1, "store.bad_export")
    assert project.command("archive", "seal", "nobody", "--json").last["error"]["code"] == (
        "run.not_found"
    )
