"""Completion scripts for bash, zsh and fish, generated from the table, so that
completing starts no Python."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from harness.cli.commands import COMMANDS
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


def bash_script() -> str:
    cases = "\n".join(
        f"    {command.name}) words='{' '.join(_option_names(command))}';;" for command in COMMANDS
    )
    return f"""_harness() {{
  local words current=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}}
  if [ "$COMP_CWORD" -eq 1 ]; then
    words='{" ".join(command.name for command in COMMANDS)} --help --version'
    COMPREPLY=($(compgen -W "$words" -- "$current")); return
  fi
  case ${{COMP_WORDS[1]}} in
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
    commands = "\n".join(f"    '{c.name}:{_strip_quotes(c.summary)}'" for c in COMMANDS)
    cases = "\n".join(
        f"    {c.name}) _arguments -s {_zsh_options(c)} '*:file:_files' ;;" for c in COMMANDS
    )
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
{cases}
  esac
fi
"""


def _zsh_options(command: Command) -> str:
    found: list[str] = []
    for each in command.args:
        if each.is_option:
            value = "" if each.takes_no_value else ":value:_files"
            found.append(f"'{each.names[0]}[{_strip_quotes(each.help)}]{value}'")
    return " ".join(found)


def fish_script() -> str:
    lines = ["complete -c harness -f -n __fish_use_subcommand -l help", ""]
    for command in COMMANDS:
        lines.append(
            f"complete -c harness -f -n __fish_use_subcommand -a {command.name} "
            f"-d '{_strip_quotes(command.summary)}'"
        )
        for each in command.args:
            if each.is_option:
                value = "" if each.takes_no_value else " -r"
                long = next(n for n in each.names if n.startswith("--"))
                lines.append(
                    f"complete -c harness -n '__fish_seen_subcommand_from {command.name}' "
                    f"-l {long[2:]}{value} -d '{_strip_quotes(each.help)}'"
                )
    return "\n".join(lines) + "\n"


def _strip_quotes(text: str) -> str:
    return text.replace("'", "").replace("[", "(").replace("]", ")").replace(":", ",")
