"""`harness conversation` as a program and as a person use it."""

from __future__ import annotations

import pytest

from tests.fakes.command import Project


@pytest.mark.slow
def test_a_conversation_from_its_creation_to_its_copy(kept_project: Project) -> None:
    with kept_project.worker():
        created = kept_project.command(
            "conversation", "create", "calculator", "--title", "Sums", "--json"
        )
        assert created.code == 0, created.err
        id = str(created.last["id"])
        sent = kept_project.command(
            "conversation", "send", id, "What is 2 + 2?", "--message", "m1", "--wait", "--json"
        )
        assert sent.code == 0, sent.err
        assert sent.last["run"] == f"{id}.1"
        assert "2+2 = 4" in sent.last["output"]
        again = kept_project.command(
            "conversation", "send", id, "What is 2 + 2?", "--message", "m1", "--json"
        )
        assert again.last == {
            "message": "m1", "outcome": "started", "run": f"{id}.1", "position": 0,
        }  # fmt: skip
        answer = kept_project.command("conversation", "send", id, "What is 3 + 3?", "--wait")
        assert "3+3 = 6" in answer.out
        renamed = kept_project.command("conversation", "rename", id, "Big", "sums")
        assert f"{id}  active  Big sums" in renamed.out
        shown = kept_project.command("conversation", "show", id)
        for words in ("Big sums", "What is 2 + 2?", "2+2 = 4", f"{id}.2"):
            assert words in shown.out
        archived = kept_project.command("conversation", "archive", id, "--json")
        assert archived.last["state"] == "archived"
        refused = kept_project.command("conversation", "send", id, "Hello", "--json")
        assert (refused.code, refused.last["error"]["code"]) == (1, "conversations.closed")
        listed = kept_project.command("conversation", "list", "--state", "archived", "--json")
        assert id in [line.get("id") for line in listed.lines]
        file = str(kept_project.folder / "sums.json")
        exported = kept_project.command("conversation", "export", id, "-o", file, "--json")
        assert exported.last["messages"] >= 4
        copied = kept_project.command("conversation", "import", file, "--json")
        assert (copied.code, copied.last["title"]) == (0, "Big sums")
        rebuilt = kept_project.command("conversation", "rebuild", "--json")
        assert rebuilt.last["left"] == []
        assert rebuilt.last["conversations"] >= 2


def test_what_is_missing_is_said_with_what_to_do(kept_project: Project) -> None:
    for words, code, said in (
        (("show", "nowhere"), 1, "harness conversation list"),
        (("send", "nowhere"), 2, "harness conversation send ID"),
        (("create",), 2, "Name the published agent"),
        (("create", "nobody"), 2, "harness agents"),
        (("list", "--wait"), 2, "does not take --wait"),
        (("import", "missing.json"), 2, "cannot be read"),
        (("show", "x", "y"), 2, "does not take 'y'"),
    ):
        ended = kept_project.command("conversation", *words)
        assert ended.code == code, (words, ended.err)
        assert said in ended.err, (words, ended.err)
