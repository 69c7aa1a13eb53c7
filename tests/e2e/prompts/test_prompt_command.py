"""`harness prompt` as a program and as a person use it."""

from __future__ import annotations

from tests.fakes.command import Project

TEXT = "+++\n[variables.a]\ntype = 'integer'\n+++\nWhat is {{ a }} + 2?\n"


def test_a_template_from_its_file_to_a_run(kept_project: Project) -> None:
    command, file = kept_project.command, kept_project.folder / "sum.md"
    file.write_text(TEXT)
    saved = command("prompt", "save", "sum", str(file))
    assert (saved.code, saved.out) == (0, "sum@1\n"), saved.err
    assert "harness prompt try sum --var a=..." in saved.err
    piped = command("prompt", "save", "sum", "-", "--json", typed=TEXT + "Be brief.\n")
    assert (piped.last["version"], piped.last["added"]) == (2, True)
    diff = command("prompt", "diff", "sum@1", "sum@2")
    assert "--- sum@1\n+++ sum@2\n" in diff.out and "+Be brief.\n" in diff.out
    assert "a: integer, required" in command("prompt", "show", "sum@1").out
    tried = command("prompt", "try", "sum@1", "--var", "a=2", "--agent", "agent.py:agent")
    assert tried.code == 0, tried.err
    assert "What is 2 + 2?\n" in tried.out and "2+2 = 4" in tried.out
    run = command(
        "run", "--template", "sum@1", "--var", "a=3", "--agent", "agent.py:agent", "--id", "s",
        "--json",
    )  # fmt: skip
    assert (run.code, run.last["state"]) == (0, "completed"), run.err
    shown = command("show", "s")
    assert "sum@1 (a=3)" in shown.out


def test_what_is_refused(kept_project: Project) -> None:
    file = kept_project.folder / "bad.md"
    file.write_bytes(b"\xff")
    for words, code, said in (
        (("prompt", "save", "x"), 2, "harness prompt save NAME FILE"),
        (("prompt", "save", "x", str(file)), 2, "not valid UTF-8"),
        (("prompt", "save", "x", "missing.md"), 2, "cannot be read"),
        (("prompt", "list", "--var", "a=1"), 2, "does not take --var"),
        (("prompt", "show", "a/b"), 2, "does not name a prompt template"),
        (("prompt", "show", "nobody"), 1, "harness prompt list"),
        (("run", "Hello", "--template", "sum"), 2, "takes the place of PROMPT"),
        (("run", "Hello", "--var", "a=1"), 2, "--var belongs to --template"),
    ):
        ended = kept_project.command(*words)
        assert ended.code == code, (words, ended.err)
        assert said in ended.err, (words, ended.err)


def test_a_message_of_a_template(kept_project: Project) -> None:
    file = kept_project.folder / "sum.md"
    file.write_text(TEXT)
    kept_project.command("prompt", "save", "add", str(file))
    with kept_project.worker():
        id = kept_project.command("conversation", "create", "calculator").out.strip()
        words = ("conversation", "send", id, "--template", "add", "--var", "a=5", "--wait")
        sent = kept_project.command(*words)
        assert (sent.code, "5+2 = 7" in sent.out) == (0, True), sent.err
    shown = kept_project.command("show", f"{id}.1", "--json").last
    assert shown["template"]["variables"] == {"a": 5}
