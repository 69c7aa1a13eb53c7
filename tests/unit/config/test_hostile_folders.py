"""Folders that came from somebody else: what they may not do by being the current one."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.config import (
    explain_settings,
    find_project,
    load,
    load_settings,
    trust,
)
from harness.config._keys import Leaf, find_key, list_keys
from harness.config._owned import FILE_LIMIT
from harness.config.providers import resolve_provider
from harness.config.restrictions import check_restrictions
from harness.contracts.errors import ConfigError, Untrusted
from tests.fakes.trusting import trust_project

OTHER = 12345
"""A user id of nobody's."""
HARMLESS = {
    "model", "database.pool_size", "live.flush_ms", "live.flush_bytes", "live.keep_hours",
    "worker.max_activities", "worker.max_workflow_tasks", "worker.max_cached_runs",
    "worker.graceful_shutdown_seconds", "worker.sandbox", "log.level", "log.format",
    "telemetry.service_name",
}  # fmt: skip
HOSTILE = {
    "temporal.binary": '"./evil"',
    "temporal.address": '"evil.example:7233"',
    "temporal.profile": '"evil"',
    "temporal.api_key": '"k"',
    "temporal.tls_server_ca": '"ca.pem"',
    "temporal.ui": '"http://evil.example"',
    "temporal.retention_days": "1",
    "database.url": '"postgresql://evil.example/x"',
    "artifacts.url": '"s3://evil"',
    "providers.openai.base_url": '"http://evil.example/v1"',
    "providers.openai.kind": '"chat"',
    "providers.openai.queue": '"evil"',
    "providers.mine.api_key": '"k"',
    "telemetry.endpoint": '"http://evil.example"',
    "http.allow": '["*"]',
    "http.allow_private": "true",
    "archive.keep_days": "0.1",
    "encryption.key": '"AAAA"',
    "encryption.keyring": '"s3://evil"',
    "signing.key": '"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"',
    "state_dir": '"/var/evil"',
}
KEYS = {"OPENAI_API_KEY": "sk-mine", "TEMPORAL_API_KEY": "tk-mine"}

needs_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can give files to other users")


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Each test sees what is reported once, and trusts nothing."""
    caplog.set_level(logging.WARNING, "harness.config")
    monkeypatch.setattr(load, "_reported", set[str]())
    yield
    trust.trust_file().unlink(missing_ok=True)


def written(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "harness.toml").write_text(text)
    return folder


def test_a_new_setting_is_harmful_unless_it_is_marked() -> None:
    nodes = {".".join(key): find_key(key) for key in list_keys()}
    assert {key for key, n in nodes.items() if isinstance(n, Leaf) and n.harmless} == HARMLESS


@pytest.mark.parametrize("header", ["", "profile.production.", "profile.own."])
@pytest.mark.parametrize("key", HOSTILE)
def test_an_untrusted_file_sets_nothing_harmful(
    tmp_path: Path, key: str, header: str, caplog: pytest.LogCaptureFixture
) -> None:
    folder = written(tmp_path, f'model = "openai/gpt-5"\n{header}{key} = {HOSTILE[key]}\n')
    env = KEYS | {"HARNESS_PROFILE": header.split(".")[1] if header else "default"}
    settings = load_settings(folder, env=env)
    without = load_settings(written(tmp_path / "without", "[profile.own]"), env=env)
    assert settings.model == "openai/gpt-5"
    assert settings.model_copy(update=without.model_dump(include={"model", "state_dir"})) == without
    openai = resolve_provider(settings, "openai")
    assert openai.base_url == "https://api.openai.com/v1" and openai.kind == "openai"
    assert settings.temporal.address is settings.temporal.binary is None
    [said] = [record.message for record in caplog.records]
    assert f"Ignored: {key}." in said and "harness trust" in said
    load_settings(folder, env=env)
    assert len(caplog.records) == 1, "reported once"
    [ignored] = [each for each in explain_settings(folder, env=env) if each.ignored]
    assert ignored.key == key and "harness.toml:2" in ignored.source


@pytest.mark.parametrize(
    ("section", "text"),
    [
        ("policies", '[policies]\nfile = "rules.toml"'),
        ("gates", '[gates]\nprofile = "strict"'),
        ("budgets", "[budgets.agents.a]\ntokens_per_day = 5"),
        ("limits", '[limits.models."openai/*"]\nmax_concurrent = 2'),
    ],
)
@pytest.mark.parametrize("profile", ["default", "mine"])
def test_nothing_is_served_without_restrictions_of_a_changed_file(
    tmp_path: Path, section: str, text: str, profile: str
) -> None:
    if profile == "mine":
        text = text.replace("[", "[profile.mine.", 1)
    (tmp_path / "harness.toml").write_text(f'model = "a/b"\n{text}\n')
    trust_project(tmp_path)
    check_restrictions(load_settings(tmp_path, profile=profile, env={}))
    (tmp_path / "harness.toml").write_text(f'model = "a/c"\n{text}\n')
    changed = load_settings(tmp_path, profile=profile, env={})  # commands that only read work
    with pytest.raises(Untrusted, match=rf"harness\.toml is not trusted.*\[{section}\]") as found:
        check_restrictions(changed.model_copy(update={"model": "a/d"}))
    assert "harness trust" in found.value.fix
    trust_project(tmp_path)
    check_restrictions(load_settings(tmp_path, profile=profile, env={}))


def test_what_the_environment_sets_is_not_missing(tmp_path: Path) -> None:
    (tmp_path / "harness.toml").write_text('http.allow = ["x"]\ngates.profile = "strict"\n')
    check_restrictions(load_settings(tmp_path, env={"HARNESS_GATES__PROFILE": "strict"}))
    with pytest.raises(Untrusted):
        check_restrictions(load_settings(tmp_path, env={}))


def test_trust_covers_the_content_of_one_file(tmp_path: Path) -> None:
    text = '[providers.openai]\nbase_url = "http://mine.example/v1"\n'
    folder = written(tmp_path / "a", text)
    trust_project(folder)
    assert load_settings(folder, env=KEYS).providers["openai"].base_url == "http://mine.example/v1"
    assert not load_settings(written(tmp_path / "b", text), env={}).providers, "another path"
    written(folder, text.replace("mine", "evil"))
    changed = resolve_provider(load_settings(folder, env=KEYS), "openai")
    assert changed.base_url == "https://api.openai.com/v1"
    written(folder, text)
    trust.change_trust(lambda known: known.files.clear())
    assert "openai" not in load_settings(folder, env={}).providers


def test_what_is_trusted_is_recorded_for_this_user_alone(tmp_path: Path) -> None:
    trust_project(written(tmp_path, 'database.url = "postgresql://a/b"'))
    file = trust.trust_file()
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(0o666)
    with pytest.raises(ConfigError, match="can be changed by other users"):
        load_settings(tmp_path, env={})
    file.chmod(0o600)
    file.write_text("{")
    with pytest.raises(ConfigError, match="is damaged"):
        load_settings(tmp_path, env={})


def test_the_record_is_never_inside_a_project(monkeypatch: pytest.MonkeyPatch) -> None:
    for value in ("", "relative", "./x"):
        monkeypatch.setenv("XDG_CONFIG_HOME", value)
        assert trust.trust_file() == Path.home() / ".config/harness/trusted.json"


def others_file(folder: Path) -> None:
    os.chown(folder / "harness.toml", OTHER, -1)


def others_folder(folder: Path) -> None:
    os.chown(folder, OTHER, -1)


def others_link(folder: Path) -> None:
    (folder / "harness.toml").rename(folder / "real.toml")
    (folder / "harness.toml").symlink_to("real.toml")
    os.chown(folder / "harness.toml", OTHER, -1, follow_symlinks=False)


def link_to_others(folder: Path) -> None:
    (folder / "harness.toml").rename(folder / "real.toml")
    (folder / "harness.toml").symlink_to("real.toml")
    os.chown(folder / "real.toml", OTHER, -1)


def open_file(folder: Path) -> None:
    (folder / "harness.toml").chmod(0o666)


def open_folder(folder: Path) -> None:
    folder.chmod(0o777)


def sticky_others_folder(folder: Path) -> None:
    folder.chmod(0o1777)
    os.chown(folder, OTHER, -1)


def other_group(folder: Path) -> None:
    os.chown(folder / "harness.toml", -1, OTHER)
    (folder / "harness.toml").chmod(0o664)


@needs_root
@pytest.mark.parametrize("below", ["", "deep/er"])
@pytest.mark.parametrize(
    "plant",
    [others_file, others_folder, others_link, link_to_others, open_file, open_folder,
     sticky_others_folder, other_group],
)  # fmt: skip
def test_a_file_that_others_may_have_written_is_ignored(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, plant: object, below: str
) -> None:
    folder = written(tmp_path / "planted", 'model = "evil/model"')
    trust_project(folder)
    inner = folder / below
    inner.mkdir(parents=True, exist_ok=True)
    assert callable(plant)
    plant(folder)
    assert find_project(inner) == inner
    assert load_settings(folder, env={}).model == "offline/demo"
    assert "is ignored" in caplog.records[0].message
    folder.chmod(0o755)


def test_a_sticky_folder_above_such_as_tmp_does_no_harm(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    folder = written(tmp_path / "mine", 'model = "openai/gpt-5"')
    assert find_project(folder) == folder


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"#" * (FILE_LIMIT + 1), "larger than"),
        (b"a." * 30_000 + b"a = 1", "too many parts"),
        (b"\n".join(b"p%d." % n + b"a." * 990 + b"b = 1" for n in range(50)), "too many parts"),
        (b"[" + b"a." * 900 + b"b]\n" + b"c = 1\n" * 12_000, "too many parts"),
        (b" [" + b"a." * 900 + b"b]\n" + b"c = 1\n" * 12_000, "too many parts"),
        ('"\u2028".'.encode() * 16_000 + b"a = 1", "too many parts"),
        (b'a = {b = """\n""", ' + b"a." * 30_000 + b'"c" = 1}', "too many parts"),
        (b"a = '#' # '\n" + b"a." * 30_000 + b"a = 1", "too many parts"),
        (b'a = "' + b'\\"' * 30_000, "cannot be read"),
        (b"# see https://www.example.org/a.b.c ...\n" * 2_000, None),
        (b"a = " + b"[" * 90_000, "cannot be read"),
        (b" " * 90_000, None),
        (b"\xff", "cannot be read"),
    ],
)
def test_a_file_that_is_costly_to_read_is_refused(
    tmp_path: Path, content: bytes, told: str | None
) -> None:
    (tmp_path / "harness.toml").write_bytes(content)
    if told is None:
        load_settings(tmp_path, env={})
        return
    with pytest.raises(ConfigError, match=told):
        load_settings(tmp_path, env={})


def test_dots_in_values_are_no_parts_of_keys(tmp_path: Path) -> None:
    hosts = [f"host-{n}.example.com" for n in range(400)]
    text = f"# {'.' * 2_000}\n[http]\nallow = {hosts}\n"
    folder = written(tmp_path, text)
    trust_project(folder)
    assert load_settings(folder, env={}).http.allow == tuple(hosts)


def test_many_keys_are_read_in_linear_time(tmp_path: Path) -> None:
    lines = "".join(f"[providers.p{n}]\nqueue='q'\n" for n in range(600))
    load_settings(written(tmp_path, lines), env={})


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "harness.toml")
    assert find_project(tmp_path) == tmp_path
    with pytest.raises(ConfigError, match="not a regular file"):
        load_settings(tmp_path, env={})


def test_names_in_a_file_cannot_write_to_the_terminal(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    text = '[providers."\\u001b[2J\\u202e"]\nqueue = "q"'
    load_settings(written(tmp_path, text), env={})
    assert "<U+001B>[2J<U+202E>" in caplog.records[0].message
    assert caplog.records[0].message.isprintable()


def test_a_state_folder_that_came_along_is_not_used(tmp_path: Path) -> None:
    state = tmp_path / ".harness"
    (state / "postgres").mkdir(parents=True)
    (state / trust.MARK).write_text("a token of the attacker's")
    with pytest.raises(ConfigError, match="was not created by harness") as caught:
        load_settings(tmp_path, env={})
    assert caught.value.code == "config.untrusted" and "harness trust" in caught.value.fix
    load_settings(tmp_path, env={"HARNESS_STATE_DIR": str(state)})
    trust_project(tmp_path)
    load_settings(tmp_path, env={})
    moved = tmp_path.with_name("moved")
    tmp_path.rename(moved)
    with pytest.raises(ConfigError, match="was not created by harness"):
        load_settings(moved, env={})
    moved.rename(tmp_path)


def test_a_state_folder_made_here_is_used(tmp_path: Path) -> None:
    state = tmp_path / ".harness"
    trust.make_state_folder(state)
    assert state.stat().st_mode & 0o777 == 0o700
    assert list(tmp_path.iterdir()) == [state]
    load_settings(tmp_path, env={})
    trust.make_state_folder(state)
    load_settings(tmp_path, env={})
    empty = tmp_path / "volume"
    empty.mkdir()
    trust.make_state_folder(empty)
    assert trust.is_made_here(empty) and (empty / trust.MARK).exists()


def test_a_state_folder_can_be_made_without_a_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", "/proc/none")
    trust.make_state_folder(tmp_path / "state")
    assert (tmp_path / "state").is_dir()


@needs_root
def test_a_state_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    state = tmp_path / ".harness"
    trust.make_state_folder(state)
    os.chown(state, OTHER, -1)
    with pytest.raises(ConfigError, match=f"belongs to the user id {OTHER}"):
        load_settings(tmp_path, env={})
    os.chown(state, 0, -1)
    state.chmod(0o777)
    with pytest.raises(ConfigError, match="can be changed by other users"):
        load_settings(tmp_path, env={})


def test_a_linked_state_folder_is_judged_by_its_target(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "data").touch()
    (tmp_path / ".harness").symlink_to("elsewhere")
    with pytest.raises(ConfigError, match="was not created by harness"):
        load_settings(tmp_path, env={})


def test_commands_made_at_once_make_one_state_folder(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from harness.config.trust import *\n"
        "state = Path(sys.argv[1]); make_state_folder(state); assert is_made_here(state)"
    )
    made = [subprocess.Popen([sys.executable, "-c", script, str(tmp_path / "s")]) for _ in range(3)]
    assert [each.wait() for each in made] == [0, 0, 0]
