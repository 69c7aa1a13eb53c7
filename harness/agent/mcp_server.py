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
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,500}")
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


def _check_issuer(issuer: str | None) -> str | None:
    _check_url(issuer)
    if issuer is not None and (urlsplit(issuer).query or urlsplit(issuer).fragment):
        raise ValueError("expected an address without ? and #")
    return issuer


def _check_scopes(scopes: tuple[str, ...]) -> tuple[str, ...]:
    if not all(map(_SCOPE.fullmatch, scopes)):
        raise ValueError("expected scopes without spaces, quotes and backslashes")
    return scopes


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


class McpOAuth(Section):
    """How harness signs in to an MCP server by OAuth. Most servers say all of it themselves."""

    grant: Literal["browser", "client_credentials"] = "browser"
    """`browser`: a person signs in with `harness mcp login NAME`. `client_credentials`: workers
    sign in by themselves, with `client_id` and `client_secret`."""
    client_id: str | None = Field(default=None, min_length=1, max_length=2000)
    """The client that you registered at the authorization server, or the https address of its
    client metadata document. Unset: `harness mcp login` registers one."""
    client_secret: SecretStr | None = None
    """The secret of the client, or `env:NAME` for the variable that holds it."""
    issuer: Annotated[str | None, AfterValidator(_check_issuer)] = None
    """The authorization server, as its metadata names itself. No other is used. Unset: the one
    that the MCP server names; required with `client_secret`, which is sent there."""
    scopes: Annotated[tuple[str, ...], AfterValidator(_check_scopes)] = ()
    """The scopes to ask for. Unset: those that the server asks for."""
    redirect_port: int | None = Field(default=None, ge=1, le=65535)
    """The port of this machine that the browser returns to, if the client was registered with
    `http://127.0.0.1:PORT/callback`. Unset: any free port."""

    @model_validator(mode="after")
    def _check_client(self) -> McpOAuth:
        machine = self.grant == "client_credentials"
        if machine and not (self.client_id and self.client_secret):
            raise ValueError("client_credentials needs client_id and client_secret")
        if self.client_secret and not (self.client_id and self.issuer):
            raise ValueError("client_secret needs client_id, and the issuer that it is sent to")
        return self


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
    oauth: McpOAuth = McpOAuth()
    """How to sign in by OAuth, if there is no `auth`."""
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
        if self.oauth != McpOAuth() and (self.command or self.auth is not None):
            raise ValueError("oauth is for a url without auth")
        addresses = (self.url or "", self.oauth.issuer or "")
        plain = any(urlsplit(each).scheme == "http" for each in addresses)
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
