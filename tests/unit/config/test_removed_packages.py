"""Settings of a package that was removed are ignored with a warning; a misspelt one is an error."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from harness.config import load, load_settings
from harness.contracts.errors import UnknownSetting


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "harness.config")
    monkeypatch.setattr(load, "_reported", set[str]())


def test_settings_of_a_removed_package_are_named_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    text = "[notes]\nprefix = 'x'\n[notes.deep]\nmore = 1\n[profile.production.jots]\nport = 1\n"
    (tmp_path / "harness.toml").write_text(text)
    for _ in range(2):
        load_settings(tmp_path, env={"HARNESS_NOTES__PREFIX": "secret", "HARNESS_JOTS__A": ""})
    (record,) = caplog.records
    assert f"[notes] ({tmp_path / 'harness.toml'}:1)" in record.message
    assert f"[jots] ({tmp_path / 'harness.toml'}:5)" in record.message
    assert "HARNESS_NOTES__PREFIX" in record.message
    assert "install the package that reads them" in record.message
    assert "secret" not in record.message and "JOTS" not in record.message


@pytest.mark.parametrize(
    "text", ["[tempral]\nport = 1", "[workers]\na = 1", "notes = 1", "[log]\nlevl = 'info'"]
)
def test_a_misspelt_key_or_section_stays_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "harness.toml").write_text(text)
    with pytest.raises(UnknownSetting):
        load_settings(tmp_path, env={})


@pytest.mark.parametrize(
    "name", ["HARNESS_TEMPRAL__PORT", "HARNESS_LOG__LEVL", "HARNESS_NOTES", "HARNESS_PROFILE__X"]
)
def test_a_misspelt_variable_stays_an_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnknownSetting):
        load_settings(tmp_path, env={name: "x"})
