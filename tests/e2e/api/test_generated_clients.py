"""Clients that others generate from the OpenAPI document: unchanged, checked by their languages'
type checkers, and used against `harness serve`."""

from __future__ import annotations

import asyncio
import os
import subprocess
import urllib.request
from pathlib import Path

import pytest

from harness_daemon.app import make_routes
from tests.e2e.api.test_serve import headers, make_token, serving
from tests.fakes.npm import FOLDER as NPM
from tests.fakes.npm import install_packages, run_node
from tests.fakes.suites import ENVIRONMENT, FOLDER, suite_command

pytestmark = pytest.mark.slow

PACKAGE = "harness_client"


def run(command: list[str], folder: Path, **more: str) -> str:
    path = f"{ENVIRONMENT / 'bin'}:{os.environ['PATH']}"
    env = {**os.environ, "PATH": path, **more}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def fetch_document(url: str, token: str, folder: Path) -> Path:
    """The document of a daemon, in a file."""
    request = urllib.request.Request(f"{url}/api/v1/openapi.json", headers=headers(token))
    document = folder / "openapi.json"
    document.write_bytes(urllib.request.urlopen(request).read())
    return document


def test_every_operation_has_a_name_and_a_group() -> None:
    operations = [
        each for methods in make_routes().openapi()["paths"].values() for each in methods.values()
    ]
    names = [each["operationId"] for each in operations]
    assert len(set(names)) == len(names) and all("_" in name for name in names), names
    assert all(len(each["tags"]) == 1 for each in operations)
    assert all(each["responses"]["default"] for each in operations)
    schemas = make_routes().openapi()["components"]["schemas"]
    assert all(name.isalnum() for name in schemas), "no name of a type in other languages"


def test_python_client(tmp_path: Path) -> None:
    with serving(tmp_path) as (_, told):
        token = make_token(tmp_path)
        document = fetch_document(told["url"], token, tmp_path)
        run([str(suite_command("openapi-spec-validator")), str(document)], tmp_path)
        said = run(
            [str(suite_command("openapi-python-client")), "generate", "--path", str(document),
             "--output-path", "client"],
            tmp_path,
        )  # fmt: skip
        assert "WARNING" not in said and "Unable" not in said, said
        client, script = tmp_path / "client", FOLDER / "generated_client.py"
        path = {"MYPYPATH": str(client), "PYTHONPATH": str(client)}
        run([str(suite_command("mypy")), "--cache-dir", str(tmp_path / "cache"), "--strict",
             "--no-warn-redundant-casts", "-p", PACKAGE], client)  # fmt: skip
        run([str(suite_command("mypy")), "--cache-dir", str(tmp_path / "cache"), "--strict",
             str(script)], tmp_path, **path)  # fmt: skip
        out = run(
            [str(suite_command("python")), str(script)], tmp_path,
            HARNESS_URL=told["url"], HARNESS_TOKEN=token, **path,
        )  # fmt: skip
    assert out.splitlines() == [
        "started six", "listed True", "completed 6*7 = 42", "404 run.not_found"
    ], out  # fmt: skip


def test_typescript_client(tmp_path: Path) -> None:
    install_packages()
    with serving(tmp_path) as (_, told):
        token = make_token(tmp_path)
        document = fetch_document(told["url"], token, tmp_path)
        types = tmp_path / "api.d.ts"
        code, out, err = asyncio.run(
            run_node("node_modules/openapi-typescript/bin/cli.js", str(document), "-o", str(types))
        )
        assert code == 0, out + err
        (tmp_path / "generated_client.ts").write_text((NPM / "generated_client.ts").read_text())
        (tmp_path / "package.json").write_text('{"type": "module"}')
        (tmp_path / "node_modules").symlink_to(NPM / "node_modules")
        code, out, err = asyncio.run(
            run_node(
                "node_modules/typescript/bin/tsc", "--strict", "--noEmit",
                "--target", "es2022", "--module", "nodenext", "--lib", "es2022,dom",
                "--allowImportingTsExtensions",
                str(tmp_path / "generated_client.ts"), str(types),
            )
        )  # fmt: skip
        assert code == 0, out + err
        code, out, err = asyncio.run(
            run_node(
                str(tmp_path / "generated_client.ts"),
                HARNESS_URL=told["url"], HARNESS_TOKEN=token,
            )
        )  # fmt: skip
    assert code == 0, out + err
    assert out.splitlines() == [
        "started six", "listed true", "completed 6*7 = 42", "404 run.not_found"
    ], out  # fmt: skip
