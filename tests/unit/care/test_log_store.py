"""Which program is Loki."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from harness.care.demo.log_store import (
    VERSION,
    built_loki,
    find_loki,
    loki_version,
    write_config,
)

MODULE = Path(__file__).parents[3] / "tools" / "loki" / "go.mod"


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache and PATH of this test."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (tmp_path / "bin").mkdir()
    return tmp_path


def put_program(path: Path, words: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{words}'\n")
    path.chmod(0o755)
    return path


def test_the_module_names_the_version() -> None:
    assert f"github.com/grafana/loki/v3 v{VERSION} " in MODULE.read_text()


def test_another_program_with_its_name_is_not_loki(places: Path) -> None:
    assert find_loki() is None
    other = put_program(places / "bin" / "loki", "loki 2.4.7: linkage analysis")
    assert loki_version(other) is None and find_loki() is None
    own = put_program(other, "loki, version 3.5.0 (branch: x, revision: y)")
    assert loki_version(own) == "3.5.0" and find_loki() == own
    old = put_program(other, "loki, version 2.9.0 (branch: x, revision: y)")
    assert loki_version(old) is None


def test_the_built_one_comes_first(places: Path) -> None:
    put_program(places / "bin" / "loki", "loki, version 3.5.0 (branch: x, revision: y)")
    built = put_program(built_loki(), "loki, version 3.7.8 (branch: , revision: )")
    assert find_loki() == built and built.is_relative_to(places / "cache")


def test_it_listens_on_this_machine_and_reports_to_nobody() -> None:
    found = yaml.safe_load(write_config(1001, 1002, "data"))
    assert found["server"]["http_listen_address"] == found["server"]["grpc_listen_address"]
    assert found["server"]["http_listen_address"] == "127.0.0.1"
    assert found["analytics"] == {"reporting_enabled": False}
