"""An MCP server cannot be reached, misbehaves, or changed what it declares."""

from __future__ import annotations

from harness.contracts.errors.base import HarnessError


class McpError(HarnessError):
    """An MCP server cannot be reached, misbehaves, or changed what it declares."""

    http_status = 502


class McpUnavailable(McpError):
    """An MCP server cannot be started or reached, or it stopped before a call was sent. The call
    is retried with a new connection."""

    code = "mcp.unavailable"
    fix = "Check the server: `harness mcp check`."
    retryable = True


class McpMisbehaved(McpError):
    """An MCP server broke the protocol or a limit: it sent something that is not JSON-RPC, too
    much, or tools that cannot be used."""

    code = "mcp.misbehaved"
    fix = "Check the server: `harness mcp check`. Report it to the server's author."


class McpToolChanged(McpError):
    """An MCP server's declaration of a tool differs from the approved one: the description, the
    parameters or the hints have changed, or the tool is missing. The call was not made. A changed
    description can instruct the model to do something else."""

    code = "mcp.changed"
    fix = "Review and approve the difference: `harness mcp check --approve`."
    http_status = 409


class McpNotApproved(McpError):
    """What an MCP server declares cannot be approved, because the folder of approvals cannot be
    written. The server's tools are not used: without a record, each process would approve whatever
    the server declares when it starts."""

    code = "mcp.not_approved"
    fix = (
        "Make the folder writable; in a container, mount a volume there. Or run `harness mcp check "
        "--approve` where it is writable, and ship the approval file."
    )
    http_status = 409


class McpServerUnknown(McpError):
    """An agent or a command names an MCP server that is not described anywhere, or whose section
    of `harness.toml` is not trusted."""

    code = "mcp.unknown_server"
    fix = "Describe it under [mcp.servers.NAME] in harness.toml, and run `harness trust`."
    http_status = 400


class McpNotSignedIn(McpError):
    """An MCP server wants a sign-in by OAuth that is missing, has expired, was revoked, or does
    not cover what was called. The call was not made."""

    code = "mcp.not_signed_in"
    fix = "Sign in: `harness mcp login NAME`."
    http_status = 409


class McpSignInFailed(McpError):
    """A sign-in to an MCP server did not succeed: the server or its authorization server refused
    it, answered something else than OAuth, or led to an address that is not allowed."""

    code = "mcp.sign_in_failed"
    fix = "Check the server's address and its [mcp.servers.NAME.oauth], then sign in again."
