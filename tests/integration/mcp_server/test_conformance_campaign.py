"""`@modelcontextprotocol/conformance`, for both protocol versions.

Against the real server: every scenario that needs no test tool of the suite's own. Against a server
of the suite's test tools, behind the same route, sessions and gate: the others.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import Harness
from harness.mcp_server.sessions import McpSessions
from tests.fakes.npm import install_packages
from tests.integration.api.conftest import Api
from tests.integration.mcp_server.judge import judge, open_signed_in
from tests.integration.mcp_server.suite_server import make_suite_server

pytestmark = pytest.mark.campaign

V2025, V2026 = "2025-11-25", "2026-07-28"
REAL = {
    V2025: [
        "server-initialize",
        "ping",
        "tools-list",
        "resources-list",
        "dns-rebinding-protection",
        "server-sse-multiple-streams",
    ],
    V2026: [
        "server-stateless",
        "tools-list",
        "resources-list",
        "sep-2164-resource-not-found",
        "caching",
        "dns-rebinding-protection",
        "http-header-validation",
        "server-sse-multiple-streams",
        "input-required-result-unsupported-methods",
    ],
}
UNTESTABLE = {
    "sep-2575-server-rejects-undeclared-capability",
    "sep-2575-missing-capability-http-400",
    "sep-2575-http-server-no-independent-requests-on-stream",
    "sep-2575-server-no-log-without-loglevel",
    "sep-2549-prompts-list-caching-hints",
}
"""Checks in these scenarios that need test tools, or prompts, which the real server has not. The
other server passes them."""
SHARED = [
    "tools-list",
    "tools-call-simple-text",
    "tools-call-image",
    "tools-call-audio",
    "tools-call-embedded-resource",
    "tools-call-mixed-content",
    "tools-call-error",
    "tools-call-with-progress",
    "json-schema-2020-12",
    "resources-list",
    "resources-read-text",
    "resources-read-binary",
    "resources-templates-read",
    "prompts-list",
    "prompts-get-simple",
    "prompts-get-with-args",
    "prompts-get-embedded-resource",
    "prompts-get-with-image",
    "completion-complete",
    "dns-rebinding-protection",
    "server-sse-multiple-streams",
]
SUITE = {
    V2025: [
        *SHARED,
        *[
            "server-initialize",
            "logging-set-level",
            "ping",
            "tools-call-with-logging",
            "tools-call-sampling",
            "tools-call-elicitation",
            "elicitation-sep1034-defaults",
            "elicitation-sep1330-enums",
            "resources-subscribe",
            "resources-unsubscribe",
        ],
    ],
    V2026: [
        *SHARED,
        *[
            "server-stateless",
            "sep-2164-resource-not-found",
            "caching",
            "http-header-validation",
            "http-custom-header-server-validation",
        ],
        *(
            f"input-required-result-{each}"
            for each in [
                "basic-elicitation",
                "basic-sampling",
                "basic-list-roots",
                "request-state",
                "multiple-input-requests",
                "multi-round",
                "missing-input-response",
                "non-tool-request",
                "result-type",
                "unsupported-methods",
                "tampered-state",
                "capability-check",
                "ignore-extra-params",
                "validate-input",
            ]
        ),
    ],
}
"""All scenarios but those of extensions (tasks), and `server-sse-polling`: the daemon keeps no
events of a stream that broke, and `wait_for_run` is called again instead."""


@pytest.mark.parametrize("version", [V2025, V2026])
async def test_the_real_server(api: Api, harness: Harness, tmp_path: Path, version: str) -> None:
    install_packages()
    async with open_signed_in(harness.connection, api.tokens["operator"]) as (url, _):
        checks = [
            check
            for scenario in REAL[version]
            for check in await judge(f"{url}/mcp", scenario, version, tmp_path)
        ]
    failed = [each for each in checks if each.failed and each.id not in UNTESTABLE]
    assert not failed, failed
    print(f"{version}: {len(checks)} checks in {len(REAL[version])} scenarios")


@pytest.mark.parametrize("version", [V2025, V2026])
async def test_the_suite_server(api: Api, harness: Harness, tmp_path: Path, version: str) -> None:
    install_packages()
    async with open_signed_in(harness.connection, api.tokens["operator"]) as (url, context):
        context.parts.find(McpSessions, lambda: McpSessions(context, make_suite_server))
        checks = [
            check
            for scenario in SUITE[version]
            for check in await judge(f"{url}/mcp", scenario, version, tmp_path)
        ]
    failed = [each for each in checks if each.failed]
    assert not failed, failed
    print(f"{version}: {len(checks)} checks in {len(SUITE[version])} scenarios")
