"""Panels over HTTP: what is listed, what is refused, and to whom."""

from __future__ import annotations

import pytest

from tests.integration.api.conftest import Api


async def test_the_list(api: Api) -> None:
    listed = (await api.viewer.get("/api/v1/panels")).json()["panels"]
    assert {each["id"] for each in listed} == {"care/care", "evals/evals", "request_log/requests"}
    assert (await api.nobody.get("/api/v1/panels")).status_code == 401


@pytest.mark.parametrize(
    "path", ["page/capability.py", "nowhere/x.js", "page/..%2f..%2fREADME.md", "page/%00.js"]
)
async def test_no_file_of_anything_else(api: Api, path: str) -> None:
    assert (await api.nobody.get(f"/api/v1/panels/{path}")).status_code == 401
    refused = await api.admin.get(f"/api/v1/panels/{path}")
    assert refused.status_code == 404, refused.text
    assert refused.json()["code"] == "api.no_route"
