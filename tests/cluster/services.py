"""Temporal's services as separate processes on one Postgres."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from subprocess import DEVNULL
from typing import Any

from harness.stack.ports import pick_port
from tests.cluster.build import TemporalBuild
from tests.cluster.processes import Part

STORES = {"temporal": 20, "temporal_visibility": 5}
"""The databases, each with the most connections of one process."""
SERVICES = ("frontend", "history-1", "history-2", "matching", "worker")
SHARDS = 8
START_S = 120.0
PAUSE_S = 0.1
DEPLOY = Path(__file__).parents[2] / "deploy" / "temporal"
"""What the compose file uses, too."""


def create_schemas(build: TemporalBuild, port: int) -> None:
    """Create Temporal's two databases with its own schema tool."""
    env = {
        "PATH": _path_with(build.schema_tool.parent),
        "SCHEMAS": str(build.schemas),
        "SQL_PLUGIN": "postgres12_pgx",
        "SQL_HOST": "127.0.0.1",
        "SQL_PORT": str(port),
        "SQL_USER": "harness",
        "SQL_PASSWORD": "any",
    }
    script = ["sh", str(DEPLOY / "create-schemas.sh")]
    done = subprocess.run(script, env=env, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{script[1]} failed:\n{(done.stdout + done.stderr)[-1500:]}")


def make_services(build: TemporalBuild, folder: Path, database_port: int) -> tuple[list[Part], str]:
    """Make the parts of a cluster, with the address of its frontend."""
    taken: set[int] = set()
    ports = {name: (_take_port(folder, taken), _take_port(folder, taken)) for name in SERVICES}
    frontend = ports["frontend"][0]
    parts: list[Part] = []
    for name in SERVICES:
        service = name.partition("-")[0]
        # Each must know of every service; where there are two, of itself.
        known = {each.partition("-")[0]: ports[each] for each in reversed(SERVICES)}
        known[service] = ports[name]
        config = folder / f"{name}.yaml"
        # JSON is YAML.
        config.write_text(json.dumps(_make_config(known, frontend, database_port)))
        argv = [str(build.server), "--config-file", str(config), "--allow-no-auth"]
        parts.append(Part(name, [*argv, "start", "--service", service], folder, os.environ))
    return parts, f"127.0.0.1:{frontend}"


def _take_port(folder: Path, taken: set[int]) -> int:
    port = pick_port(folder, taken)
    taken.add(port)
    return port


async def create_namespace(address: str, services: Sequence[Part]) -> None:
    """Create the namespace as the compose file does, once the services have found each other."""
    env = {"PATH": _path_with(Path(sys.executable).parent)}
    env |= {"TEMPORAL_ADDRESS": address, "TEMPORAL_NAMESPACE": "default"}
    async with asyncio.timeout(START_S):
        while True:
            for part in services:
                part.check()
            made = await asyncio.create_subprocess_exec(
                *("sh", str(DEPLOY / "create-namespace.sh")),
                env=env,
                stdout=DEVNULL,
                stderr=DEVNULL,
            )
            if await made.wait() == 0:
                return
            await asyncio.sleep(PAUSE_S)


def _path_with(folder: Path) -> str:
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def _make_config(
    known: Mapping[str, tuple[int, int]], frontend: int, database_port: int
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
        "dynamicConfigClient": {"filepath": str(DEPLOY / "dynamic.yaml"), "pollInterval": "60s"},
    }
