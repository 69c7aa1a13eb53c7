"""The OpenAPI document, where an installed capability uses names of harness."""

from __future__ import annotations

from typing import Any

import pytest

from harness.capabilities.registry import enabled_capabilities, is_built_in
from harness_daemon.app import make_routes
from tests.integration.api.clashing_routes import CALLBACKS, RACES

BUILT_IN = [each for each in enabled_capabilities() if is_built_in(each)]


@pytest.mark.slow
def test_an_installed_capability_changes_nothing_of_ours() -> None:
    ours = make_routes(BUILT_IN).openapi()
    assert not any("__" in name for name in ours["components"]["schemas"])
    whole = make_routes([*BUILT_IN, CALLBACKS, RACES]).openapi()
    for path, methods in ours["paths"].items():
        assert whole["paths"][path] == methods, path
    for kind, found in ours["components"].items():
        assert whole["components"][kind] | found == whole["components"][kind], kind
    assert len(ours["paths"]["/api/v1/runs"]["post"]["responses"]["201"]["links"]) > 20
    assert "/api/v1/odd" not in whole["paths"]  # what cannot be described is left out


def test_its_own_names_get_its_prefix() -> None:
    whole = make_routes([*BUILT_IN, RACES]).openapi()
    schemas: dict[str, Any] = whole["components"]["schemas"]
    started = whole["paths"]["/api/v1/races"]["post"]
    assert started["operationId"] == "races_start_run"
    assert _ref(started["requestBody"]) == "RacesStarted"
    assert set(schemas["RacesStarted"]["properties"]) == {"gun"}
    assert _ref(started["responses"]["201"]) == "RacesRunCard"
    card = schemas["RacesRunCard"]["properties"]
    assert card["horses"]["items"]["$ref"].endswith("/RacesUser")
    assert card["budget"]["anyOf"][0]["$ref"].endswith("/Budget")  # it is the same model
    added = whole["paths"]["/api/v1/horses"]["post"]
    assert _ref(added["requestBody"]) == "ValidationError"
    assert set(schemas["ValidationError"]["properties"]) == {"lap"}
    assert set(added["responses"]["201"]["links"]) == {"show_horse"}
    shown = whole["paths"]["/api/v1/horses/{horse}"]["get"]["responses"]["200"]
    assert _ref(shown) == "RacesProblem"


def _ref(holder: dict[str, Any]) -> str:
    return holder["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
