"""One meaning for each exit code: 2 for wrong use, 1 for what is not there or did not succeed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.command import Project

RUN = "coded"
DIGEST = "0123456789abcdef"

BAD_USE = [
    ("nope",), ("run", ""), ("run", "x", "--budget-turns", "1.5"),
    ("run", "x", "--budget-turns", "0"),
    ("run", "x", "--id", ""), ("run", "x", "--id", "a", "--session", "b"),
    ("run", "x", "--workspace", "nowhere"), ("run", "x", "--agent", "none.py"),
    ("run", "x", "--agent", "agent.py:nope"), ("run", "x", "--model", "nothing"),
    ("run", "x", "--model", "nowhere/x"), ("run", "x", "--model", "openai/gpt-5"),
    ("chat", "--model", "nothing"), ("worker", "none.py"), ("worker", "helpers.py"),
    ("worker", "agent.py", "--workspace", "nowhere"), ("models", "nothing"),
    ("tools", "--agent", "none.py"), ("config", "nope"), ("version", "extra"),
    ("list", "--state", "waitng"), ("list", "--limit", "0"), ("list", "--limit", "many"),
    ("list", "--query", "what"), ("abort", "--query", "what", "--yes"), ("abort",),
    ("replay", "--query", "what"), ("replay",), ("replay", "--since", "soon"),
    ("trace", RUN, "--kind", "nope"), ("trace", RUN, "--from", "0"), ("trace", RUN, "--from", "x"),
    ("fork", RUN, "--at", "-1"), ("fork", RUN, "--at", "x"), ("fork", RUN),
    ("fork", RUN, "--at", "1", "--model", "nothing"), ("fork", RUN, "--at", "1", "--hint", ""),
    ("fork", RUN, "--at", "1", "--prompt", "none.txt"), ("fork", RUN, "--at", "1", "--id", ""),
    ("whatif", RUN, "--at", "-1"), ("whatif", RUN, "--at", "1", "--model", "nothing"),
    ("whatif", RUN, "--at", "1", "--n", "0"), ("whatif", "--at", "1", "--query", "what"),
    ("undo", RUN, "--to", "-1"), ("hint", RUN, ""), ("answer", RUN, ""),
    ("approve", RUN, "--edit", "{"), ("approve", RUN, "--digest", "zz"),
    ("verify", RUN, "--token", "zz"), ("archive", "nope"), ("archive", "export"),
    ("archive", "status", "--force"), ("keys", "rotate"), ("keys", "nope"),
    ("export", RUN, "-o", "agent.py"), ("trace", RUN, "--html", "agent.py"),
    ("whatif", RUN, "--at", "1", "--html", "agent.py"), ("archive", "export", "old.zip"),
    ("backup", "agent.py"),
    ("user", "nope"), ("user", "add"), ("user", "add", "A b"), ("user", "set-role", "local"),
    ("token", "create", "--expires", "soon"), ("token", "create", "--role", "root"),
    ("token", "revoke"),
]  # fmt: skip
FAILED = [
    ("show", "nobody"), ("watch", "nobody"), ("trace", "nobody"), ("effects", "nobody"),
    ("export", "nobody"), ("verify", "nobody"), ("undo", "nobody"), ("forget", "nobody"),
    ("forget", "nobody", "--yes"), ("diff", RUN, "nobody"), ("replay", "nobody"),
    ("abort", "nobody"), ("hint", "nobody", "x"), ("approve", "nobody"), ("answer", "nobody", "x"),
    ("archive", "seal", "nobody"), ("fork", "nobody", "--at", "1"), ("fork", RUN, "--at", "99"),
    ("fork", "none.json", "--at", "1"), ("trace", "none.json"), ("trace", "broken.json"),
    ("whatif", "nobody", "--at", "1"), ("trace", RUN, "--from", "a/1/0"),
    ("undo", RUN, "--past", "nope"), ("abort", RUN), ("approve", RUN, "--digest", DIGEST),
    ("archive", "import", "none.zip"), ("restore", "none.tar"),
    ("export", RUN, "-o", "/dev/full"), ("export", RUN, "-o", "no/x.json"),
    ("export", RUN, "-o", "."),
    ("trace", RUN, "--html", "/dev/full"), ("trace", RUN, "--html", "no/x.html"),
    ("archive", "export", "no/such/x.zip"), ("backup", "no/such/x.tar"),
    ("user", "add", "local"), ("user", "disable", "nobody"), ("user", "disable", "local"),
    ("token", "create", "--user", "nobody"), ("token", "revoke", "nobody"),
]  # fmt: skip


@pytest.fixture(scope="module")
def project(kept_project: Project) -> Project:
    kept_project.command("run", "What is 3 * 7?", "--id", RUN, "--json")
    (kept_project.folder / "broken.json").write_text("{")
    (kept_project.folder / "old.zip").write_text("old")
    return kept_project


@pytest.mark.parametrize("words", BAD_USE, ids=" ".join)
def test_bad_use_is_2(project: Project, words: tuple[str, ...]) -> None:
    before = (project.folder / "agent.py").read_text()
    ended = project.command(*words, "--json")
    assert ended.code == 2, (ended.out, ended.err)
    assert "error" in ended.last
    assert (project.folder / "agent.py").read_text() == before


@pytest.mark.parametrize("words", FAILED, ids=" ".join)
def test_failure_is_1(project: Project, words: tuple[str, ...]) -> None:
    ended = project.command(*words)
    assert ended.code == 1, (ended.out, ended.err)
    assert "Traceback" not in ended.err
    for line in (*ended.out.splitlines(), *ended.err.splitlines()):
        assert "nobody: There is no run 'nobody'" not in line


def test_a_file_is_replaced_only_when_told(project: Project) -> None:
    file: Path = project.folder / "page.html"
    file.write_text("mine")
    refused = project.command("trace", RUN, "--html", "page.html")
    assert refused.code == 2
    assert "page.html already exists." in refused.err
    assert "--force" in refused.err
    assert file.read_text() == "mine"
    assert project.command("trace", RUN, "--html", "page.html", "--force").code == 0
    assert file.read_text().startswith("<!doctype html>")
