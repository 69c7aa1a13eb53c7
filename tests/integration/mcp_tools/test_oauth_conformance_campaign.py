"""`@modelcontextprotocol/conformance`: its scenarios of OAuth, against our client."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.npm import install_packages, run_node
from tests.integration.mcp_server.judge import PASSED, SUITE

pytestmark = pytest.mark.campaign

ROOT = Path(__file__).parents[3]
V2025, V2026 = "2025-11-25", "2026-07-28"
BOTH = [
    "metadata-default",
    "metadata-var1",
    "metadata-var2",
    "metadata-var3",
    "basic-cimd",
    "scope-from-www-authenticate",
    "scope-from-scopes-supported",
    "scope-omitted-when-undefined",
    "scope-step-up",
    "scope-retry-limit",
    "token-endpoint-auth-basic",
    "token-endpoint-auth-post",
    "token-endpoint-auth-none",
    "pre-registration",
    "client-credentials-basic",
]
NEW = [
    "resource-mismatch",
    "offline-access-scope",
    "offline-access-not-supported",
    "authorization-server-migration",
    "iss-supported",
    "iss-not-advertised",
    "iss-supported-missing",
    "iss-wrong-issuer",
    "iss-unexpected",
    "iss-normalized",
    "metadata-issuer-mismatch",
]
OLD = ["2025-03-26-oauth-metadata-backcompat", "2025-03-26-oauth-endpoint-fallback"]
SCENARIOS = [
    *((each, V2025) for each in BOTH),
    *((each, V2026) for each in [*BOTH, *NEW]),
    *((each, "2025-03-26") for each in OLD),
]
"""All but those of extensions that harness does not have: signed JWTs as credentials, DPoP, sign-in
by an enterprise's identity provider and workload identities."""


@pytest.mark.parametrize(("scenario", "version"), SCENARIOS)
async def test_the_suite_passes(scenario: str, version: str, tmp_path: Path) -> None:
    install_packages()
    words = ["env", f"PYTHONPATH={ROOT}", sys.executable, "-m", "tests.fakes.conformance_client"]
    code, out, err = await run_node(
        SUITE, "client", "--command", shlex.join(words), "--scenario", f"auth/{scenario}",
        "--spec-version", version, "--output-dir", str(tmp_path), "--timeout", "120000",
        "--force",  # client credentials are an extension, of no version
    )  # fmt: skip
    checks = read_checks(tmp_path)
    assert checks, (code, out[-2000:], err[-2000:])
    failed = [each for each in checks if each["status"] not in PASSED]
    assert not failed, failed
    assert code == 0, out[-2000:]


def read_checks(folder: Path) -> list[dict[str, Any]]:
    return [check for file in folder.rglob("checks.json") for check in json.loads(file.read_text())]
