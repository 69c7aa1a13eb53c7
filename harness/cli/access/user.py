"""`harness user`: add, list, change and disable users."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from harness.access import client as access
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
from harness.cli.context import open_client
from harness.cli.out import Out
from harness.cli.parser import UsageError
from harness.engine.connection import Connection
from harness.terminal import exit_codes

HEADS = ("NAME", "ROLE", "STATE", "CREATED")


async def run_user(args: Namespace, out: Out) -> int:
    if args.action == "list":
        refuse_argument(args, args.name)
        refuse_options(args, "role")
        return await _list_users(out)
    name = need_argument(args, args.name, "the name of a user")
    if args.action == "add":
        check_user_name(name)
    elif args.action == "set-role" and args.role is None:
        raise UsageError(
            "`harness user set-role` needs a role.", f"harness user set-role {name} --role operator"
        )
    elif args.action != "set-role":
        refuse_options(args, "role")
    async with open_client(out) as client:
        await _change_user(client.connection, args)
        user = await access.find_user(client.connection, name)
    if out.json:
        out.line(user_facts(user))
    else:
        out.raw(f"{user.name}: {user.role}, {user_state(user)}")
        if args.action == "add":
            out.note(f"Create a token: harness token create --user {user.name}")
    return exit_codes.DONE


async def _change_user(connection: Connection, args: Namespace) -> None:
    match args.action:
        case "add":
            await access.create_user(connection, args.name, Role(args.role or Role.OPERATOR))
        case "set-role":
            await access.set_role(connection, args.name, Role(args.role))
        case "disable":
            await access.disable_user(connection, args.name)
        case _:
            await access.enable_user(connection, args.name)


async def _list_users(out: Out) -> int:
    async with open_client(out) as client:
        users = await access.list_users(client.connection)
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
