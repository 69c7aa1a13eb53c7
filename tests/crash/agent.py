"""The agent of a trial: tools of each kind of write, which ask the campaign at each point."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import Agent, Happened, ToolContext, tool
from harness.agent import AnyTool
from harness.tools import edit_file, write_file
from tests.crash import line, world
from tests.crash.plan import ASKED, KEYED, LEDGERED, PROBED, STAYS

Receipt = dict[str, str]
Context = ToolContext[None]


@dataclass(frozen=True)
class Ground:
    """Where a trial's worker works."""

    trial: int
    folder: Path
    socket: Path
    services: int
    """Port."""

    async def at(self, point: str, tool: str, text: str, key: str) -> None:
        await line.ask(self.socket, line.Visit(self.trial, os.getpid(), point, tool, text, key))

    async def request(self, method: str, tool: str, key: str, text: str, point: str) -> None:
        said = {"trial": self.trial, "pid": os.getpid(), "point": point, "tool": tool}
        await world.request(self.services, method, tool, said | {"key": key, "text": text})


def agent_of(name: str, ground: Ground, *, files: bool) -> Agent[None, str]:
    tools = [note_tool(ground), order_tool(ground), mail_tool(ground), enter_tool(ground)]
    inline = [glance, stay_tool(ground)]
    return Agent(name, tools=[*tools, *inline, *([write_file, edit_file] if files else [])])


@tool(effect="read", inline=True)
def glance(text: str) -> str:
    "Glance at something."
    return f"saw {text}"


def stay_tool(ground: Ground) -> AnyTool:
    @tool(effect="read", inline=True)
    async def stay(ctx: Context, text: str) -> str:
        "Stay longer than an inline tool may, and than it is told to: Temporal gives it up."
        with contextlib.suppress(asyncio.CancelledError):
            await ground.at("stays", STAYS, text, ctx.idempotency_key)
            await asyncio.sleep(60)
        await asyncio.sleep(1)
        return f"stayed {text}"

    return stay


def note_tool(ground: Ground) -> AnyTool:
    @tool(on_unknown="probe")
    async def note(ctx: Context, text: str) -> str:
        "Write a note into the folder."
        key = ctx.idempotency_key
        await ground.at("before", PROBED, text, key)
        await asyncio.to_thread(world.write_note, ground.folder, key, text)
        await ground.at("inside", PROBED, text, key)
        await ground.at("after", PROBED, text, key)
        return f"noted {text}"

    @note.prepare
    async def look(ctx: Context, arguments: Mapping[str, Any]) -> Receipt:
        await ground.at("prepare", PROBED, arguments["text"], ctx.idempotency_key)
        return {"key": ctx.idempotency_key, "text": arguments["text"]}

    @note.probe
    async def noted(ctx: Context, arguments: Mapping[str, Any]) -> Happened | None:
        there = world.notes_of(ground.folder, ctx.idempotency_key)
        return Happened(f"noted {arguments['text']}") if there else None

    @note.undo
    async def tear_up(ctx: Context, receipt: Receipt) -> None:
        await ground.at("undo before", PROBED, receipt["text"], receipt["key"])
        for path in world.notes_of(ground.folder, receipt["key"]):
            path.unlink(missing_ok=True)
            await ground.at("undo inside", PROBED, receipt["text"], receipt["key"])
        await ground.at("undo after", PROBED, receipt["text"], receipt["key"])

    return note


def order_tool(ground: Ground) -> AnyTool:
    @tool(on_unknown="retry")
    async def order(ctx: Context, text: str) -> str:
        "Order at the shop, which knows an order again by its key."
        key = ctx.idempotency_key
        await ground.at("before", KEYED, text, key)
        await ground.request("POST", KEYED, key, text, "inside")
        ctx.receipt({"key": key, "text": text})
        await ground.at("after", KEYED, text, key)
        return f"ordered {text}"

    @order.undo
    async def cancel(ctx: Context, receipt: Receipt) -> None:
        await ground.at("undo before", KEYED, receipt["text"], receipt["key"])
        await ground.request("DELETE", KEYED, receipt["key"], receipt["text"], "undo inside")
        await ground.at("undo after", KEYED, receipt["text"], receipt["key"])

    return order


def mail_tool(ground: Ground) -> AnyTool:
    @tool(on_unknown="ask")
    async def mail(ctx: Context, text: str) -> str:
        "Send a letter by a post office that sends whatever it is told, each time."
        key = ctx.idempotency_key
        await ground.at("before", ASKED, text, key)
        await ground.request("POST", ASKED, key, text, "inside")
        await ground.at("after", ASKED, text, key)
        return f"sent {text}"

    @mail.prepare
    async def stamp(ctx: Context, arguments: Mapping[str, Any]) -> Receipt:
        await ground.at("prepare", ASKED, arguments["text"], ctx.idempotency_key)
        return {"key": ctx.idempotency_key, "text": arguments["text"]}

    @mail.undo
    async def call_back(ctx: Context, receipt: Receipt) -> None:
        await ground.at("undo before", ASKED, receipt["text"], receipt["key"])
        await ground.request("DELETE", ASKED, receipt["key"], receipt["text"], "undo inside")
        await ground.at("undo after", ASKED, receipt["text"], receipt["key"])

    return mail


def enter_tool(ground: Ground) -> AnyTool:
    @tool(on_unknown="retry")
    async def enter(ctx: Context, text: str) -> str:
        "Make an entry in the ledger's own database, in its transaction."
        key = ctx.idempotency_key
        await ground.at("before", LEDGERED, text, key)
        async with ctx.transaction() as connection:
            await connection.execute(world.ADD, (ground.trial, key, text))
            await ground.at("inside", LEDGERED, text, key)
        ctx.receipt({"key": key, "text": text})
        await ground.at("after", LEDGERED, text, key)
        return f"entered {text}"

    @enter.undo
    async def strike_out(ctx: Context, receipt: Receipt) -> None:
        await ground.at("undo before", LEDGERED, receipt["text"], receipt["key"])
        async with ctx.transaction() as connection:
            await connection.execute(world.REMOVE, (receipt["key"],))
            await ground.at("undo inside", LEDGERED, receipt["text"], receipt["key"])
        await ground.at("undo after", LEDGERED, receipt["text"], receipt["key"])

    return enter
