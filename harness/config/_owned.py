"""Check who can write a file or folder, and read files that may be planted."""

from __future__ import annotations

import contextlib
import os
import shlex
import stat
from dataclasses import dataclass
from pathlib import Path

from harness.contracts.errors import ConfigError, InvalidValue

FILE_LIMIT = 100_000
"""Bytes of a harness.toml; parsing a hostile one of this size takes a fraction of a second."""


@dataclass(frozen=True)
class Foreign:
    """Why someone else may have put a file or folder there."""

    why: str
    fix: str
    """The command that ends it."""


def find_foreign(path: Path) -> Foreign | None:
    """Find out whether someone else may have put `path` there; None if only this user or root can.

    A link is checked as well as its target, and the folders above: whoever can write to a folder
    can replace its content.
    """
    try:
        link, target = path.lstat(), path.resolve(strict=True)
        if link.st_uid not in (os.getuid(), 0):
            return _of_other(path, link.st_uid)
        for place in (target, *target.parents):
            found = place.lstat()
            if found.st_uid not in (os.getuid(), 0):
                return _of_other(place, found.st_uid)
            # In a sticky folder such as /tmp, users cannot replace each other's files.
            sticky = place != target and found.st_mode & stat.S_ISVTX
            if not sticky and is_writable_by_others(found):
                why = f"{place} can be changed by other users"
                return Foreign(why, f"chmod go-w {shlex.quote(str(place))}")
    except (OSError, RuntimeError) as error:  # RuntimeError: links that lead in a circle
        return Foreign(f"{path} cannot be examined ({error})", f"ls -ld {shlex.quote(str(path))}")
    return None


def _of_other(place: Path, uid: int) -> Foreign:
    return Foreign(
        f"{place} belongs to {_describe_user(uid)}",
        f"chown {os.getuid()} {shlex.quote(str(place))}",
    )


def read_own(file: Path, limit: int = FILE_LIMIT, *, secret: bool = False) -> bytes | None:
    """Read a file that this user's commands wrote; None if it does not exist.

    Raises:
        InvalidValue: Others can change it, or can read it although it is `secret`; or it cannot be
            read.
    """
    try:
        if not file.exists():
            return None
        foreign = find_foreign(file)
        if foreign is None and secret and stat.S_IMODE(file.stat().st_mode) & 0o077:
            raise InvalidValue(
                f"{file} is not used: other users can read it.", fix=f"Run: chmod 600 {file}"
            )
    except OSError as error:
        raise _unreadable_error(file, str(error.strerror)) from None
    if foreign:
        raise InvalidValue(
            f"{file} is not used: {foreign.why}.",
            fix="Make it and the folders above it writable by you alone.",
        )
    return read_bounded(file, limit)


def is_writable_by_others(found: os.stat_result) -> bool:
    """Whether anyone but the owner can write. The private group that many systems give each user
    counts as the user."""
    if found.st_mode & stat.S_IWOTH:
        return True
    return bool(found.st_mode & stat.S_IWGRP) and not _is_private_group(found.st_gid)


def _is_private_group(gid: int) -> bool:
    import grp
    import pwd

    if gid == 0:
        return True  # root, and users that root added
    try:
        user, group = pwd.getpwuid(os.getuid()), grp.getgrgid(gid)
    except KeyError:
        return False
    return user.pw_gid == gid and group.gr_name == user.pw_name and not group.gr_mem


def _describe_user(uid: int) -> str:
    import pwd

    with contextlib.suppress(KeyError):
        return f"the user {pwd.getpwuid(uid).pw_name}"
    return f"the user id {uid}"


def read_bounded(file: Path, limit: int = FILE_LIMIT) -> bytes | None:
    """Read a regular file of at most so many bytes; None if it does not exist. Never blocks,
    as opening a named pipe would."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unreadable_error(file, str(error)) from None
    with os.fdopen(descriptor, "rb") as opened:
        if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
            raise _unreadable_error(file, "it is not a regular file")
        content = opened.read(limit + 1)
    if len(content) > limit:
        raise _unreadable_error(file, f"it is larger than {limit:,} bytes")
    return content


def _unreadable_error(file: Path, why: str) -> ConfigError:
    return InvalidValue(
        f"{file} cannot be read: {why}.",
        fix="Replace it with a TOML file, or remove it.",
    )
