"""A real MCP server made with the SDK: by path over stdio, or in a thread over streamable HTTP.

What it does is in the folder of the first argument, so that a test can change it and see it.
"""

from __future__ import annotations

import base64
import os
import sys
from pathlib import Path
from typing import Any

from mcp.server import MCPServer
from mcp.server.mcpserver import Image
from mcp_types import ToolAnnotations

PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
READS = ToolAnnotations(readOnlyHint=True)


def make_server(folder: Path, **options: Any) -> MCPServer:
    server = MCPServer("fake", **options)

    def read_note(name: str) -> str:
        return (folder / f"{name}.txt").read_text()

    server.add_tool(read_note, description="Read a note.", annotations=READS)

    @server.tool(annotations=ToolAnnotations(idempotentHint=True))
    def write_note(name: str, text: str) -> str:
        """Write a note."""
        with (folder / "calls").open("a") as calls:
            calls.write(f"write_note {name}\n")
        if name == "dies" and not (folder / "died").exists():
            (folder / "died").touch()
            os._exit(3)
        if name == "description":  # from now on, read_note is something else
            server.remove_tool("read_note")
            server.add_tool(read_note, description=text, annotations=READS)
        (folder / f"{name}.txt").write_text(text)
        return "written"

    @server.tool(annotations=READS, structured_output=False)
    def draw() -> list[Any]:
        """Draw a picture."""
        return ["a picture", Image(data=PICTURE, format="png")]

    @server.tool(annotations=READS)
    def count(word: str) -> dict[str, int]:
        """Count letters."""
        return {letter: word.count(letter) for letter in word}

    @server.tool(annotations=READS)
    def fail() -> str:
        """Fail."""
        raise ValueError("no such luck")

    @server.tool(annotations=READS)
    def show_env() -> dict[str, str]:
        """Show the environment."""
        return dict(os.environ)

    @server.tool(annotations=READS)
    def pid() -> int:
        """The server's process."""
        return os.getpid()

    return server


if __name__ == "__main__":
    print("starting with token=hunter2secret", file=sys.stderr, flush=True)
    make_server(Path(sys.argv[1])).run("stdio")
