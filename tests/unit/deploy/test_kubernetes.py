"""The Kubernetes manifests fit Kubernetes' own schemas, and grant little."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

FOLDER = Path(__file__).parents[3] / "deploy" / "kubernetes"
VERSIONS = ("1.31", "1.37")
"""The oldest and the newest that the manifests are checked against."""


@cache
def read_resources() -> dict[str, dict[str, Any]]:
    listed = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())["resources"]
    found = [each for name in listed for each in yaml.safe_load_all((FOLDER / name).read_text())]
    return {f"{each['kind']}/{each['metadata']['name']}": each for each in found}


RESOURCES = read_resources()
PODS = [name for name in RESOURCES if name.startswith(("Deployment/", "Job/"))]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", RESOURCES)
def test_fits_the_schema(name: str, version: str) -> None:
    kubernetes_validate.validate(RESOURCES[name], version, strict=True)


def test_a_misspelled_field_is_found() -> None:
    broken = yaml.safe_load(yaml.safe_dump(RESOURCES["Deployment/harness-daemon"]))
    broken["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError, match="readynessProbe"):
        kubernetes_validate.validate(broken, VERSIONS[0], strict=True)


@pytest.mark.parametrize("name", PODS)
def test_pods_have_few_rights(name: str) -> None:
    pod = RESOURCES[name]["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in pod["containers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["resources"]["limits"]["memory"]
        assert "env" not in container, "secrets come by reference"


def test_the_daemon_is_probed_under_a_name_that_it_has() -> None:
    [daemon] = RESOURCES["Deployment/harness-daemon"]["spec"]["template"]["spec"]["containers"]
    port = daemon["ports"][0]["containerPort"]
    for probe, path in (("livenessProbe", "/health/live"), ("readinessProbe", "/health/ready")):
        asked = daemon[probe]["httpGet"]
        assert asked["path"] == path
        assert asked["httpHeaders"] == [{"name": "Host", "value": f"localhost:{port}"}]


def test_labels_select_their_own_pods() -> None:
    labels = {
        name: RESOURCES[name]["spec"]["template"]["metadata"]["labels"].items() for name in PODS
    }
    daemon = labels["Deployment/harness-daemon"]
    for name in ("Service/harness", "Service/harness-mcp"):
        assert RESOURCES[name]["spec"]["selector"].items() <= daemon
    for name in PODS:
        if name.startswith("Deployment/"):
            assert RESOURCES[name]["spec"]["selector"]["matchLabels"].items() == labels[name]


def test_only_workers_have_the_keys_of_providers() -> None:
    having = [name for name in PODS if "harness-providers" in str(RESOURCES[name])]
    assert having == ["Deployment/harness-worker"]


def test_an_mcp_client_meets_the_same_daemon() -> None:
    assert RESOURCES["Service/harness-mcp"]["spec"]["sessionAffinity"] == "ClientIP"
