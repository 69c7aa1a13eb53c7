"""`harness user`: add, list, change and disable users."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from harness.access.checks import check_user_name
from harness.access.rows import User
from harness.api.caller import Role
from harness.cli.access.shown import (
    need_argument,
    print_table,
    refuse_argument,
    refuse_options,
    show_age,
)
from harness.cli.context import open_backend, open_client
from harness.cli.out import Out
from harness.cli.parser import UsageError
from harness.contracts.errors import NotRemote
from harness.terminal import exit_codes
from harness.terminal.backend import BackendAccess

HEADS = ("NAME", "ROLE", "STATE", "CREATED")


async def run_user(args: Namespace, out: Out) -> int:
    if args.action != "link":
        refuse_options(args, "url")
    if args.action == "list":
        refuse_argument(args, args.name)
        refuse_options(args, "role")
        return await _list_users(args, out)
    name = need_argument(args, args.name, "the name of a user")
    if args.action == "link":
        return await _print_link(args, name, out)
    if args.action == "add":
        check_user_name(name)
    elif args.action == "set-role" and args.role is None:
        raise UsageError(
            "`harness user set-role` needs a role.", f"harness user set-role {name} --role operator"
        )
    elif args.action != "set-role":
        refuse_options(args, "role")
    async with open_backend(args, out) as backend:
        user = await _change_user(backend.access, args)
    if out.json:
        out.line(user_facts(user))
    else:
        out.raw(f"{user.name}: {user.role}, {user_state(user)}")
        if args.action == "add":
            out.note(f"Create a token: harness token create --user {user.name}")
    return exit_codes.DONE


async def _print_link(args: Namespace, name: str, out: Out) -> int:
    """Print a link that opens the page, signed in. Only here: what a token may do must not outlast
    it."""
    from harness.access.sign_in import create_sign_in_code
    from harness.api.settings import ApiSettings

    refuse_options(args, "role")
    if args.server is not None:
        raise NotRemote("A sign-in link is made only on the project's own stack.")
    async with open_client(out) as client:
        code = await create_sign_in_code(client.connection, name)
        settings = client.connection.settings.section(ApiSettings)
    url = (args.url or f"http://{settings.host}:{settings.port}").rstrip("/")
    link = f"{url}/sign-in?code={code}"
    if out.json:
        out.line({"name": name, "sign_in": link})
    else:
        out.raw(link)
        out.note(f"It opens the page, signed in as {name}: once, within 10 minutes.")
    return exit_codes.DONE


async def _change_user(access: BackendAccess, args: Namespace) -> User:
    match args.action:
        case "add":
            return await access.create_user(args.name, Role(args.role or Role.OPERATOR))
        case "set-role":
            return await access.change_user(args.name, role=Role(args.role))
        case _:
            return await access.change_user(args.name, disabled=args.action == "disable")


async def _list_users(args: Namespace, out: Out) -> int:
    async with open_backend(args, out) as backend:
        users = await backend.access.list_users()
    if out.json:
        for user in users:
            out.line(user_facts(user))
        return exit_codes.DONE
    rows = [(each.name, each.role, user_state(each), show_age(each.created)) for each in users]
    print_table(out, HEADS, rows)
    if altered := [each.name for each in users if not each.genuine]:
        out.note(
            f"Not written by this project, and refused: {', '.join(altered)}. "
            "To accept one, set the role: harness user set-role NAME --role ROLE"
        )
    return exit_codes.DONE


def user_state(user: User) -> str:
    if not user.genuine:
        return "unsigned"
    return "enabled" if user.disabled is None else "disabled"


def user_facts(user: User) -> dict[str, Any]:
    facts = {
        "name": user.name, "role": user.role.value, "state": user_state(user),
        "created": user.created,
    }  # fmt: skip
    return facts if user.disabled is None else {**facts, "disabled": user.disabled}
