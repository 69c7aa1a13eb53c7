"""Send one signed message to an address, within limits.

The format is that of Standard Webhooks (https://www.standardwebhooks.com). The name is resolved at
each attempt, and the address that was checked is the one that is connected to. Redirects are not
followed, and the answer's body is not read: only its status counts.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import time
from contextlib import suppress
from typing import NamedTuple

from harness.commons.certificates import load_certificates
from harness.contracts.errors import HarnessError, WebhookRefused, WebhookUndelivered
from harness.crypto.signing import Signer
from harness.tools.web.addresses import resolve_host
from harness.tools.web.origins import Origin, declared_origin, origin_of
from harness.tools.web.web import AGENT
from harness.version import __version__
from harness.webhooks.rows import Webhook
from harness.webhooks.settings import WebhookSettings

MAX_URL = 2_000
MAX_DELAY_S = 3_600.0
PREFIX = "whsec_"
PURPOSE = "webhook"
GONE = 410
ADVICE = "To allow it, add {origin} to allow under [webhooks] in harness.toml."


class Message(NamedTuple):
    """A message, the same in every attempt."""

    id: str
    body: bytes


class Gone(WebhookUndelivered):
    """The receiver answered 410: it wants no more messages."""


def derive_secret(signer: Signer, webhook: Webhook) -> bytes:
    """The key that signs a subscription's messages. It is not stored anywhere."""
    return signer.derive_key(PURPOSE, webhook.id, str(webhook.created))


def show_secret(key: bytes) -> str:
    """The key as receivers configure it."""
    return PREFIX + base64.b64encode(key).decode()


def sign_message(key: bytes, message: Message, timestamp: int) -> str:
    """The value of the header `webhook-signature`."""
    signed = f"{message.id}.{timestamp}.".encode() + message.body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def check_url(url: str, settings: WebhookSettings) -> Origin:
    """Refuse an address that no message may be sent to, as far as its text shows.

    Raises:
        WebhookRefused: It is not a valid address, or not one of https on port 443 and not allowed.
    """
    if len(url) > MAX_URL or not (url.isascii() and url.isprintable()) or " " in url or "#" in url:
        raise WebhookRefused(
            f"{url[:80]!r} is not a valid address: it must be ASCII, without spaces and without #, "
            f"and have at most {MAX_URL:,} characters."
        )
    try:
        origin = origin_of(url)
    except HarnessError as error:
        raise WebhookRefused(error.message) from None
    if not _is_allowed(origin, settings) and (origin.scheme, origin.port) != ("https", 443):
        raise WebhookRefused(
            f"{origin} does not use https on port 443. {ADVICE.format(origin=origin)}"
        )
    return origin


async def post_message(
    url: str, message: Message, key: bytes, settings: WebhookSettings, *, owner: str
) -> None:
    """Send a message; returns once the receiver has accepted it. `owner`: whose webhook it is.

    Raises:
        WebhookRefused: The address is not allowed.
        Gone: The receiver wants no more messages.
        WebhookUndelivered: Any other failure.
    """
    origin = check_url(url, settings)
    limit = asyncio.timeout(settings.timeout_seconds)
    try:
        async with limit:
            address = await _resolve(origin, settings, owner)
            status, delay = await _post(
                url, origin, address, message, key, settings.timeout_seconds
            )
    except TimeoutError:
        raise WebhookUndelivered(
            f"{origin} did not answer within {settings.timeout_seconds:g} s."
        ) from None
    if status == GONE:
        raise Gone(f"{origin} answered 410 (gone).")
    if not 200 <= status < 300:
        hint = ", a redirect, which is not followed" if 300 <= status < 400 else ""
        raise WebhookUndelivered(f"{origin} answered {status}{hint}.", retry_after=delay)


def _is_allowed(origin: Origin, settings: WebhookSettings) -> bool:
    return any(declared_origin(each) == origin for each in settings.allow)


async def _resolve(origin: Origin, settings: WebhookSettings, owner: str) -> str:
    advice = ADVICE.format(origin=origin)
    try:
        return await resolve_host(
            origin.host,
            origin.port,
            allow_private=_is_allowed(origin, settings),
            asker=f"webhooks {owner}",
            advice=advice,
        )
    except HarnessError as error:
        raise WebhookUndelivered(error.message) from None


async def _post(
    url: str, origin: Origin, address: str, message: Message, key: bytes, timeout_s: float
) -> tuple[int, float | None]:
    """Send the request; returns the status, and how long the receiver asks to wait."""
    import httpx

    from harness.commons.headers import NoCookies

    target, timestamp = httpx.URL(url), int(time.time())
    headers = {
        "Host": target.netloc.decode(),
        "Content-Type": "application/json",
        "User-Agent": f"{AGENT}/{__version__}",
        "Accept-Encoding": "identity",
        "webhook-id": message.id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign_message(key, message, timestamp),
    }
    # trust_env: a proxy from the environment would resolve the name itself.
    async with httpx.AsyncClient(
        trust_env=False, timeout=timeout_s, verify=load_certificates("httpx"), cookies=NoCookies()
    ) as client:
        request = client.build_request(
            "POST",
            target.copy_with(host=address),
            headers=headers,
            content=message.body,
            extensions={"sni_hostname": origin.host},
        )
        try:
            reply = await client.send(request, stream=True)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            # Not the error's own text: what the other side sent may be in it.
            raise WebhookUndelivered(f"{origin}: {type(error).__name__}.") from None
        with suppress(httpx.HTTPError):
            await reply.aclose()
        return reply.status_code, _read_delay(reply.headers.get("retry-after", ""))


def _read_delay(text: str) -> float | None:
    if len(text) > 10 or not (text.isascii() and text.isdigit()):
        return None
    return min(max(float(text), 1.0), MAX_DELAY_S)
