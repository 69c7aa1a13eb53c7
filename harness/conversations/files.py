"""A conversation as a file, and a new conversation from one or from a part of another."""

from __future__ import annotations

import time
from typing import Literal

from pydantic import ValidationError

from harness.contracts.base import Word
from harness.contracts.errors import InvalidValue
from harness.contracts.message import FileRef, Image, Message, Part, Text, ToolResult
from harness.contracts.transcript import Node, digest
from harness.conversations.contracts import Card, session_workflow
from harness.conversations.projection import open_rows, project_missing, read_transcript
from harness.conversations.rows import StoredMessage, StoredTurn
from harness.conversations.turns import find_last, find_newest_head
from harness.crypto.vault import new_salt
from harness.engine.connection import Connection
from harness.store.transcripts.copying import put_nodes

FORMAT = "harness.conversation"
PAGE = 500


class Exported(Word):
    """A conversation as a file has it."""

    format: Literal["harness.conversation"]
    version: Literal[1]
    at: float
    card: Card
    messages: tuple[StoredMessage, ...]
    turns: tuple[StoredTurn, ...]
    transcript: tuple[Message, ...]
    """What the model has read so far: an import goes on from here."""


async def build_export(connection: Connection, card: Card) -> Exported:
    """Build the file. It proves nothing of the conversation, and names no content of the store."""
    # The rows of a run are saved soon after its end, so the newest ones may be missing.
    await project_missing(connection, card, await find_last(connection, card.id))
    rows, messages = open_rows(connection), list[StoredMessage]()
    while page := await rows.list_messages(card.id, PAGE, _place_after(messages)):
        messages += page
    turns = await rows.list_turns(card.id, messages[0].turn, messages[-1].turn) if messages else []
    head = await find_newest_head(connection, card)
    unnamed: dict[str, object] = {"base": None, "head": None}
    return Exported(
        format=FORMAT,
        version=1,
        at=time.time(),
        card=card.model_copy(update={"mark": None, "base": None}),
        messages=tuple(messages),
        turns=tuple(turn.model_copy(update=unnamed) for turn in turns),
        transcript=tuple(await read_transcript(connection, head)) if head else (),
    )


def _place_after(messages: list[StoredMessage]) -> tuple[int, int]:
    return (messages[-1].turn, messages[-1].place) if messages else (-1, -1)


def parse_export(text: str) -> Exported:
    """Parse a file; InvalidValue if it is not one."""
    try:
        return Exported.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"]) or "the file"
        raise InvalidValue(
            f"This is not an exported conversation: {where}: {first['msg']}",
            fix="Write one with: harness conversation export ID",
        ) from None


def render_markdown(exported: Exported) -> str:
    """Render the conversation for people to read."""
    lines = [f"# {exported.card.title or exported.card.id}", ""]
    dropped = {turn.number for turn in exported.turns if turn.dropped}
    failed = {turn.number: turn for turn in exported.turns if turn.error or turn.reason}
    for message in exported.messages:
        who = "You" if message.role == "user" else exported.card.agent
        marks = [message.origin] if message.origin else []
        marks += ["rolled back"] if message.turn in dropped else []
        when = time.strftime("%Y-%m-%d %H:%M", time.gmtime(message.at))
        note = f" ({', '.join(marks)})" if marks else ""
        lines += [f"**{who}**, {when}{note}", "", _render_parts(message), ""]
        turn = failed.get(message.turn)
        last = all(each.turn != message.turn or each.place <= message.place
                   for each in exported.messages)  # fmt: skip
        if turn is not None and last:
            why = turn.error.message if turn.error else turn.reason
            lines += [f"_{turn.state.value}: {why}_", ""]
    return "\n".join(lines)


async def store_transcript(
    connection: Connection, conversation: str, messages: tuple[Message, ...]
) -> str | None:
    """Store messages as the first transcript node of a new conversation, under its own key: it
    outlives the conversation that they come from."""
    if not messages:
        return None
    vault = connection.vault
    node = Node(messages=messages, salt=new_salt())  # no other conversation has this node
    body = node.wire()
    head, owner = digest(body), session_workflow(conversation)
    await vault.renew_key(owner)
    await put_nodes(connection.database, vault, owner, {head: body})
    return head


def without_artifacts(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """The messages of a file, without what it only names: stored files, and the provider's own
    items. A file must not reach content of others by naming it."""
    return tuple(
        message.model_copy(update={"parts": tuple(_plain_part(part) for part in kept)})
        for message in messages
        if (kept := [part for part in message.parts if part.type != "reasoning"])
    )


def _plain_part(part: Part) -> Part:
    if isinstance(part, Image | FileRef) and part.artifact:
        name = part.name if isinstance(part, FileRef) else "image"
        return Text(text=f"[{name}: not in the imported file]")
    if isinstance(part, ToolResult) and part.artifact:
        return part.model_copy(update={"artifact": None})
    return part


def _render_parts(message: StoredMessage) -> str:
    found: list[str] = []
    for part in message.parts:
        if isinstance(part, Text):
            found.append(part.text)
        elif isinstance(part, FileRef):
            found.append(f"[{part.name}]")
        elif part.type == "tool_call":
            found.append(f"_calls {part.name}_")
        else:
            found.append(f"[{part.type}]")
    return "\n\n".join(found)
