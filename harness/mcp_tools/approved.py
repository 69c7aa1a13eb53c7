"""What this user approved of each MCP server: a file per project and server, outside the project.

The first declaration is approved by using the server: to describe it in code or in a trusted
`harness.toml` is the decision to run it. Every later difference is approved by name.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from pydantic import ValidationError

from harness.agent.mcp_server import McpServer
from harness.commons.files import write_private
from harness.config._owned import read_own
from harness.config.trust import trust_file
from harness.contracts.base import Word
from harness.contracts.errors import InvalidValue, McpMisbehaved, McpNotApproved
from harness.mcp_tools.declarations import Declared

MAX_BYTES = 16 * 1024 * 1024
FIX = "Remove the file, then review the server's tools: `harness mcp check`."


class Approval(Word):
    """What was approved of one server."""

    project: str
    server: str
    source: str
    """Digest of how the server is reached: another program is another server."""
    tools: tuple[Declared, ...]

    def by_name(self) -> dict[str, Declared]:
        return {each.name: each for each in self.tools}


def digest_source(server: McpServer) -> str:
    where = "\0".join(("url", server.url) if server.url else ("command", *server.command))
    return hashlib.sha256(where.encode(errors="surrogatepass")).hexdigest()


def approval_file(project: Path, server: str) -> Path:
    """The file with what was approved of a server in a project."""
    key = hashlib.sha256(f"{project.resolve()}\0{server}".encode(errors="surrogatepass"))
    return trust_file().parent / "mcp" / f"{key.hexdigest()[:32]}.json"


def read_approval(project: Path, server: McpServer) -> Approval | None:
    """Read what was approved; None if nothing was, or of another server under this name."""
    file = approval_file(project, server.name)
    try:
        content = read_own(file, MAX_BYTES)
    except InvalidValue as error:
        raise InvalidValue(error.message, fix=FIX) from None
    if content is None:
        return None
    try:
        approval = Approval.model_validate_json(content)
    except ValidationError:
        raise InvalidValue(f"{file} is damaged.", fix=FIX) from None
    return approval if approval.source == digest_source(server) else None


def write_approval(project: Path, server: McpServer, tools: tuple[Declared, ...]) -> Approval:
    """Record an approval. McpNotApproved if it cannot be recorded, McpMisbehaved if it is
    larger than what is read back."""
    approval = Approval(
        project=str(project.resolve()), server=server.name, source=digest_source(server),
        tools=tools,
    )  # fmt: skip
    content = approval.model_dump_json(indent=1)
    if len(content.encode()) > MAX_BYTES:
        raise McpMisbehaved(
            f"The MCP server {server.name} declares more than can be approved: the record would be "
            f"larger than {MAX_BYTES:,} bytes."
        )
    file = approval_file(project, server.name)
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(file, content)
    except OSError as error:
        raise McpNotApproved(
            f"The tools of the MCP server {server.name} are not approved: {file} cannot be "
            f"written ({error.strerror})."
        ) from None
    return approval
