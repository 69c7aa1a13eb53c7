"""The page that was built, from the daemon that serves it."""

from __future__ import annotations

import re

import pytest

from harness_daemon.page.built import find_folder
from tests.integration.api.conftest import Api
from tests.integration.api.test_api_hostile import head, raw

HTML = {"Accept": "text/html,*/*;q=0.8"}


@pytest.fixture(autouse=True)
def _built() -> None:
    assert find_folder() is not None, "The page is not built: make setup"


async def test_the_page_loads_without_a_sign_in(api: Api) -> None:
    document = await api.nobody.get("/runs/some-run", headers=HTML)
    assert (document.status_code, document.headers["vary"]) == (200, "Accept")
    # The policy lets none of these run.
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", document.text)
    names = re.findall(r'(?:src|href)="([^"]+)"', document.text)
    assert names and all(name.startswith("/") for name in names)
    files = [name for name in names if name != "/api/v1/me"]  # data, which needs a sign-in
    assert len(files) == len(names) - 1
    for name in files:
        for coding in ("identity", "gzip"):
            got = await api.nobody.get(name, headers={"Accept-Encoding": coding})
            assert got.status_code == 200, name
            assert got.headers.get("content-encoding", "identity") in ("identity", coding)
        lasting = name.startswith("/assets/")
        assert ("immutable" in got.headers["cache-control"]) is lasting, name
    metrics = (await api.operator.get("/metrics")).text
    assert "some-run" not in metrics


async def test_head_has_no_body(api: Api) -> None:
    answer = await raw(api.daemon.url, head(api, "HEAD", "/"))
    assert answer.startswith(b"HTTP/1.1 200") and answer.endswith(b"\r\n\r\n")
    assert b"content-length: 0" not in answer


async def test_paths_that_leave_the_page(api: Api) -> None:
    for path in (
        "/assets/../../../pyproject.toml",
        "/assets/..%2f..%2f..%2fpyproject.toml",
        "/assets/%2e%2e/%2e%2e/%2e%2e/pyproject.toml",
        "/../pyproject.toml",
        "//etc/passwd",
        "/.vite/manifest.json",
        "/assets/missing.js",
    ):
        answer = await raw(api.daemon.url, head(api, "GET", path, "Accept: */*"))
        assert answer.startswith(b"HTTP/1.1 404"), path
        assert b"application/problem+json" in answer, path


async def test_the_view_of_health_is_a_page(api: Api) -> None:
    assert "<html" in (await api.nobody.get("/health", headers=HTML)).text
    live = await api.nobody.get("/health/live", headers=HTML)
    assert (live.status_code, live.headers["content-type"]) == (200, "application/json")


async def test_misses_of_the_api_are_problems(api: Api) -> None:
    for path in ("/api/v1/missing", "/v1/missing", "/temporal-codec/missing", "/health/missing"):
        answer = await api.admin.get(path, headers=HTML)
        assert answer.status_code == 404, path
        assert "json" in answer.headers["content-type"], path
