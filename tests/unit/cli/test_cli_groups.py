"""Commands whose names have two words: `harness care query`."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Sequence

import pytest

from harness.cli import commands, completion, main
from harness.cli.commands import BY_NAME, list_group
from harness.cli.help import command_text, group_text
from harness.cli.parser import UsageError, split_command
from harness.terminal import exit_codes

SECOND = [each.name.partition(" ")[2] for each in list_group("care")]


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    """Run `harness` in this process."""
    monkeypatch.setattr(sys, "argv", ["harness", *words])
    ended = list[int]()
    monkeypatch.setattr(exit_codes, "exit_process", ended.append)
    main.main()
    return ended[0]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["care"], exit_codes.BAD_USE),
        (["care", "--help"], exit_codes.DONE),
        (["care", "-h"], exit_codes.DONE),
        (["help", "care"], exit_codes.DONE),
    ],
)
def test_the_first_word_lists_the_commands(
    words: list[str], code: int, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, *words) == code
    text = capfd.readouterr().out
    assert text == f"{group_text('care')}\n"
    for each in list_group("care"):
        assert each.name in text and each.summary in text
    assert "Usage: harness care COMMAND" in text


@pytest.mark.parametrize(
    "words",
    [["care", "query", "--help"], ["care", "query", "up", "-h"], ["help", "care", "query"],
     ["help", "care", "query", "--help"]],
)  # fmt: skip
def test_the_help_of_one(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, *words) == exit_codes.DONE
    text = capfd.readouterr().out
    assert text == f"{command_text(BY_NAME['care query'])}\n"
    assert "Usage: harness care query QUERY [OPTIONS]" in text


@pytest.mark.parametrize(
    ("words", "message", "fix"),
    [
        (
            ["care", "nope"],
            "no command 'nope': query, metrics, status",
            "care --help",
        ),
        (["care", "qurey", "up"], "no command 'qurey'", "Did you mean `harness care query`?"),
        (
            ["care", "--json"],
            "needs a command: query, metrics, status",
            "care --help",
        ),
        (["care", ""], "has no command ''", "harness care --help"),
        (["caer", "query"], "There is no command 'caer'", "Did you mean `harness care`?"),
        (["query", "up"], "There is no command 'query'", "Did you mean `harness care query`?"),
        (["care query"], "There is no command 'care query'", "Did you mean `harness care query`?"),
        (["help", "care", "nope"], "has no command 'nope'", "harness care --help"),
    ],
)
def test_mistakes_have_a_way_out(
    words: list[str], message: str, fix: str, monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    assert run(monkeypatch, *words) == exit_codes.BAD_USE
    said = capfd.readouterr()
    text = " ".join((said.out + said.err).split())
    assert message in text and fix in text


def test_options_of_the_second_word_are_not_taken_for_it() -> None:
    command, rest = split_command(["care", "subject", "--json", "add"])
    assert (command.name, list(rest)) == ("care subject", ["--json", "add"])
    with pytest.raises(UsageError, match="There is no option '--json'"):
        split_command(["--json", "care", "query"])


def test_a_disabled_group_says_which_capability_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    left = {name: each for name, each in BY_NAME.items() if not name.startswith("care ")}
    monkeypatch.setattr(commands, "COMMANDS", tuple(left.values()))
    monkeypatch.setattr("harness.cli.parser.BY_NAME", left)
    disabled = [each._replace(enabled=False) for each in commands.find_capabilities()]
    monkeypatch.setattr(commands, "find_capabilities", lambda: disabled)
    for words in (["care"], ["care", "query", "up"]):
        with pytest.raises(UsageError, match="the capability care is disabled") as refused:
            split_command(words)
        assert refused.value.fix == "Enable it: harness capabilities enable care"


def complete(shell: str, *words: str) -> set[str]:
    """What a real shell offers behind these words."""
    match shell:
        case "bash":
            return complete_in_bash(words)
        case "zsh":
            return complete_in_zsh(words)
        case _:
            line = " ".join(["harness", *words])
            script = f"{completion.fish_script()}\ncomplete -C '{line}'\n"
            lines = ask_shell("fish", "--no-config", text=script).splitlines()
            return {each.partition("\t")[0] for each in lines}


def complete_in_bash(words: Sequence[str]) -> set[str]:
    quoted = " ".join(f"'{word}'" for word in words)
    script = (
        f"{completion.bash_script()}\nCOMP_WORDS=(harness {quoted}); COMP_CWORD={len(words)}\n"
        '_harness; printf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    return set(ask_shell("bash", "--norc", text=script).split())


def complete_in_zsh(words: Sequence[str]) -> set[str]:
    """With what the completion calls replaced by functions that print what they are given."""
    quoted = " ".join(f"'{word}'" for word in words)
    script = (
        '_describe() { print -l -- "${(@P)2}" }\ncompadd() { print -l -- "$@" }\n'
        '_arguments() { print -l -- "$@" }\n'
        f"complete_it() {{\n{completion.zsh_script()}\n}}\n"
        f"words=(harness {quoted}); CURRENT={len(words) + 1}\ncomplete_it\n"
    )
    lines = ask_shell("zsh", "-f", text=script).splitlines()
    names = {re.split(r"[:\[]", line)[0] for line in lines}
    return {name for name in names if name.startswith(words[-1])}


def ask_shell(shell: str, *options: str, text: str) -> str:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    found = subprocess.run([shell, *options], input=text, capture_output=True, text=True)
    assert not found.stderr, found.stderr
    return found.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_both_words(shell: str) -> None:
    assert {"care", "run", "list"} <= complete(shell, "")
    assert "care" in complete(shell, "ca")
    assert "query" not in complete(shell, "")
    assert complete(shell, "care", "") == set(SECOND)
    assert complete(shell, "care", "qu") == {"query"}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_the_options_of_each(shell: str) -> None:
    query = complete(shell, "care", "query", "--")
    assert {"--logs", "--since", "--limit", "--json"} <= query
    assert not {"--severity", "--agent"} & query
    assert {"--severity", "--recover"} <= complete(shell, "care", "invariant", "add", "--")
    listed = complete(shell, "list", "--")
    assert "--since" in listed and "--logs" not in listed
