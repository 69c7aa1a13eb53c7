"""The tool that reads long results in parts."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from harness.agent.context import ToolContext
from harness.agent.tool import tool

PAGE = 12_000


@tool(effect="read")
async def read_result(
    ctx: ToolContext[Any],
    artifact: Annotated[str, Field(description="The id given in the shortened result.")],
    offset: Annotated[int, Field(ge=0, description="Byte to start at.")] = 0,
    limit: Annotated[int, Field(ge=1, le=PAGE, description="Bytes to read.")] = PAGE,
) -> str:
    """Read a part of an earlier tool result that was too long to show in full."""
    content = await ctx.host.read_artifact(artifact, offset, limit + 1)
    if not content:
        return f"(nothing at byte {offset}: the result is shorter)"
    page = content[:limit]
    more = len(content) > limit
    if more:
        page = _whole_characters(page)
    text = page.decode(errors="replace")
    end = offset + len(page)
    return (
        f"{text}\n[bytes {offset}-{end}{f'; continue with offset={end}' if more else ', the end'}]"
    )


def _whole_characters(page: bytes) -> bytes:
    """Drop a UTF-8 character that the end of `page` cuts in two; the next page has it."""
    for back in range(1, min(4, len(page)) + 1):
        byte = page[-back]
        if byte < 0x80:
            break
        if byte >= 0xC0:  # a first byte: how many should follow?
            needed = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            cut = page[:-back] if needed > back else page
            return cut or page
    return page
