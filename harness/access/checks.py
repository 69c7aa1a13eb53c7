"""Refuse invalid names and times, and callers whose role is too low."""

from __future__ import annotations

import math
import re

from harness.api.caller import LOCAL_USER, Caller, Role
from harness.contracts.clean_text import clean_line
from harness.contracts.errors import InvalidValue, LocalUserFixed, NotAllowed

MOST_NAME_CHARS = 64
MOST_TITLE_CHARS = 100
DAY_SECONDS = 86_400
MOST_DAYS = 3_650
# ASCII only: two users whose names look alike would be a trap.
NAME = r"[a-z0-9][a-z0-9._@+-]{0,63}"
_NAME = re.compile(NAME)


def is_user_name(name: str) -> bool:
    return _NAME.fullmatch(name) is not None


def check_user_name(name: str) -> None:
    if not is_user_name(name):
        raise InvalidValue(
            f"{name[:40]!r} is not a valid user name.",
            fix=f"Use lower-case letters, digits and . _ @ + -, {MOST_NAME_CHARS} at most; "
            "start with a letter or a digit.",
        )


def check_title(name: str) -> None:
    """Check the name of a token, which is free text."""
    if len(name) > MOST_TITLE_CHARS or clean_line(name) != name:
        raise InvalidValue(
            f"{name[:40]!r} is not a valid token name.",
            fix=f"Use at most {MOST_TITLE_CHARS} printable characters on one line.",
        )


def check_lifetime(seconds: float | None) -> None:
    if seconds is None:
        return
    if not math.isfinite(seconds) or not 1 <= seconds <= MOST_DAYS * DAY_SECONDS:
        raise InvalidValue(
            f"A token cannot expire after {seconds:g} seconds.",
            fix=f"Use 1 second to {MOST_DAYS:,} days, or no expiry.",
        )


def check_not_local(user: str) -> None:
    if user == LOCAL_USER:
        raise LocalUserFixed(f"The user {LOCAL_USER!r} stays an enabled admin.")


def require_role(by: Caller, needed: Role, what: str) -> None:
    if not by.role.covers(needed):
        raise NotAllowed(f"{by.user!r} is {by.role}; to {what}, the role {needed} is needed.")


def require_self_or_admin(by: Caller, user: str, what: str) -> None:
    """Users manage what is their own; admins manage everything."""
    if by.user != user:
        require_role(by, Role.ADMIN, what)
