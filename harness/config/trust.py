"""What this user allows each project to do, recorded outside of any project.

A folder may come from anyone: a clone, an archive, a share. Its harness.toml may set harmless
values; the others count once the user has trusted the file, by its path and the digest of its
content. Its state folder is used only if a token in it proves that harness created it here: the
database and programs in it run with this user's rights.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
import secrets
import shutil
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from harness.commons.files import write_private
from harness.config._owned import read_bounded, read_own
from harness.contracts.errors import ConfigError, InvalidValue

MARK = "made-here"
"""The file in a state folder that holds its token."""


@dataclass(frozen=True)
class Trust:
    """Trusted files with the digest of their content, and state folders with their token."""

    files: dict[str, str] = field(default_factory=dict[str, str])
    states: dict[str, str] = field(default_factory=dict[str, str])


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def user_folder() -> Path:
    """The folder of this user's own files. A relative XDG_CONFIG_HOME would lie in a project:
    ignored."""
    base = Path(os.environ.get("XDG_CONFIG_HOME", ""))
    if not base.is_absolute():
        base = Path.home() / ".config"
    return base / "harness"


def trust_file() -> Path:
    """The file that records trust."""
    return user_folder() / "trusted.json"


def read_trust() -> Trust:
    file = trust_file()
    content = read_own(file)
    if content is None:
        return Trust()
    try:
        data: Any = json.loads(content or b"{}")
        return Trust(_as_texts(data["files"]), _as_texts(data["states"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InvalidValue(
            f"{file} is damaged.",
            fix="Remove it, and run `harness trust` again in each project.",
        ) from None


def _as_texts(data: Any) -> dict[str, str]:
    return {str(key): str(value) for key, value in cast("dict[str, Any]", data).items()}


def change_trust(change: Callable[[Trust], None]) -> None:
    """Apply `change` to the recorded trust."""
    with _locked_trust() as trust:
        change(trust)
        _save_trust(trust)


@contextmanager
def _locked_trust() -> Generator[Trust]:
    """The recorded trust, locked so that one process at a time changes it."""
    file = trust_file()
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with hold_lock(file.with_name("trusted.lock")):
            yield read_trust()
    except OSError as error:
        raise InvalidValue(
            f"{file} cannot be written: {error}",
            fix="Set XDG_CONFIG_HOME to a writable folder, or use environment variables.",
        ) from None


def _save_trust(trust: Trust) -> None:
    write_private(
        trust_file(), json.dumps({"files": trust.files, "states": trust.states}, indent=1)
    )


@contextmanager
def hold_lock(lock: Path) -> Generator[None]:
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def is_trusted(file: Path, digest: str) -> bool:
    return read_trust().files.get(str(file)) == digest


def is_made_here(state: Path) -> bool:
    """Whether this user's harness created the state folder, or the user has trusted it."""
    state = state.resolve()
    if _is_empty(state):
        return True
    token = read_trust().states.get(str(state))
    found = read_bounded(state / MARK)
    return token is not None and found is not None and hmac.compare_digest(token.encode(), found)


def make_state_folder(state: Path) -> None:
    """Create the state folder if it is missing, and record that harness created it."""
    if state.is_dir() and not _is_empty(state):
        return
    state.parent.mkdir(parents=True, exist_ok=True)
    try:
        mark_state_folder(state, only_new=True)
    except ConfigError:  # no home to record it in: a HARNESS_STATE_DIR needs no mark
        state.mkdir(mode=0o700, exist_ok=True)


def mark_state_folder(state: Path, *, only_new: bool = False) -> None:
    """Record that a state folder is trusted; create it if it is missing."""
    token = secrets.token_hex(16)
    name = str(state.resolve())
    with _locked_trust() as trust:
        if only_new and state.is_dir() and not _is_empty(state):
            return  # another process made it in the meantime
        for gone in [each for each in trust.states if not Path(each).exists()]:
            del trust.states[gone]
        trust.states[name] = token
        _save_trust(trust)
        if state.is_dir():
            write_private(state / MARK, token)
            return
        # Together with its mark: another process would refuse a folder without one.
        draft = state.with_name(f".{state.name}.{secrets.token_hex(6)}")
        draft.mkdir(mode=0o700)
        try:
            write_private(draft / MARK, token)
            draft.rename(state)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise


def _is_empty(folder: Path) -> bool:
    try:
        with os.scandir(folder) as entries:
            return next(entries, None) is None
    except FileNotFoundError:
        return True
