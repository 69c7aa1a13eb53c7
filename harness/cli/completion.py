"""Completion scripts for bash, zsh and fish, generated from the table, so that
completing starts no Python."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from harness.cli.commands import COMMANDS, list_group
from harness.cli.parser import UsageError
from harness.cli.spec import Command
from harness.terminal import exit_codes

SHELLS = ("bash", "zsh", "fish")
FILES = {
    "bash": ".local/share/bash-completion/completions/harness",
    "zsh": ".zfunc/_harness",
    "fish": ".config/fish/completions/harness.fish",
}
ZSH_HINT = "Add this line to ~/.zshrc: fpath+=~/.zfunc; autoload -Uz compinit && compinit\n"


def run_completion(words: Sequence[str]) -> int:
    shell = words[1] if len(words) > 1 else Path(os.environ.get("SHELL", "")).name
    if shell not in SHELLS:
        raise UsageError(
            f"Completion supports {', '.join(SHELLS)}, not {shell!r}.", "Name one of them."
        )
    script = {"bash": bash_script, "zsh": zsh_script, "fish": fish_script}[shell]()
    if words[0] == "--completion":
        sys.stdout.write(script)
        return exit_codes.DONE
    path = Path.home() / FILES[shell]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(script)
    sys.stdout.write(f"Wrote {path}; new shells will use it.\n")
    if shell == "zsh":
        sys.stdout.write(ZSH_HINT)
    return exit_codes.DONE


def _option_names(command: Command) -> list[str]:
    return [n for a in command.args if a.is_option for n in a.names if n.startswith("--")] + [
        "--help"
    ]


def _first_words() -> list[str]:
    return list(dict.fromkeys(command.name.partition(" ")[0] for command in COMMANDS))


def _groups() -> list[str]:
    """The first words of commands with two: `care` of `care query`."""
    return [word for word in _first_words() if list_group(word)]


def _second_words(group: str) -> list[str]:
    return [command.name.partition(" ")[2] for command in list_group(group)]


def bash_script() -> str:
    cases = "\n".join(
        f"    '{command.name} '*) words='{' '.join(_option_names(command))}';;"
        for command in COMMANDS
    )
    groups = "\n".join(
        f"    {group}) words='{' '.join(_second_words(group))}';;" for group in _groups()
    )
    return f"""_harness() {{
  local words current=${{COMP_WORDS[COMP_CWORD]}} line="${{COMP_WORDS[*]:1}} "
  if [ "$COMP_CWORD" -eq 1 ]; then
    words='{" ".join(_first_words())} --help --version'
    COMPREPLY=($(compgen -W "$words" -- "$current")); return
  fi
  if [ "$COMP_CWORD" -eq 2 ]; then
    case ${{COMP_WORDS[1]}} in
{groups}
    esac
    if [ -n "$words" ]; then COMPREPLY=($(compgen -W "$words" -- "$current")); return; fi
  fi
  case $line in
{cases}
  esac
  if [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$current"))
  else
    COMPREPLY=($(compgen -f -- "$current"))
  fi
}}
complete -o filenames -F _harness harness
"""


def zsh_script() -> str:
    single = [c for c in COMMANDS if " " not in c.name]
    cases = [f"    {c.name}) _arguments -s {_zsh_options(c)} '*:file:_files' ;;" for c in single]
    cases += [_zsh_group(group) for group in _groups()]
    described = [f"    '{c.name}:{_strip_quotes(c.summary)}'" for c in single]
    described += [f"    '{group}:{', '.join(_second_words(group))}'" for group in _groups()]
    commands, known = "\n".join(described), "\n".join(cases)
    return f"""#compdef harness
local -a commands=(
{commands}
)
if (( CURRENT == 2 )); then
  _describe command commands
else
  local command=$words[2]
  shift words; (( CURRENT-- ))
  case $command in
{known}
  esac
fi
"""


def _zsh_group(group: str) -> str:
    cases = "\n".join(
        f"      {c.name.partition(' ')[2]}) _arguments -s {_zsh_options(c)} '*:file:_files' ;;"
        for c in list_group(group)
    )
    return f"""    {group})
      if (( CURRENT == 2 )); then compadd {" ".join(_second_words(group))}; return; fi
      local second=$words[2]
      shift words; (( CURRENT-- ))
      case $second in
{cases}
      esac ;;"""


def _zsh_options(command: Command) -> str:
    found: list[str] = []
    for each in command.args:
        if each.is_option:
            value = "" if each.takes_no_value else ":value:_files"
            found.append(f"'{each.names[0]}[{_strip_quotes(each.help)}]{value}'")
    return " ".join(found)


def fish_script() -> str:
    lines = ["complete -c harness -f -n __fish_use_subcommand -l help", ""]
    lines += [f"complete -c harness -f -n __fish_use_subcommand -a {word}" for word in _groups()]
    for command in COMMANDS:
        group, _, second = command.name.rpartition(" ")
        seen = "; and ".join(f"__fish_seen_subcommand_from {w}" for w in command.name.split())
        where = f"'__fish_seen_subcommand_from {group}'" if group else "__fish_use_subcommand"
        lines.append(
            f"complete -c harness -f -n {where} -a {second} -d '{_strip_quotes(command.summary)}'"
        )
        for each in command.args:
            if each.is_option:
                value = "" if each.takes_no_value else " -r"
                long = next(n for n in each.names if n.startswith("--"))
                lines.append(
                    f"complete -c harness -n '{seen}' "
                    f"-l {long[2:]}{value} -d '{_strip_quotes(each.help)}'"
                )
    return "\n".join(lines) + "\n"


def _strip_quotes(text: str) -> str:
    return text.replace("'", "").replace("[", "(").replace("]", ")").replace(":", ",")
