"""`harness token`: create, list and revoke API tokens."""

from __future__ import annotations

import time
from argparse import Namespace
from typing import Any

from harness.access.checks import check_lifetime, check_title
from harness.access.rows import Credential
from harness.api.caller import Role
from harness.cli.access.shown import (
    need_argument,
    print_table,
    refuse_argument,
    refuse_options,
    show_age,
)
from harness.cli.context import open_backend
from harness.cli.history.time_filter import parse_duration
from harness.cli.out import Out
from harness.terminal import exit_codes
from harness.terminal.view.text import format_age

HEADS = ("ID", "USER", "ROLE", "STATE", "CREATED", "LAST USED", "EXPIRES", "NAME")


async def run_token(args: Namespace, out: Out) -> int:
    match args.action:
        case "create":
            refuse_argument(args, args.id)
            return await _create_token(args, out)
        case "list":
            refuse_argument(args, args.id)
            refuse_options(args, "role", "name", "expires")
            return await _list_tokens(args, out)
        case _:
            refuse_options(args, "user", "role", "name", "expires")
            return await _revoke_token(args, out)


async def _create_token(args: Namespace, out: Out) -> int:
    name = args.name or ""
    check_title(name)
    expires_in = None
    if args.expires is not None:
        expires_in = parse_duration("--expires", args.expires).total_seconds()
        check_lifetime(expires_in)
    async with open_backend(args, out) as backend:
        token, secret = await backend.access.create_token(
            user=args.user,
            role=None if args.role is None else Role(args.role),
            name=name,
            expires_in=expires_in,
        )
    if out.json:
        out.line({**token_facts(token), "token": secret})
    else:
        out.raw(secret)
        out.note("Store the token now: it is not shown again.")
        out.note(f"It acts as user {token.user}, with the role {token.role}.")
        out.note(f"To revoke it: harness token revoke {token.id}")
    return exit_codes.DONE


async def _list_tokens(args: Namespace, out: Out) -> int:
    async with open_backend(args, out) as backend:
        tokens = await backend.access.list_tokens(args.user)
    if out.json:
        for token in tokens:
            out.line(token_facts(token))
    elif tokens:
        print_table(out, HEADS, [_token_cells(each) for each in tokens])
    else:
        out.note("There are no tokens yet. To create one: harness token create")
    return exit_codes.DONE


async def _revoke_token(args: Namespace, out: Out) -> int:
    id = need_argument(args, args.id, "the id of a token")
    async with open_backend(args, out) as backend:
        token = await backend.access.revoke_token(id)
    if out.json:
        out.line({"id": token.id, "state": "revoked"})
    else:
        out.raw(f"{token.id}: revoked")
    return exit_codes.DONE


def token_state(token: Credential) -> str:
    if token.revoked is not None:
        return "revoked"
    if not token.genuine:
        return "unsigned"
    over = token.expires is not None and token.expires <= time.time()
    return "expired" if over else "active"


def token_facts(token: Credential) -> dict[str, Any]:
    facts = {
        "id": token.id, "user": token.user, "role": token.role.value, "state": token_state(token),
        "name": token.name or None, "created": token.created, "expires": token.expires,
        "last_used": token.last_used, "revoked": token.revoked,
    }  # fmt: skip
    return {key: value for key, value in facts.items() if value is not None}


def _token_cells(token: Credential) -> tuple[str, ...]:
    left = "" if token.expires is None else f"in {format_age(token.expires - time.time())}"
    return (
        token.id, token.user, token.role, token_state(token), show_age(token.created),
        show_age(token.last_used) or "never", left if token_state(token) == "active" else "",
        token.name,
    )  # fmt: skip
