"""Writes what the page takes from the Python code: the API's types, and the list of commands.

python web/generate.py            writes src/api/schema.d.ts and src/shell/terminal_commands.json
python web/generate.py --check    fails if a file is not what the code says
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from build import WEB, Npm

from harness.cli.commands import COMMANDS
from harness.cli.spec import Command
from harness_daemon.app import make_routes

SOURCES = WEB / "src"


def main(arguments: list[str]) -> int:
    written = {
        SOURCES / "api" / "schema.d.ts": generate_types(),
        SOURCES / "shell" / "terminal_commands.json": list_commands(),
    }
    if "--check" not in arguments:
        for file, text in written.items():
            file.write_text(text)
        return 0
    stale = [file for file, text in written.items() if file.read_text() != text]
    for file in stale:
        print(
            f"{file.relative_to(WEB.parent)} is out of date: python web/generate.py",
            file=sys.stderr,
        )
    return 1 if stale else 0


def generate_types() -> str:
    """The types of today's routes, as TypeScript."""
    with TemporaryDirectory() as folder:
        document, types = Path(folder, "openapi.json"), Path(folder, "schema.d.ts")
        document.write_text(json.dumps(make_routes().openapi()))
        npm = Npm(WEB, verbose=False)
        npm.run("exec", "--", "openapi-typescript", str(document), "-o", str(types))
        return types.read_text()


def list_commands() -> str:
    """The commands of a terminal, as the palette offers them."""
    found = [
        {
            "command": " ".join(["harness", each.name, *_list_arguments(each)]),
            "summary": each.summary.rstrip("."),
        }
        for each in COMMANDS
    ]
    return json.dumps(found, indent=2) + "\n"


def _list_arguments(command: Command) -> list[str]:
    return [each.shown for each in command.args if not each.is_option]


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
