"""A user, an API token or a sign-in was refused or cannot be found."""

from __future__ import annotations

from harness.contracts.errors.base import HarnessError


class AccessError(HarnessError):
    """A user, an API token or a sign-in was refused or cannot be found."""

    http_status = 400


class UserNotFound(AccessError):
    """No user has that name."""

    code = "access.user_not_found"
    fix = "List the users: `harness user list`."
    http_status = 404


class UserExists(AccessError):
    """A user with that name exists already. A disabled user keeps the name."""

    code = "access.user_exists"
    fix = (
        "Choose another name, or change the user: `harness user set-role` or `harness user enable`."
    )
    http_status = 409


class LocalUserFixed(AccessError):
    """The user `local` is the person at the machine. It stays an enabled admin, so that somebody
    can always manage the others."""

    code = "access.local_user"
    fix = "Add a user of your own: `harness user add NAME`."
    http_status = 409


class TokenNotFound(AccessError):
    """No API token or browser session has that id, or it belongs to another user."""

    code = "access.token_not_found"
    fix = "List the tokens: `harness token list`."
    http_status = 404


class OtherUser(AccessError):
    """The browser is signed in as somebody else than the page that sent the request was loaded for:
    another tab has signed in since. Nothing was done."""

    code = "access.other_user"
    fix = "Reload the page."
    http_status = 409


class NotAllowed(AccessError):
    """The caller's role is too low. The role of a token is limited to its user's current role."""

    code = "access.not_allowed"
    fix = "Use a token or a user with the role that the message names."
    http_status = 403


class NotSignedIn(AccessError):
    """The request carries no valid API token, browser session or sign-in code: it is missing,
    unknown, expired, used or revoked, or its user is disabled."""

    code = "access.not_signed_in"
    fix = (
        "Send a token (`Authorization: Bearer hns_...`) of `harness token create`, or sign a "
        "browser in with the link of `harness user link NAME`."
    )
    http_status = 401
