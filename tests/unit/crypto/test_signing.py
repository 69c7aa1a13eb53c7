"""The key that proves the origin of content."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.contestants.harness import settings_for
from harness.config.settings import Settings, settings_model
from harness.contracts.errors import ConfigError
from harness.crypto.signing import KEY_BYTES, Signer, Signing, load_signer

SIGNER = Signer(b"k" * KEY_BYTES)


def test_a_mac_is_good_for_the_same_purpose_and_parts_only() -> None:
    mac = SIGNER.sign("run", "a", "bc")
    assert SIGNER.is_signed(mac, "run", "a", "bc")
    others = [("run", "ab", "c"), ("run", "a", "bc", ""), ("call", "a", "bc"), ("run", "a")]
    assert not any(SIGNER.is_signed(mac, *each) for each in others)
    assert not Signer(b"x" * KEY_BYTES).is_signed(mac, "run", "a", "bc")


@pytest.mark.parametrize("mac", [None, "", "é", "A" * 22])
def test_what_is_not_a_mac_is_refused(mac: str | None) -> None:
    assert not SIGNER.is_signed(mac, "run", "a")


def test_the_key_is_made_once_and_is_private(tmp_path: Path) -> None:
    mac = load_signer(Settings(), tmp_path).sign("run", "a")
    assert load_signer(Settings(), tmp_path).is_signed(mac, "run", "a")
    assert (tmp_path / ".harness/signing.key").stat().st_mode & 0o777 == 0o600


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    load_signer(Settings(), tmp_path)
    (tmp_path / ".harness/signing.key").chmod(0o644)
    with pytest.raises(ConfigError, match="readable by no one else"):
        load_signer(Settings(), tmp_path)


def test_a_short_setting_is_refused(tmp_path: Path) -> None:
    settings = settings_model().model_validate({"signing": {"key": "short"}})
    with pytest.raises(ConfigError, match="5 characters"):
        load_signer(settings, tmp_path)


def test_the_setting_replaces_the_file(tmp_path: Path) -> None:
    settings = settings_model().model_validate({"signing": {"key": "s" * 32}})
    mac = load_signer(settings, tmp_path / "one").sign("run", "a")
    assert load_signer(settings, tmp_path / "other").is_signed(mac, "run", "a")
    assert not (tmp_path / "one").exists()


async def test_starters_and_workers_of_a_bench_have_one_key(tmp_path: Path) -> None:
    """Each has a folder of its own."""
    settings = settings_for({"temporal": "t:1", "postgres": "postgresql://p", "model": "http://m"})
    one, other = [
        await Signing(settings, tmp_path / name).get_signer() for name in ("one", "other")
    ]
    assert other.is_signed(one.sign("bench", "run"), "bench", "run")
