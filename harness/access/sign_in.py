"""Sign in from a browser: a one-time code is exchanged for a browser session."""

from __future__ import annotations

import time
from dataclasses import replace

from harness.access.checks import require_self_or_admin
from harness.access.client import find_user
from harness.access.rows import Credential
from harness.access.secret import BROWSER, CODE, make_secret, parse_secret
from harness.access.store import SignInCodes
from harness.api.caller import LOCAL, LOCAL_USER, Caller
from harness.contracts.errors import NotSignedIn
from harness.engine.connection import Connection

COOKIE = "harness_session"
"""The cookie that has the secret of a browser session."""
CODE_SECONDS = 600.0
SESSION_SECONDS = 30 * 86_400
"""A browser session ends after this long, however much it is used."""


async def create_sign_in_code(
    connection: Connection, user: str = LOCAL_USER, *, by: Caller = LOCAL
) -> str:
    """Create a code that signs a user in once, within ten minutes. The browser session gets the
    user's role, or the caller's own where that is lower."""
    require_self_or_admin(by, user, f"sign in as {user!r}")
    if (await find_user(connection, user)).disabled is not None:
        raise NotSignedIn(
            f"The user {user!r} is disabled.", fix=f"Enable the user: harness user enable {user}"
        )
    secret = make_secret(CODE)
    await _codes(connection).add_code(secret, user, by.role, CODE_SECONDS)
    return secret.text


async def exchange_code(connection: Connection, code: str) -> tuple[Credential, str]:
    """Exchange a sign-in code for a browser session. Of two exchanges at once, one wins.

    Returns:
        The session without its secret, and the secret: the value of the cookie.

    Raises:
        NotSignedIn: The code is unknown, used or expired, or its user is disabled.
    """
    claim = parse_secret(code)
    if claim is None or claim.prefix != CODE:
        raise _invalid_code()
    codes = _codes(connection)
    known = await codes.find_code(claim.id)
    if known is None or not claim.proves(known.secret_hash):
        raise _invalid_code()
    secret, now = make_secret(BROWSER), time.time()
    session = Credential(
        id=secret.id,
        kind="browser",
        user=known.user,
        role=known.role,
        name="",
        created=now,
        expires=int(now) + SESSION_SECONDS,
        last_used=now,
    )
    created = await codes.use_code(known, session, secret.hash)
    if created is None:
        raise _invalid_code()
    return replace(session, created=created, last_used=created), secret.text


def _codes(connection: Connection) -> SignInCodes:
    return SignInCodes(connection.database, connection.vault)


def _invalid_code() -> NotSignedIn:
    return NotSignedIn(
        "This sign-in code is not valid: it is unknown, used or expired.",
        fix="Get a new link: `harness user link NAME`. It works once, within ten minutes.",
    )
