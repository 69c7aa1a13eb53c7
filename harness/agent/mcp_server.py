"""MCP servers whose tools an agent may call, declared in code or in `harness.toml`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator

from harness.agent.tool import AnyTool
from harness.config.settings import Section
from harness.contracts.tool import Effect

MAX_NAME = 32
_NAME = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:=[^\0]*)?", re.DOTALL)
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}")
MAX_COMMAND = 8_000
"""Characters of a command with its arguments: it must fit into a pipe."""


def _check_name(name: str) -> str:
    if name and (len(name) > MAX_NAME or not _NAME.fullmatch(name)):
        raise ValueError(
            f"expected 1 to {MAX_NAME} lower-case letters, digits, single - or _ between them"
        )
    return name


def _check_command(command: tuple[str, ...]) -> tuple[str, ...]:
    if command and (not command[0] or any("\0" in word for word in command)):
        raise ValueError("expected a program and its arguments, without NUL characters")
    if sum(map(len, command)) > MAX_COMMAND:
        raise ValueError(f"expected {MAX_COMMAND:,} characters at most")
    return command


def _check_env(env: tuple[str, ...]) -> tuple[str, ...]:
    for each in env:
        if not _VARIABLE.fullmatch(each):
            raise ValueError("expected NAME, or NAME=VALUE")
    return env


def _check_url(url: str | None) -> str | None:
    if url is None:
        return None
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or not url.isprintable():
        raise ValueError("expected an address such as https://example.org/mcp")
    if parts.username is not None or parts.password is not None:
        raise ValueError("expected no user name or password: use `auth`")
    return url


def _check_header(header: str) -> str:
    if not _HEADER.fullmatch(header):
        raise ValueError("expected the name of a header, such as X-API-Key")
    return header


class McpTool(Section):
    """What you decide about one tool of an MCP server, instead of the server's own hints."""

    effect: Effect | None = None
    """What it changes: `read`, `write` or `irreversible`."""
    approval: Literal["always", "never"] | None = None
    """Whether a person must approve each call."""
    on_unknown: Literal["ask", "retry"] | None = None
    """What happens if it is unknown whether a call was made: ask a person, or repeat it."""


class McpServer(Section):
    """An MCP server. `McpServer(name="files")` among an agent's tools stands for all tools of the
    server that `[mcp.servers.files]` in `harness.toml` describes; with a command or a URL, the
    server is described in code. See [MCP tools](../how-to/mcp-tools.md)."""

    name: Annotated[str, AfterValidator(_check_name)] = ""
    """The prefix of its tools' names. In `harness.toml`, it is the name of the section."""
    command: Annotated[tuple[str, ...], AfterValidator(_check_command)] = ()
    """The program that speaks MCP on stdin and stdout, and its arguments."""
    env: Annotated[tuple[str, ...], AfterValidator(_check_env)] = ()
    """Variables of the program besides PATH, HOME and LANG: NAME passes on the worker's own,
    NAME=VALUE sets one."""
    url: Annotated[str | None, AfterValidator(_check_url)] = None
    """The address of a server that speaks streamable HTTP."""
    auth: SecretStr | None = None
    """The value of the authentication header, or `env:NAME` for the variable that holds it. A token
    alone is sent as `Bearer TOKEN`."""
    auth_header: Annotated[str, AfterValidator(_check_header)] = "Authorization"
    """The header that carries `auth`."""
    allow_private: bool = False
    """Allow a URL with a private or loopback address, and plain http."""
    trusted: bool = False
    """Believe the server's hints that a tool only reads or may be repeated. Otherwise only hints
    that demand more care count."""
    approval: Literal["always", "never"] = "always"
    """Whether a person must approve calls of tools that may change something."""
    only: tuple[str, ...] = ()
    """The tools to offer, by the server's names. Unset: all."""
    tools: dict[str, McpTool] = {}
    """Decisions about single tools, by the server's names."""
    timeout_seconds: float = Field(default=60.0, gt=0, le=3600, allow_inf_nan=False)
    """How long one call may take."""
    agents: tuple[str, ...] = ()
    """In `harness.toml`: agents that get the tools without naming the server; * for all."""

    @model_validator(mode="after")
    def _check_transport(self) -> McpServer:
        if self.command and self.url:
            raise ValueError("expected a command or a url, not both")
        if self.auth is not None and self.command:
            raise ValueError("auth is for a url: pass secrets to a program with env")
        plain = self.url is not None and urlsplit(self.url).scheme == "http"
        if plain and not self.allow_private:
            raise ValueError(
                "expected https, or allow_private = true for a server in a private network"
            )
        return self

    @property
    def is_described(self) -> bool:
        """Whether it says how to reach the server; otherwise `harness.toml` does."""
        return bool(self.command or self.url)


def split_servers(
    tools: Sequence[AnyTool | McpServer],
) -> tuple[list[AnyTool], tuple[McpServer, ...]]:
    """Separate an agent's tools from the MCP servers, whose tools a worker adds when it begins to
    serve the agent."""
    servers = tuple(each for each in tools if isinstance(each, McpServer))
    return [each for each in tools if not isinstance(each, McpServer)], servers
