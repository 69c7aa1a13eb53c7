"""Reads the messages of a client: roles, and parts of text and images."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from typing import Any, cast

from harness.contracts.errors.openai_api import UnsupportedParameter
from harness.contracts.message import Image, Message, Part, Text
from harness.engine.connection import Connection
from harness.openai_api.parameters import OWN_TOOLS
from harness.openai_api.requests import ClientMessage, Content
from harness.runs.attachments import attach_content

INSTRUCTIONS = "Instructions from the client of this conversation:\n\n"
"""Before what a client sends as system or developer. It is a message to the agent: the agent's own
instructions stay above it."""
DATA_URL = re.compile(r"data:(image/[a-z0-9.+-]{1,40});base64,", re.IGNORECASE)
WEB_URL = re.compile(r"https?://[^\s\x00-\x1f]{1,2000}", re.IGNORECASE)
TEXT_TYPES = {"text": "text", "input_text": "text", "output_text": "text", "refusal": "refusal"}


async def read_messages(
    connection: Connection, given: Sequence[ClientMessage], field: str
) -> tuple[Message, ...]:
    """Read a conversation as the messages of a run. `field`: its name in the request."""
    found: list[Message] = []
    for place, each in enumerate(given):
        message = await _read_message(connection, each, f"{field}[{place}]")
        if message.parts:
            found.append(message)
    if found and found[-1].role == "assistant":
        raise UnsupportedParameter.of(
            field, "The last message is the assistant's.", "End with a message of the user."
        )
    return tuple(found)


def make_instructions(text: str) -> Message:
    """Instructions of a client as a message."""
    return Message(role="user", parts=(Text(text=INSTRUCTIONS + text),))


async def _read_message(connection: Connection, given: ClientMessage, where: str) -> Message:
    if given.role in ("tool", "function") or given.calls_tools:
        raise UnsupportedParameter.of(
            where, f"{where} has calls or results of tools. {OWN_TOOLS}", "Send the texts alone."
        )
    parts = await _read_parts(connection, given.content, where, images=given.role == "user")
    if given.role in ("system", "developer"):
        text = "".join(part.text for part in parts if isinstance(part, Text))
        return make_instructions(text) if text else Message(role="user", parts=())
    return Message(role="assistant" if given.role == "assistant" else "user", parts=parts)


async def _read_parts(
    connection: Connection, content: Content, where: str, *, images: bool
) -> tuple[Part, ...]:
    if content is None:
        return ()
    if isinstance(content, str):
        return (Text(text=content),) if content else ()
    parts: list[Part] = []
    for place, given in enumerate(content):
        at, kind = f"{where}.content[{place}]", given.get("type")
        if kind in TEXT_TYPES:
            if text := _read_text(given.get(TEXT_TYPES[kind]), at):
                parts.append(Text(text=text))
        elif kind in ("image_url", "input_image") and images:
            parts.append(await _read_image(connection, given, at))
        else:
            raise UnsupportedParameter.of(
                at, f"{at} has the type {str(kind)[:40]!r}.", "Send text, and images of the user."
            )
    return tuple(parts)


def _read_text(value: Any, at: str) -> str:
    if not isinstance(value, str):
        raise UnsupportedParameter.of(at, f"{at} has no text.", "Send its text as a string.")
    return value


async def _read_image(connection: Connection, given: dict[str, Any], at: str) -> Part:
    url = given.get("image_url")
    if isinstance(url, dict):  # of a chat completion
        url = cast("dict[str, Any]", url).get("url")
    if not isinstance(url, str):
        raise UnsupportedParameter.of(
            at, f"{at} names no image.", "Send the image's address, or a data URL with its bytes."
        )
    if WEB_URL.fullmatch(url):
        return Image(url=url)
    match = DATA_URL.match(url)
    if match is None:
        raise UnsupportedParameter.of(
            at, f"{at} is neither a web address nor a data URL of an image."
        )
    try:
        data = base64.b64decode(url[match.end() :], validate=True)
    except (binascii.Error, ValueError):
        raise UnsupportedParameter.of(at, f"{at} is not valid base64.") from None
    media_type = match[1].lower()
    return await attach_content(connection, data, "image", media_type)
