"""Temporal's services as separate processes on one Postgres."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from google.protobuf.duration_pb2 import Duration
from temporalio.api.workflowservice.v1 import (
    RegisterNamespaceRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError

from harness.contracts.errors import SearchAttributesMissing
from harness.stack import ensure_search_attributes
from harness.stack.ports import pick_port
from tests.cluster.build import TemporalBuild
from tests.cluster.processes import Part

STORES = {"temporal": 20, "temporal_visibility": 5}
"""The databases, each with the most connections of one process."""
SERVICES = ("frontend", "history-1", "history-2", "matching", "worker")
SHARDS = 8
START_S = 120.0
PAUSE_S = 0.1
DYNAMIC = {
    # As in the local Temporal: the pushed cancel of an activity.
    "system.enableCancelActivityWorkerCommand": True,
    "frontend.WorkerCommandsEnabled": True,
}


def create_schemas(build: TemporalBuild, port: int) -> None:
    """Create Temporal's two databases with its own schema tool."""
    for database in STORES:
        tool = [
            str(build.schema_tool), "--plugin", "postgres12", "--endpoint", "127.0.0.1",
            "--port", str(port), "--user", "harness", "--password", "any", "--database", database,
        ]  # fmt: skip
        versions = build.schemas / database.removeprefix("temporal_") / "versioned"
        _run([*tool, "create"])
        _run([*tool, "setup-schema", "--version", "0.0"])
        _run([*tool, "update-schema", "--schema-dir", str(versions)])


def make_services(build: TemporalBuild, folder: Path, database_port: int) -> tuple[list[Part], str]:
    """Make the parts of a cluster, with the address of its frontend."""
    taken: set[int] = set()
    ports = {name: (_take_port(folder, taken), _take_port(folder, taken)) for name in SERVICES}
    frontend = ports["frontend"][0]
    dynamic = folder / "dynamic.yaml"
    dynamic.write_text(json.dumps({key: [{"value": value}] for key, value in DYNAMIC.items()}))
    parts: list[Part] = []
    for name in SERVICES:
        service = name.partition("-")[0]
        # Each must know of every service; where there are two, of itself.
        known = {each.partition("-")[0]: ports[each] for each in reversed(SERVICES)}
        known[service] = ports[name]
        config = folder / f"{name}.yaml"
        # JSON is YAML.
        config.write_text(json.dumps(_make_config(known, frontend, dynamic, database_port)))
        argv = [str(build.server), "--config-file", str(config), "--allow-no-auth"]
        parts.append(Part(name, [*argv, "start", "--service", service], folder, os.environ))
    return parts, f"127.0.0.1:{frontend}"


def _take_port(folder: Path, taken: set[int]) -> int:
    port = pick_port(folder, taken)
    taken.add(port)
    return port


async def prepare_namespace(address: str, services: Sequence[Part]) -> None:
    """Register the namespace and the search attributes, once the cluster answers."""
    async with asyncio.timeout(START_S):
        client = await _connect(address, services)
        retention = Duration()
        retention.FromTimedelta(timedelta(days=3))
        request = RegisterNamespaceRequest(
            namespace="default", workflow_execution_retention_period=retention
        )
        await _until_done(lambda: client.workflow_service.register_namespace(request), services)
        await _until_done(lambda: ensure_search_attributes(client), services)


async def _connect(address: str, services: Sequence[Part]) -> Client:
    while True:
        for part in services:
            part.check()
        try:
            return await Client.connect(address)
        except RuntimeError:
            await asyncio.sleep(PAUSE_S)


async def _until_done(act: Any, services: Sequence[Part]) -> None:
    """Services find each other within seconds of their start; until then calls fail."""
    while True:
        for part in services:
            part.check()
        try:
            await act()
        except RPCError as error:
            if "already exists" in str(error):
                return
        except SearchAttributesMissing:
            pass
        else:
            return
        await asyncio.sleep(PAUSE_S)


def _make_config(
    known: Mapping[str, tuple[int, int]], frontend: int, dynamic: Path, database_port: int
) -> dict[str, Any]:
    services = {
        name: {
            "rpc": {"grpcPort": grpc, "membershipPort": membership, "bindOnIP": "127.0.0.1"},
        }
        for name, (grpc, membership) in known.items()
    }
    stores = {
        name: {
            "sql": {
                "pluginName": "postgres12_pgx",
                "databaseName": name,
                "connectAddr": f"127.0.0.1:{database_port}",
                "connectProtocol": "tcp",
                "user": "harness",
                "password": "any",
                "maxConns": connections,
                "maxIdleConns": connections,
                "maxConnLifetime": "1h",
            }
        }
        for name, connections in STORES.items()
    }
    cluster = {
        "enabled": True,
        "initialFailoverVersion": 1,
        "rpcName": "frontend",
        "rpcAddress": f"127.0.0.1:{frontend}",
    }
    return {
        "log": {"stdout": True, "level": "warn"},
        "persistence": {
            "defaultStore": "temporal",
            "visibilityStore": "temporal_visibility",
            "numHistoryShards": SHARDS,
            "datastores": stores,
        },
        "global": {"membership": {"maxJoinDuration": "30s", "broadcastAddress": "127.0.0.1"}},
        "services": services,
        "publicClient": {"hostPort": f"127.0.0.1:{frontend}"},
        "clusterMetadata": {
            "enableGlobalNamespace": False,
            "failoverVersionIncrement": 10,
            "masterClusterName": "active",
            "currentClusterName": "active",
            "clusterInformation": {"active": cluster},
        },
        "dcRedirectionPolicy": {"policy": "noop"},
        "dynamicConfigClient": {"filepath": str(dynamic), "pollInterval": "60s"},
    }


def _run(argv: list[str]) -> None:
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(argv)} failed:\n{(done.stdout + done.stderr)[-1500:]}")
