"""The Kubernetes manifests fit Kubernetes' own schemas, and grant little."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from harness_daemon.hosts import Hosts

FOLDER = Path(__file__).parents[3] / "deploy" / "kubernetes"
VERSIONS = ("1.31", "1.37")
"""The oldest and the newest that the manifests are checked against."""
APPROVALS = "/home/harness/.config/harness/mcp"
"""Where a worker in the image looks for what was approved of MCP servers."""


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
        here = {each["name"] for each in container.get("env", [])}
        assert here <= {"POD_IP", "HARNESS_API__HOST"}, "secrets come by reference"


def test_the_daemon_is_probed_under_a_name_that_it_has() -> None:
    [daemon] = RESOURCES["Deployment/harness-daemon"]["spec"]["template"]["spec"]["containers"]
    port = daemon["ports"][0]["containerPort"]
    for probe, path in (("livenessProbe", "/health/live"), ("readinessProbe", "/health/ready")):
        asked = daemon[probe]["httpGet"]
        assert asked["path"] == path
        assert asked["httpHeaders"] == [{"name": "Host", "value": f"localhost:{port}"}]


def test_prometheus_may_ask_each_daemon_by_its_address() -> None:
    """A daemon refuses names that it does not have, and a scraper cannot set the header Host."""
    [daemon] = RESOURCES["Deployment/harness-daemon"]["spec"]["template"]["spec"]["containers"]
    assert daemon["env"] == [
        {"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
        {"name": "HARNESS_API__HOST", "value": "$(POD_IP)"},
    ]
    Hosts.of_server("10.0.0.7", daemon["ports"][0]["containerPort"], ()).check_host("10.0.0.7:7720")


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


def test_workers_cannot_change_what_was_approved() -> None:
    """An emptyDir would be empty after a restart: what a server declares then would be approved."""
    pod = RESOURCES["Deployment/harness-worker"]["spec"]["template"]["spec"]
    [container] = pod["containers"]
    [mount] = [each for each in container["volumeMounts"] if each["mountPath"] == APPROVALS]
    [volume] = [each for each in pod["volumes"] if each["name"] == mount["name"]]
    assert mount["readOnly"] is True
    assert "secret" in volume


@pytest.mark.parametrize("component", ["daemon", "worker"])
def test_what_sends_https_reaches_public_addresses_only(component: str) -> None:
    """Workers call models and send webhooks; a daemon sends the test message of a webhook."""
    [peers] = [
        rule["to"]
        for policy in find_policies("Egress", component)
        for rule in policy["egress"]
        if {"protocol": "TCP", "port": 443} in rule["ports"]
    ]
    [block] = [peer["ipBlock"] for peer in peers]
    assert {"10.0.0.0/8", "169.254.0.0/16", "192.168.0.0/16"} <= set(block["except"])


def test_who_reaches_the_pods() -> None:
    """The proxy and Prometheus reach the daemons, and nobody the workers."""
    sources = [
        peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"]
        for policy in find_policies("Ingress", "daemon")
        for rule in policy.get("ingress", [])
        for peer in rule["from"]
    ]
    assert sorted(sources) == ["ingress-nginx", "monitoring"]
    assert not any("ingress" in policy for policy in find_policies("Ingress", "worker"))


def find_policies(kind: str, component: str) -> list[dict[str, Any]]:
    """The policies of one direction that select the pods of a component."""
    labels = RESOURCES[f"Deployment/harness-{component}"]["spec"]["template"]["metadata"]["labels"]
    found = [each["spec"] for each in RESOURCES.values() if each["kind"] == "NetworkPolicy"]
    return [
        {"egress": [], **policy} for policy in found
        if kind in policy["policyTypes"] and selects(policy["podSelector"], labels)
    ]  # fmt: skip


def selects(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    exact = selector.get("matchLabels", {}).items() <= labels.items()
    return exact and all(
        labels.get(each["key"]) in each["values"] for each in selector.get("matchExpressions", [])
    )


def test_an_mcp_client_meets_the_same_daemon() -> None:
    assert RESOURCES["Service/harness-mcp"]["spec"]["sessionAffinity"] == "ClientIP"
