"""How to connect to Temporal: the settings, and the Temporal client's own profiles."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from harness.contracts.errors import InvalidValue
from harness.stack.endpoints import Endpoints

if TYPE_CHECKING:
    from harness.config.settings import Settings, TemporalSettings

_CLOUD = (".tmprl.cloud:7233", ".api.temporal.io:7233")


class TemporalServer(NamedTuple):
    """A configured Temporal; none is started."""

    address: str
    namespace: str
    why: str


def find_configured_temporal(settings: Settings) -> TemporalServer | None:
    temporal = settings.temporal
    if temporal.address is not None:
        return TemporalServer(temporal.address, temporal.namespace, "temporal.address is set")
    profile = _load_profile(temporal)
    address = profile.get("target_host")
    if not address:
        return None
    # A namespace that is set explicitly wins over the profile's; our default does not.
    written = "namespace" in temporal.model_fields_set
    namespace = temporal.namespace if written else profile.get("namespace") or temporal.namespace
    name = temporal.profile or os.environ.get("TEMPORAL_PROFILE") or "default"
    return TemporalServer(address, namespace, f"the Temporal client profile {name!r}")


def find_web_page(settings: Settings, address: str) -> str | None:
    if settings.temporal.ui is not None:
        return settings.temporal.ui.rstrip("/")
    return "https://cloud.temporal.io" if address.endswith(_CLOUD) else None


async def make_connect_options(settings: Settings, endpoints: Endpoints) -> dict[str, Any]:
    """Return keyword arguments for `temporalio.client.Client.connect`."""
    options: dict[str, Any] = {
        "target_host": endpoints.temporal_address,
        "namespace": endpoints.namespace,
    }
    if endpoints.local_temporal:
        return options  # a profile's key and TLS belong to another server
    temporal = settings.temporal
    options = {**_load_profile(temporal), **options}
    if temporal.api_key is not None:
        options["api_key"] = temporal.api_key.get_secret_value()
        options.setdefault("tls", True)
    files = (temporal.tls_server_ca, temporal.tls_client_cert, temporal.tls_client_key)
    if any(files) or temporal.tls_server_name:
        from temporalio.service import TLSConfig

        ca, certificate, key = (_read_tls_file(path) for path in files)
        options["tls"] = TLSConfig(
            domain=temporal.tls_server_name,
            server_root_ca_cert=ca,
            client_cert=certificate,
            client_private_key=key,
        )
    elif temporal.tls:
        options["tls"] = options.get("tls") or True
    return options


def _read_tls_file(path: Path | None) -> bytes | None:
    if path is None:
        return None
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidValue(f"A TLS file cannot be read: {error}") from error


def _load_profile(temporal: TemporalSettings) -> dict[str, Any]:
    """Load the SDK's client profile. Its import is slow, so only if a profile may exist."""
    named = ("TEMPORAL_ADDRESS", "TEMPORAL_PROFILE", "TEMPORAL_CONFIG_FILE")
    if not (
        temporal.profile or any(os.environ.get(name) for name in named) or _default_file().exists()
    ):
        return {}
    from temporalio.envconfig import ClientConfigProfile

    try:
        loaded = ClientConfigProfile.load(temporal.profile)
    except Exception as error:  # the SDK raises plain RuntimeError, and others for bad TOML
        raise InvalidValue(
            f"The Temporal client profile cannot be loaded: {error}",
            fix="Correct temporal.profile, TEMPORAL_PROFILE or the Temporal configuration file.",
        ) from error
    return dict(loaded.to_client_connect_config())


def _default_file() -> Path:
    if sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return base / "temporalio" / "temporal.toml"
