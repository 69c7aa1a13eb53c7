"""The settings of the daemon, for admins: no secret among them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from harness import Harness
from harness.api.effective_settings import describe_settings, mask_addresses
from harness.config import load_settings
from tests.integration.api.conftest import Api

SETTINGS = "/api/v1/settings"


async def test_admins_read_settings_without_secrets(
    api: Api, harness: Harness, options: dict[str, Any]
) -> None:
    answer = await api.admin.get(SETTINGS)
    assert answer.status_code == 200, answer.text
    found = {each["key"]: each for each in answer.json()["settings"]}
    assert found["model"]["value"] == "openai/gpt-5"
    assert found["providers.openai.base_url"]["value"] == options["providers"]["openai"]["base_url"]
    limit = found["api.max_file_bytes"]
    assert limit["source"] == "default" and "uploaded" in limit["meaning"]
    # Secrets: of providers, of the database, the signing key.
    for secret in ("test-key", options["signing"]["key"], options["database"]["url"]):
        assert secret not in answer.text
    assert set(found["signing.key"]["value"]) == {"*"}
    for client in (api.operator, api.viewer, api.stranger):
        assert (await client.get(SETTINGS)).status_code == 403
    assert (await api.nobody.get(SETTINGS)).status_code == 401


def test_sources_and_what_changed_since(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_ARTIFACTS__URL", "https://ana:hunter2@files.example/x")
    monkeypatch.setenv("HARNESS_MODEL", "openai/gpt-5")
    settings = load_settings(tmp_path)
    found = {each.key: each for each in describe_settings(settings, tmp_path).settings}
    assert found["artifacts.url"].value == "https://**********@files.example/x"
    assert found["model"].source == "env HARNESS_MODEL"
    monkeypatch.setenv("HARNESS_MODEL", "openai/gpt-6")
    found = {each.key: each for each in describe_settings(settings, tmp_path).settings}
    assert (found["model"].value, found["model"].source) == ("openai/gpt-5", None)
    (tmp_path / "harness.toml").write_text("model = 5\n[nonsense", "utf-8")
    broken = describe_settings(settings, tmp_path)
    assert {each.source for each in broken.settings} == {None}


def test_every_secret_setting_is_masked() -> None:
    """Also those of capabilities, and of settings that are added later."""
    from harness.config._keys import Leaf, find_key, list_keys
    from harness.config.load import list_settings
    from harness.config.settings import settings_model

    secret = [key for key in list_keys() if isinstance(it := find_key(key), Leaf) and it.secret]
    assert len(secret) >= 4
    data: dict[str, Any] = {}
    for section, *rest in secret:
        if len(rest) == 1 and rest[0] != "old_keys":
            data.setdefault(section, {})[rest[0]] = SecretStr("hunter2-of-32-characters-or-more!")
    shown = list_settings(settings_model().model_construct(**_sections(data)))
    assert "hunter2" not in str(shown)
    nested = mask_addresses({"a": ["http://u:p@h/", {"b": "postgresql://u:p@h/db"}], "c": 1})
    assert ":p@" not in str(nested) and nested["c"] == 1


def _sections(data: dict[str, dict[str, Any]]) -> dict[str, Any]:
    from harness.config.settings import settings_model

    fields = settings_model().model_fields
    return {
        name: fields[name].annotation.model_construct(**values)  # type: ignore[union-attr]
        for name, values in data.items()
    }
