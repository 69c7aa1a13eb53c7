"""Settings: which source wins, where each value came from, and what a mistake is told."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from harness.config import explain_settings, find_project, load_settings, secrets_of
from harness.config._keys import list_keys
from harness.config._sources import WELL_KNOWN, env_name
from harness.config.settings import HARMLESS, Section
from harness.contracts.errors import ConfigError
from tests.fakes.trusting import trust_project

TOML = """\
model = "openai/gpt-5"

[temporal]
address = "from-file:7233"
namespace = "from-file"
tls_server_ca = "certs/ca.pem"

[log]
format = "human"

[providers.house]
base_url = "http://127.0.0.1:9/v1"
api_key = "house-key"

[profile.production.temporal]
namespace = "live"

[profile.staging]
log.level = "error"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "harness.toml").write_text(TOML)
    trust_project(tmp_path)
    return tmp_path


def written(folder: Path, text: str) -> Path:
    (folder / "harness.toml").write_text(text)
    return folder


def test_defaults_need_no_file(tmp_path: Path) -> None:
    settings = load_settings(tmp_path, env={})
    assert settings.profile == "default"
    assert settings.state_dir == tmp_path / ".harness"
    assert settings.temporal.address is None


def test_environment_wins_over_profile_over_file(project: Path) -> None:
    assert load_settings(project, env={}).temporal.namespace == "from-file"
    production = load_settings(project, profile="production", env={})
    assert production.temporal.namespace == "live"
    assert production.temporal.address == "from-file:7233"
    env = {"TEMPORAL_NAMESPACE": "well-known", "HARNESS_PROFILE": "production"}
    assert load_settings(project, env=env).temporal.namespace == "well-known"
    env["HARNESS_TEMPORAL__NAMESPACE"] = "ours"
    assert load_settings(project, env=env).temporal.namespace == "ours"


def test_a_file_wins_over_a_built_in_profile(project: Path) -> None:
    log = load_settings(project, profile="production", env={}).log
    assert (log.format, log.level) == ("human", "info")


def test_an_argument_wins_over_the_profile_of_the_environment(project: Path) -> None:
    settings = load_settings(project, profile="staging", env={"HARNESS_PROFILE": "production"})
    assert (settings.profile, settings.log.level) == ("staging", "error")


def test_the_test_profile_runs_workflows_in_the_sandbox(tmp_path: Path) -> None:
    assert load_settings(tmp_path, profile="test", env={}).worker.sandbox


def test_an_empty_variable_counts_as_not_set(tmp_path: Path) -> None:
    env = {"TEMPORAL_ADDRESS": "", "HARNESS_TEMPORAL__PORT": ""}
    assert load_settings(tmp_path, env=env).temporal.address is None


def test_lists_come_with_commas_or_as_json(tmp_path: Path) -> None:
    for text in ("a.org, *.b.org", '["a.org", "*.b.org"]'):
        settings = load_settings(tmp_path, env={"HARNESS_HTTP__ALLOW": text})
        assert settings.http.allow == ("a.org", "*.b.org")
    with pytest.raises(ConfigError, match=r"http\.allow"):
        load_settings(tmp_path, env={"HARNESS_HTTP__ALLOW": "[a.org"})


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1:11434", "http://127.0.0.1:11434/v1"),
        ("0.0.0.0", "http://127.0.0.1:11434/v1"),
        ("http://box:1234/", "http://box:1234/v1"),
        ("https://box/v1", "https://box/v1"),
    ],
)
def test_ollama_host_becomes_a_base_url(tmp_path: Path, host: str, url: str) -> None:
    settings = load_settings(tmp_path, env={"OLLAMA_HOST": host})
    assert settings.providers["ollama"].base_url == url


def test_every_key_has_a_variable_and_every_well_known_name_a_key() -> None:
    known = {".".join(key) for key in list_keys()}
    for name, key in WELL_KNOWN.items():
        assert key in known or key.startswith("providers."), name
    assert env_name(("temporal", "port")) == "HARNESS_TEMPORAL__PORT"


def test_paths_in_the_file_are_relative_to_it(project: Path) -> None:
    settings = load_settings(project, env={"TEMPORAL_TLS_CLIENT_KEY_PATH": "key.pem"})
    assert settings.temporal.tls_server_ca == project / "certs/ca.pem"
    assert settings.temporal.tls_client_key == Path("key.pem")
    assert load_settings(project, env={"HARNESS_STATE_DIR": "/data"}).state_dir == Path("/data")


def test_the_project_is_the_nearest_folder_with_a_file(project: Path, tmp_path: Path) -> None:
    inner = project / "a" / "b"
    inner.mkdir(parents=True)
    assert find_project(inner) == project
    (project / "a" / "harness.toml").touch()
    assert find_project(inner) == project / "a"


def test_without_a_project_the_current_folder_says_which(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "deep").mkdir()
    monkeypatch.chdir(project / "deep")
    assert load_settings(env={}).model == "openai/gpt-5"


def test_each_value_tells_its_origin_and_secrets_stay_hidden(project: Path) -> None:
    env = {"OPENAI_API_KEY": "sk-secret", "HARNESS_LOG__LEVEL": "debug"}
    origins = {o.key: o for o in explain_settings(project, profile="production", env=env)}
    assert origins["model"].source == "harness.toml:1"
    assert origins["temporal.namespace"].source == "harness.toml:16 [profile.production]"
    assert origins["log.level"].source == "env HARNESS_LOG__LEVEL"
    assert origins["worker.sandbox"].source == "default"
    assert origins["providers.openai.kind"].value == "openai"
    assert origins["profile"].source == "set by the caller"
    assert "sk-secret" not in str(origins)
    assert "house-key" not in str(origins)
    assert explain_settings(project, profile="test", env={})[0].value == "test"


def test_the_secrets_can_be_told_to_the_redaction(project: Path) -> None:
    settings = load_settings(project, env={"DATABASE_URL": "postgresql://a:b@c/d"})
    assert secrets_of(settings) == {"house-key", "postgresql://a:b@c/d"}


@pytest.mark.parametrize(
    ("text", "line", "meant"),
    [
        ("modl = 'x'", 1, "'model'"),
        ("# c\n[temporal]\nprot = 1", 3, "'temporal.port'"),
        ("namespace = 'x'", 1, "'temporal.namespace'"),
        ("[tempral]\nport = 1", 1, "'temporal'"),
        ("[profile.production]\nlog.levl = 'x'", 2, "'log.level'"),
        ("providers.x.api_kee = 'x'", 1, "'providers.x.api_key'"),
        ('log = { "lvl" = "info" }', 1, "'log.level'"),
    ],
)
def test_an_unknown_key_names_its_line_and_the_nearest(
    tmp_path: Path, text: str, line: int, meant: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(written(tmp_path, text), env={})
    assert caught.value.code == "config.unknown_key"
    assert f"harness.toml:{line}." in caught.value.message
    assert f"Did you mean {meant}?" in caught.value.message


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("HARNESS_TEMPORAL__PROT", "HARNESS_TEMPORAL__PORT?"),
        ("HARNESS_TEMPRAL__PROT", "HARNESS_TEMPORAL__PORT?"),
        ("HARNESS_PORT", "HARNESS_API__PORT?"),
        ("HARNESS_PROVIDERS__X__API_KEE", "HARNESS_PROVIDERS__X__API_KEY?"),
        ("HARNESS_TEMPORAL", "names a section"),
        ("HARNESS_PROVIDERS__X", "names a section"),
        ("HARNESS_PROFILE__X", "HARNESS_PROFILE__X"),
        ("HARNESS_QQQQQ", "HARNESS_QQQQQ"),
    ],
)
def test_an_unknown_variable_names_the_nearest(tmp_path: Path, name: str, meant: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(tmp_path, env={name: "x"})
    assert caught.value.code == "config.unknown_key"
    assert meant in caught.value.message


def test_wrong_values_name_key_value_source_and_what_is_expected(tmp_path: Path) -> None:
    folder = written(tmp_path, "[log]\nlevel = 'loud'")
    env = {"HARNESS_TEMPORAL__PORT": "many", "HARNESS_DATABASE__POOL_SIZE": "0"}
    with pytest.raises(ConfigError) as caught:
        load_settings(folder, env=env)
    message = caught.value.message
    assert caught.value.code == "config.invalid_value"
    assert "log.level = 'loud' (harness.toml:2)" in message
    assert "'warning'" in message
    assert "temporal.port = 'many' (env HARNESS_TEMPORAL__PORT)" in message
    assert "greater than or equal to 1" in message


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("temporal.port", "0 -1 99999 1.5"),
        ("temporal.address", "localhost :7233 localhost:99999 localhost:0 localhost:http"),
        ("temporal.retention_days", "0 -1"),
        ("database.pool_size", "0 -8"),
        ("artifacts.inline_limit", "-1"),
        ("providers.x.timeout_seconds", "0 -1 nan inf"),
        ("providers.x.requests_per_second", "0 -1 nan inf"),
        ("live.flush_ms", "0 -1"),
        ("live.flush_bytes", "0 -1"),
        ("live.keep_hours", "0 -1 nan inf"),
        ("worker.max_activities", "0 -1"),
        ("worker.max_workflow_tasks", "0 1 -1"),
        ("worker.max_cached_runs", "-1"),
        ("worker.graceful_shutdown_seconds", "-1 nan inf"),
        ("archive.every_minutes", "0 -1 nan inf"),
        ("archive.keep_days", "0 -1 nan inf"),
    ],
)
def test_a_number_that_makes_no_sense_is_refused(tmp_path: Path, key: str, values: str) -> None:
    for value in values.split():
        with pytest.raises(ConfigError, match=f"{key} = '{value}' "):
            load_settings(tmp_path, env={env_name(tuple(key.split("."))): value})


def test_every_number_among_the_settings_has_a_limit() -> None:
    def unlimited(section: type[Section]) -> list[str]:
        numbers = (int, float)
        return [
            f"{section.__name__}.{name}"
            for name, each in section.model_fields.items()
            if {each.annotation, *get_args(each.annotation)} & {*numbers}
            and not [m for m in each.metadata if m != HARMLESS]
        ]

    assert [each for section in Section.__subclasses__() for each in unlimited(section)] == []


def test_a_wrong_secret_is_not_shown(tmp_path: Path) -> None:
    trust_project(written(tmp_path, "[providers.x]\napi_key = 987654"))
    with pytest.raises(ConfigError) as caught:
        load_settings(tmp_path, env={})
    assert "providers.x.api_key = (hidden) (harness.toml:2)" in caught.value.message
    assert "987654" not in caught.value.message
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[log]\nlevel = loud", "line 2"),
        ("temporal = 5", "`temporal` in .*toml:1 must be a table of keys"),
        ("[profile]\ntest = 5", "`profile.test` in .*toml:2 must be a table of keys"),
        ("profile = 'test'", "`profile` in .*toml:1 is not a table"),
    ],
)
def test_a_broken_file_names_file_and_line(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told) as caught:
        load_settings(written(tmp_path, text), env={})
    assert "harness.toml" in caught.value.message


def test_an_unknown_profile_names_the_nearest(project: Path) -> None:
    with pytest.raises(ConfigError, match=r"No profile 'stagin' .* Did you mean 'staging'"):
        load_settings(project, env={"HARNESS_PROFILE": "stagin"})
    with pytest.raises(ConfigError, match="Known: default, production"):
        load_settings(project, profile="q", env={})


def test_loading_settings_loads_no_heavy_library(tmp_path: Path) -> None:
    heavy = ("temporalio", "psycopg", "structlog", "rich", "openai", "anthropic", "opentelemetry")
    script = (
        "import sys, harness.config as c; c.load_settings(env={}); "
        f"print([m for m in sys.modules if m.split('.')[0] in {heavy}])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.stdout == "[]\n", done.stderr
