from pathlib import Path

import pytest
from temporalio.service import TLSConfig

from harness.config.settings import Settings, settings_model
from harness.contracts.errors import ConfigError
from harness.stack.connect import find_configured_temporal, find_web_page, make_connect_options
from harness.stack.endpoints import Endpoints

PROFILES = """
[profile.default]
address = "default.example:7233"
namespace = "of-profile"
[profile.cloud]
address = "team.a1b2c.tmprl.cloud:7233"
namespace = "team.a1b2c"
api_key = "secret"
[profile.empty]
namespace = "only"
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of this machine's own configuration."""
    for name in ("ADDRESS", "NAMESPACE", "PROFILE", "CONFIG_FILE", "API_KEY", "TLS"):
        monkeypatch.delenv(f"TEMPORAL_{name}", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / ".config"))


@pytest.fixture
def profiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "temporal.toml"
    file.write_text(PROFILES)
    monkeypatch.setenv("TEMPORAL_CONFIG_FILE", str(file))


def of(**temporal: object) -> Settings:
    return settings_model().model_validate({"temporal": temporal})


def remote(settings: Settings) -> Endpoints:
    engine = find_configured_temporal(settings)
    assert engine is not None
    return Endpoints(
        temporal_address=engine.address,
        namespace=engine.namespace,
        ui_url=None,
        database_url="postgresql://",
        local_temporal=False,
        local_database=False,
    )


async def options(settings: Settings) -> dict[str, object]:
    return await make_connect_options(settings, remote(settings))


def test_nothing_configured() -> None:
    assert find_configured_temporal(Settings()) is None


async def test_the_settings(tmp_path: Path) -> None:
    plain = await options(of(address="a:1", namespace="n"))
    assert plain == {"target_host": "a:1", "namespace": "n"}
    assert (await options(of(address="a:1", tls=True)))["tls"] is True
    with_key = await options(of(address="a:1", api_key="k"))
    assert (with_key["api_key"], with_key["tls"]) == ("k", True)
    for name in ("ca", "cert", "key"):
        (tmp_path / name).write_text(name)
    found = await options(
        of(
            address="a:1",
            tls_server_ca=tmp_path / "ca",
            tls_client_cert=tmp_path / "cert",
            tls_client_key=tmp_path / "key",
            tls_server_name="inside",
        )
    )
    assert found["tls"] == TLSConfig(
        server_root_ca_cert=b"ca", client_cert=b"cert", client_private_key=b"key", domain="inside"
    )
    with pytest.raises(ConfigError, match="nowhere"):
        await options(of(address="a:1", tls_server_ca=Path("/nowhere")))


@pytest.mark.usefixtures("profiles")
async def test_profiles() -> None:
    default = await options(Settings())
    assert default == {"target_host": "default.example:7233", "namespace": "of-profile"}
    assert (await options(of(namespace="mine")))["namespace"] == "mine"
    cloud = of(profile="cloud")
    found = await options(cloud)
    assert found["api_key"] == "secret" and found["tls"] is True
    assert find_web_page(cloud, remote(cloud).temporal_address) == "https://cloud.temporal.io"
    assert find_configured_temporal(of(profile="empty")) is None
    assert remote(of(profile="cloud", address="mine:7233")).temporal_address == "mine:7233"
    with pytest.raises(ConfigError, match="missing"):
        find_configured_temporal(of(profile="missing"))


async def test_the_default_profile_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    folder = tmp_path / ".config" / "temporalio"
    folder.mkdir(parents=True)
    (folder / "temporal.toml").write_text(PROFILES)
    assert (await options(Settings()))["target_host"] == "default.example:7233"
    (folder / "temporal.toml").write_text("not toml [")
    with pytest.raises(ConfigError, match="profile"):
        find_configured_temporal(Settings())


async def test_a_local_temporal_uses_no_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPORAL_API_KEY", "of another server")
    local = Endpoints(
        temporal_address="127.0.0.1:7000",
        namespace="default",
        ui_url=None,
        database_url="",
        local_temporal=True,
        local_database=True,
    )
    assert await make_connect_options(of(api_key="k", tls=True), local) == {
        "target_host": "127.0.0.1:7000",
        "namespace": "default",
    }


def test_the_web_page() -> None:
    assert find_web_page(of(ui="http://page/"), "a:1") == "http://page"
    assert find_web_page(Settings(), "a:1") is None
