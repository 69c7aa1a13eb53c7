"""Workers that sign in by client credentials."""

from __future__ import annotations

import asyncio
from urllib.parse import parse_qs

import httpx2
import pytest

from harness.agent import McpServer
from harness.contracts.errors import McpUnavailable
from harness.mcp_tools.sign_in.machine import MachineTokens
from tests.fakes.raw_authority import RawAuthority, serving_raw_authority

REFUSED = httpx2.Response(401)
LACKS_FILES = httpx2.Response(
    403, headers={"www-authenticate": 'Bearer error="insufficient_scope", scope="files"'}
)


def make_tokens(raw: RawAuthority) -> MachineTokens:
    oauth = {
        "grant": "client_credentials", "client_id": "me", "client_secret": "s3cret-abc",
        "issuer": raw.origin,
    }  # fmt: skip
    return MachineTokens(
        McpServer.model_validate(
            {"name": "notes", "url": raw.url, "allow_private": True, "oauth": oauth}
        )
    )


def forms(raw: RawAuthority) -> list[dict[str, list[str]]]:
    return [parse_qs(body.decode()) for path, _, body in raw.seen if path == "/token"]


async def test_calls_that_are_refused_together_sign_in_once() -> None:
    async with serving_raw_authority() as raw:
        tokens = make_tokens(raw)
        issued = await asyncio.gather(*(tokens.renew_token(None, REFUSED) for _ in range(5)))
        assert set(issued) == {"tok-123456"}
        assert len(forms(raw)) == 1


async def test_more_scopes_are_asked_for_with_those_granted() -> None:
    async with serving_raw_authority() as raw:
        granted = {"access_token": "tok-123456", "token_type": "Bearer", "scope": "notes"}
        raw.say("/token", granted)
        tokens = make_tokens(raw)
        used = await tokens.renew_token(None, REFUSED)
        await tokens.renew_token(used, LACKS_FILES)
        assert [each.get("scope") for each in forms(raw)] == [None, ["notes files"]]


@pytest.mark.parametrize("status", [408, 425, 429, 503])
async def test_a_busy_authority_is_asked_again_later(status: int) -> None:
    """McpUnavailable is retried; McpSignInFailed would end the run."""
    async with serving_raw_authority() as raw:
        raw.say("/token", {"error": "temporarily_unavailable"}, status)
        with pytest.raises(McpUnavailable, match=f"answered {status}"):
            await make_tokens(raw).renew_token(None, REFUSED)
