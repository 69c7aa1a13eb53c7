"""Turn the result of an MCP tool into what the model reads."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any, cast

from harness.agent import ToolContext
from harness.commons.log_content import guarded_logger
from harness.contracts.clean_text import clean_line
from harness.contracts.errors import HarnessError

if TYPE_CHECKING:
    from mcp_types import CallToolResult

MAX_PARTS = 100
MAX_COMPARED = 1_000_000
"""Characters of a text that is compared with the structured content."""

log = guarded_logger("harness.mcp")


async def read_result(result: CallToolResult, ctx: ToolContext[Any]) -> str:
    """Read the texts, and store pictures and other bytes as artifacts."""
    parts = [await _read_part(part, ctx) for part in result.content[:MAX_PARTS]]
    if len(result.content) > MAX_PARTS:
        parts.append(f"[{len(result.content) - MAX_PARTS:,} more parts left out]")
    structured: Any = result.structured_content
    if structured is not None and not any(_says_same(part, structured) for part in parts):
        parts.append(json.dumps(structured, ensure_ascii=False))
    return "\n".join(part for part in parts if part)


async def _read_part(part: Any, ctx: ToolContext[Any]) -> str:
    match part.type:
        case "text":
            return part.text
        case "image" | "audio":
            return await _store_bytes(part.data, f"{part.type} {part.mime_type}", ctx)
        case "resource_link":
            words = f"[resource {part.uri}: {part.title or part.name}]"
            return clean_line(words)
        case "resource":
            resource = part.resource
            if (text := getattr(resource, "text", None)) is not None:
                return f"[resource {clean_line(str(resource.uri))}]\n{text}"
            kind = resource.mime_type or "application/octet-stream"
            return await _store_bytes(resource.blob, f"resource {resource.uri} {kind}", ctx)
        case _:
            return f"[a part of type {clean_line(str(part.type))} is left out]"


async def _store_bytes(data: str, what: str, ctx: ToolContext[Any]) -> str:
    """Store base64 data. The call has happened, so a failure is only mentioned."""
    what = clean_line(what[:200])
    try:
        content = base64.b64decode(data, validate=True)
        artifact = await ctx.host.put_artifact(content)
    except (ValueError, HarnessError) as error:
        log.warning("a part of a result could not be stored: %s", error)
        return f"[{what}: could not be stored]"
    return f"[{what}: {len(content):,} bytes in artifact {artifact}]"


def _says_same(text: str, structured: Any) -> bool:
    """Whether a text is the structured content, which servers also send for older clients."""
    wrapped = cast("dict[str, Any]", structured) if isinstance(structured, dict) else {}
    if wrapped.keys() == {"result"}:  # how servers wrap what is not an object
        value = wrapped["result"]
        if text == value or (isinstance(value, int | float) and text == json.dumps(value)):
            return True
    if not text.startswith(("{", "[")) or len(text) > MAX_COMPARED:
        return False
    try:
        return json.loads(text) == structured
    except (ValueError, RecursionError):
        return False
