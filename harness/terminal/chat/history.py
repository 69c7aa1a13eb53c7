"""What a person typed in earlier chats: a file that only they can read."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable
from pathlib import Path

from prompt_toolkit.history import History, InMemoryHistory

from harness.commons.files import write_private
from harness.config.trust import user_folder

KEPT = 1_000
MOST_BYTES = 4_000_000


def history_file() -> Path:
    """The file: one message a line, as JSON."""
    return user_folder() / "chat_history"


def open_history() -> History:
    """The history of this user; only of this chat if the file cannot be used safely."""
    file = history_file()
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.path.lexists(file):
            found = file.lstat()
            if not stat.S_ISREG(found.st_mode) or found.st_uid != os.getuid():
                return InMemoryHistory()
            file.chmod(0o600)
        return TypedHistory(file)
    except OSError:
        return InMemoryHistory()


class TypedHistory(History):
    """The newest messages. What begins with a space is not kept, as in a shell."""

    def __init__(self, file: Path) -> None:
        self._file = file
        super().__init__()

    def load_history_strings(self) -> Iterable[str]:
        return reversed(_read_lines(self._file))

    def append_string(self, string: str) -> None:
        # Of prompt_toolkit; it would be recalled with the arrow keys too.
        if string.strip() and not string.startswith(" "):
            super().append_string(string)

    def store_string(self, string: str) -> None:
        """Add a message; the file keeps the newest ones."""
        lines = [*_read_lines(self._file), string][-KEPT:]
        try:
            write_private(self._file, "".join(f"{json.dumps(each)}\n" for each in lines))
        except OSError:
            return  # the disk is full: a chat does not end because of that


def _read_lines(file: Path) -> list[str]:
    try:
        if file.stat().st_size > MOST_BYTES:
            return []
        raw = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    found = list[str]()
    for line in raw[-KEPT:]:
        try:
            value: object = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, str):
            found.append(value)
    return found
