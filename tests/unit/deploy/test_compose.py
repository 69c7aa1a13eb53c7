"""docker-compose.yml, and the lock of the image that it builds."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.stack.temporal import (
    _DYNAMIC_CONFIG,  # pyright: ignore[reportPrivateUsage]
)
from tests.cluster.build import VERSION

ROOT = Path(__file__).parents[3]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
INSIDE = ("care", "mcp", "serve", "telemetry")
"""The extras that the image has."""
OWN = ("migrate", "worker", "daemon", "harness")


def test_temporal_is_tuned_like_the_local_one() -> None:
    tuned = yaml.safe_load((ROOT / "deploy/temporal/dynamic.yaml").read_text())
    here = {f"{name}={json.dumps(each['value'])}" for name, [each] in tuned.items()}
    assert here == set(_DYNAMIC_CONFIG)


def test_temporal_is_the_version_of_the_local_one() -> None:
    """Which is also the one that `make test-cluster` compiles."""
    images = {SERVICES[name]["image"].partition(":")[2] for name in ("temporal", "temporal-schema")}
    assert {f"v{each}" for each in images} == {VERSION}


@pytest.mark.parametrize("name", [name for name in SERVICES if name not in OWN])
def test_images_of_others_are_pinned(name: str) -> None:
    assert re.fullmatch(r"[a-z/-]+:\d[\w.-]*", SERVICES[name]["image"])


@pytest.mark.parametrize("name", OWN)
def test_our_containers_have_few_rights(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


@pytest.mark.parametrize("name", ["worker", "harness"])
def test_approvals_outlive_a_container(name: str) -> None:
    """And the command that approves records where the workers read."""
    assert "approvals:/home/harness/.config/harness" in SERVICES[name]["volumes"]
    assert "approvals" in COMPOSE["volumes"]


def test_only_this_machine_reaches_the_ports() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_no_secret_has_a_default() -> None:
    values = json.dumps(COMPOSE)
    assert not re.findall(r"\$\{[A-Z_]*(?:PASSWORD|SIGNING)[A-Z_]*:-[^}]", values)


def test_mounted_files_exist() -> None:
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            assert not source.startswith(".") or (ROOT / source).exists(), source


def test_the_image_has_the_locked_versions() -> None:
    def pins(name: str) -> set[str]:
        text = (ROOT / "requirements" / name).read_text()
        return set(re.findall(r"^([\w.-]+==[^ ;]+)", text, re.MULTILINE))

    assert pins("image.txt") < pins("lock.txt"), "run make lock"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    needed = name_all(
        [*project["dependencies"], *(each for name in INSIDE for each in extras[name])]
    )
    inside = name_all(pins("image.txt"))
    assert needed <= inside, "run make lock"
    assert not inside & name_all([*extras["dev"], *extras["local"]]) - needed


def name_all(requirements: Iterable[str]) -> set[str]:
    return {re.split(r"[^\w.-]", each, maxsplit=1)[0].lower() for each in requirements}
