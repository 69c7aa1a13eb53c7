"""Turn sent requests into entries. It takes CPU time, so it runs in a thread.

A request repeats the conversation so far. So its parts (instructions, tools, each message) are
stored once, and entries name them by digest: an entry costs what is new in it. The digest is made
with a key of the run, since the digest of a short secret would give it away.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Collection, Iterator
from typing import Any

from pydantic_core import PydanticSerializationError, to_json, to_jsonable_python

from harness.request_log.content import Shortener
from harness.request_log.rows import EntryRow, NewEntry, SentRequest

DIGEST_BYTES = 12
MOST_PARTS = 1_000
"""Of one request. Only the number of older messages is recorded."""
MOST_PARAMS = 4_096
MOST_NAME = 500
MOST_ODD = 100_000


def build_entry(
    sent: SentRequest, bucket: int, key: bytes, known: Collection[bytes], most: int, at: float
) -> NewEntry:
    """Build the entry of a request.

    Args:
        sent: The request and what became of it.
        bucket: Where it is stored.
        key: For digests of this run.
        known: Digests of parts that are stored.
        most: How many characters of content it may add.
        at: When the request began.

    Returns:
        The entry.
    """
    shortener = Shortener(most, most // 4)
    values = list(_list_parts(sent))
    earlier = max(0, len(values) - MOST_PARTS)
    if earlier:  # the first ones are instructions and tools
        values = [part for part in values if part[0] != "message"] + values[-MOST_PARTS:]
    named = [(kind, _digest(key, kind, value), value) for kind, value in values]
    content = _describe(sent, shortener) | {
        "parts": [[kind, base64.b64encode(digest).decode()] for kind, digest, _ in named]
    }
    if earlier:
        content["earlier"] = earlier
    fresh = dict[bytes, bytes]()
    # The newest messages first: they are what one looks for if the limit is reached.
    for _, digest, value in sorted(named[::-1], key=lambda part: part[0] == "message"):
        if shortener.left <= 0:
            break
        if digest not in known and digest not in fresh:
            fresh[digest] = to_json(shortener.shorten(value))
    return NewEntry(
        row=_build_row(sent, bucket, at), content=to_json(content), parts=tuple(fresh.items())
    )


def _list_parts(sent: SentRequest) -> Iterator[tuple[str, Any]]:
    request = sent.request
    yield "instructions", request.instructions
    for tool in request.tools:
        yield "tool", tool
    if request.output is not None:
        yield "output", request.output
    for message in request.messages:
        yield "message", message


def _describe(sent: SentRequest, shortener: Shortener) -> dict[str, Any]:
    params = Shortener(MOST_PARAMS).shorten(sent.request.params)
    content: dict[str, Any] = {"params": params}
    if sent.error is not None:
        code, message = sent.error
        content["error"] = {"code": code, "message": shortener.shorten(message)}
    if (reply := sent.reply) is not None:
        content["answered"] = Shortener(MOST_NAME).shorten(reply.model)
        content["finish"] = reply.finish
        content["response"] = shortener.shorten(reply.message)
    elif sent.text:
        content["text"] = shortener.shorten(sent.text)
    return content


def _dump_oddity(value: Any) -> bytes:
    try:
        return json.dumps(to_jsonable_python(value, exclude_none=True)).encode()
    except (PydanticSerializationError, ValueError, RecursionError):
        return to_json(Shortener(MOST_ODD).shorten(value))


def _build_row(sent: SentRequest, bucket: int, at: float) -> EntryRow:
    caller, reply = sent.caller, sent.reply
    usage = reply and reply.usage
    request_id = reply and reply.request_id
    return EntryRow(
        id=sent.id,
        bucket=bucket,
        run=caller.run,
        owner=caller.owner,
        agent=caller.agent,
        session=caller.session,
        turn=caller.turn,
        call=caller.call,
        attempt=caller.attempt,
        purpose=caller.purpose,
        model=_show_name(sent.model),
        status=sent.status,
        at=at,
        ms=round(sent.ms, 1),
        first_ms=None if sent.first_ms is None else round(sent.first_ms, 1),
        input=usage.input if usage else None,
        output=usage.output if usage else None,
        cached=usage.cached if usage else None,
        cost_micros=sent.cost_micros,
        request_id=None if request_id is None else _show_name(request_id),
    )


def _show_name(text: str) -> str:
    """Make a name fit for a column: providers may write anything into an id."""
    return Shortener(MOST_NAME).shorten(text).replace("\0", "\ufffd")


def _digest(key: bytes, kind: str, value: Any) -> bytes:
    try:
        data = to_json(value, exclude_none=True)
    except (PydanticSerializationError, ValueError):  # a lone surrogate, or nested too deeply
        data = _dump_oddity(value)
    hashed = hashlib.blake2b(kind.encode(), key=key, digest_size=DIGEST_BYTES)
    hashed.update(data)
    return hashed.digest()
