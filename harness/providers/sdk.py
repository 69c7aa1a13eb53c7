"""What the adapters of optional SDKs share: loading them, and sending the requests they sign."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import httpx
import httpx2

from harness.commons.certificates import load_certificates
from harness.commons.headers import NoCookies
from harness.config.settings import ProviderSettings
from harness.contracts.errors import ProviderPackageMissing
from harness.providers import errors
from harness.providers.adapter import Where
from harness.providers.limits import Bound, Response, bound_response
from harness.providers.stream import CONNECT_SECONDS

CONNECTIONS = 1000


def require_sdk(provider: str, extra: str, module: str) -> None:
    """Raise ProviderPackageMissing, with the command that installs the SDK, if it is missing."""
    try:
        found = find_spec(module) is not None
    except ModuleNotFoundError:  # its parent package is missing too
        found = False
    if not found:
        raise ProviderPackageMissing(
            f"{provider} needs the Python package {module}, which is not installed.",
            fix=f'Install it: pip install "durable-harness[{extra}]"; or set kind = "chat" under '
            f"[providers.{provider}] in harness.toml, which needs no further package.",
        )


def client_options(library: Any, bound: Bound = bound_response) -> dict[str, Any]:
    """Options of an HTTP client, of httpx or httpx2: the time limit is for connecting only, bodies
    are bounded, and redirects are not followed, as they could send the key to another host."""
    return {
        "verify": load_certificates(library.__name__),
        "timeout": library.Timeout(None, connect=CONNECT_SECONDS),
        "limits": library.Limits(max_connections=CONNECTIONS, max_keepalive_connections=100),
        "event_hooks": {"response": [bound]},
        "follow_redirects": False,
        "cookies": NoCookies(),
    }


async def send_request(client: Any, request: Any, where: Where) -> Response:
    """Send a request that an SDK has addressed and signed, and return the open answer.

    The SDKs' own calls parse each event into models of theirs, without a limit on its size.
    """
    try:
        response: Response = await client.send(request, stream=True)
    except (httpx.TimeoutException, httpx2.TimeoutException) as exc:
        raise errors.TimedOut(str(exc) or "no connection in time") from exc
    except (httpx.TransportError, httpx2.TransportError) as exc:
        raise errors.Unreached(str(exc)) from exc
    if response.status_code < 300:
        return response
    try:
        body = await response.aread()
    finally:
        await response.aclose()
    text = body.decode("utf-8", "replace")
    raise errors.error_of_answer(response.status_code, text, response.headers, where)


def key_of(settings: ProviderSettings) -> str:
    """The key, or a placeholder: without one, the SDKs would look for keys in the environment."""
    return settings.api_key.get_secret_value() if settings.api_key else "none"
