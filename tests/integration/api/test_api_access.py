"""Who may use which route: a table from the OpenAPI document, so that no route is forgotten."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx

from harness import Agent, Harness
from harness.access.client import create_token, revoke_token
from harness_daemon.app import make_routes
from tests.fakes.model_server import ModelServer
from tests.fakes.steps import say
from tests.integration.api.conftest import Api
from tests.integration.api.test_api_runs import start

DOCUMENT = make_routes().openapi()
OPEN = {"/health/live", "/health/ready"}


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


ALL = [(method, path) for method, path, _ in operations() if path not in OPEN]
OPERATOR = [
    (method, path) for method, path, each in operations() if each.get("x-role") == "operator"
]
ADMIN = [(method, path) for method, path, each in operations() if each.get("x-role") == "admin"]
OF_RUNS = [
    (method, path)
    for method, path, each in operations()
    if "{run}" in path and each.get("x-role") != "admin"
]


def url_of(path: str, run: str = "some-run") -> str:
    names = {"{run}": run, "{code}": "run.not_found", "{response_id}": "resp_eA"}
    for name, text in names.items():
        path = path.replace(name, text)
    return re.sub(r"{\w+}", "some-id", path)


def code_of(answer: httpx.Response) -> str:
    """The code of a problem document, or of an error in OpenAI's format."""
    if answer.request.method == "HEAD":
        assert not answer.content
        return {401: "access.not_signed_in"}[answer.status_code]
    document = answer.json()
    return document.get("error", document)["code"]


def test_every_route_names_a_role() -> None:
    unnamed = [path for _, path, each in operations() if path not in OPEN and "x-role" not in each]
    assert unnamed == []
    assert len(OF_RUNS) > 10 and len(OPERATOR) > 5


async def test_without_a_valid_token(api: Api) -> None:
    # In one test, since each costs a daemon and three users.
    for method, path in ALL:
        for headers in (
            {},
            {"Authorization": "Bearer hns_0123456789abcdef_AAAA"},
            {"Authorization": f"Bearer {'x' * 5000}"},
            {"Authorization": f"Basic {api.tokens['admin']}"},
            {"Cookie": f"harness_session={api.tokens['operator']}", "Origin": api.daemon.url},
            {"Cookie": "harness_session=hnb_0123456789abcdef_AAAA", "Origin": api.daemon.url},
        ):
            # Malformed on purpose: nothing is parsed before the caller is known.
            url = url_of(path)
            answer = await api.nobody.request(method, url, headers=headers, content=b"{{{")
            assert answer.status_code == 401, (method, path, headers, answer.text)
            assert code_of(answer) == "access.not_signed_in"
            assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_viewer_changes_nothing(api: Api) -> None:
    for method, path in OPERATOR:
        answer = await api.viewer.request(method, url_of(path), json={})
        told = (answer.status_code, code_of(answer))
        assert told == (403, "access.not_allowed"), (method, path)


async def test_an_operator_manages_nothing(api: Api) -> None:
    for method, path in ADMIN:
        for client in (api.operator, api.viewer):
            answer = await client.request(method, url_of(path), json={})
            told = (answer.status_code, code_of(answer))
            assert told == (403, "access.not_allowed"), (method, path)
    assert {"/api/v1/runs/{run}/forget", "/api/v1/archive/seal"} <= {path for _, path in ADMIN}


async def test_foreign_runs_are_not_found(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name))
    model_server.always(say("Hello."))
    theirs = await start(api.operator, name)
    ownerless = (await harness.start(Agent(name), "Hello.")).id
    bodies: dict[str, Any] = {
        "hint": {"text": "x"},
        "decide": {"verdict": "approve"},
        "fork": {"at": 0},
    }
    for method, path in OF_RUNS:
        body = bodies.get(path.rpartition("/")[2], {})
        post, query = method == "POST", {"other": theirs}
        answers = [
            await api.stranger.request(
                method, url_of(path, run), json=body if post else None, params=query
            )
            for run in (theirs, ownerless, "no-such-run")
        ]
        assert {each.status_code for each in answers} == {404}, (method, path)
        # Nothing tells a foreign run from one that does not exist.
        texts = [
            _without_request(each.json() if method != "HEAD" else {}, run)
            for each, run in zip(answers, (theirs, ownerless, "no-such-run"), strict=True)
        ]
        assert texts[0] == texts[1] == texts[2]
    assert (await api.admin.get(f"/api/v1/runs/{ownerless}")).status_code == 200


def _without_request(problem: dict[str, Any], run: str) -> str:
    return str({key: each for key, each in problem.items() if key != "request_id"}).replace(
        run, "RUN"
    )


async def test_a_diff_reads_no_foreign_run(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name))
    model_server.always(say("Hello."))
    own, theirs = await start(api.stranger, name), await start(api.operator, name)
    answer = await api.stranger.get(f"/api/v1/runs/{own}/diff", params={"other": theirs})
    assert answer.status_code == 404


async def test_a_revoked_token_and_its_open_stream(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name))
    model_server.always(say("Hello."))
    row, secret = await create_token(harness.connection, user=api.user)
    headers = {"Authorization": f"Bearer {secret}"}
    run = await start(api.operator, name)
    await api.operator.post(f"/api/v1/runs/{run}/pause", json={})
    paused = (await harness.start(Agent(f"{name}-unserved"), "Wait.")).id  # never ends
    del paused
    async with api.nobody.stream("GET", f"/api/v1/runs/{run}/events", headers=headers) as response:
        assert response.status_code == 200
        await revoke_token(harness.connection, row.id)
        async for _ in response.aiter_lines():
            pass  # it ends
    answer = await api.nobody.get("/api/v1/me", headers=headers)
    assert answer.status_code == 401


async def test_forged_hosts_and_origins(api: Api) -> None:
    for headers in (
        {"Host": "evil.example"},
        {"Host": "127.0.0.1"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
    ):
        for path in ("/api/v1/me", "/v1/models", "/health/ready", "/sign-in"):
            answer = await api.admin.get(path, headers=headers)
            told = (answer.status_code, code_of(answer))
            assert told == (403, "api.wrong_origin"), (path, headers)


async def test_sign_in_works_once_and_cookies_stay_on_the_site(api: Api) -> None:
    link = await api.daemon.make_sign_in_link()
    first = await api.nobody.get(link)
    assert (first.status_code, first.headers["location"]) == (303, "/")
    assert (first.headers["cache-control"], first.content) == ("no-store", b"")
    cookie = first.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie and "; Path=/;" in cookie
    assert "Secure" not in cookie
    async with httpx.AsyncClient(base_url=api.daemon.url, cookies=first.cookies) as browser:
        assert (await browser.get("/api/v1/me")).json()["user"] == "local"
        run = "/api/v1/runs/x/abort"
        no_origin = await browser.post(run, json={})
        assert no_origin.json()["code"] == "api.wrong_origin"
        cross = await browser.post(run, json={}, headers={"Sec-Fetch-Site": "cross-site"})
        assert cross.json()["code"] == "api.wrong_origin"
        same = await browser.post(run, json={}, headers={"Origin": api.daemon.url})
        assert same.json()["code"] == "run.not_found"
    again = await api.nobody.get(link)
    assert (again.status_code, again.json()["code"]) == (401, "access.not_signed_in")
    for code in (link, f"{api.daemon.url}/sign-in?code=hnc_0123456789abcdef_AAAA"):
        shown = await api.nobody.get(code, headers={"Accept": "text/html,*/*;q=0.8"})
        assert (shown.status_code, shown.headers["location"]) == (303, "/?sign-in=expired")
        assert "set-cookie" not in shown.headers


async def test_a_page_of_another_user_changes_nothing(api: Api) -> None:
    """A tab that was loaded before another tab signed in as somebody else."""
    made = await api.admin.post("/api/v1/sign-in-codes", params={"user": api.user})
    answer = await api.nobody.get("/sign-in", params={"code": made.json()["code"]})
    path, origin = "/api/v1/runs/x/abort", {"Origin": api.daemon.url}
    async with httpx.AsyncClient(base_url=api.daemon.url, cookies=answer.cookies) as browser:
        for user in ("local", "", api.user.upper(), f"{api.user}, {api.user}", f"{api.user}%20"):
            headers = {**origin, "X-Harness-User": user}
            for method in ("POST", "DELETE", "PATCH"):
                refused = await browser.request(method, path, headers=headers)
                told = (refused.status_code, refused.json()["code"], refused.json()["fix"])
                assert told == (409, "access.other_user", "Reload the page."), (user, method)
            assert (await browser.get("/api/v1/me", headers=headers)).status_code == 200
            by_token = await api.operator.post(path, json={}, headers=headers)
            assert by_token.json()["code"] == "run.not_found", "a token is whose it is"
        same = await browser.post(path, json={}, headers={**origin, "X-Harness-User": api.user})
        assert same.json()["code"] == "run.not_found"


async def test_a_sign_in_ends_the_session_that_it_replaces(api: Api) -> None:
    first = await api.nobody.get(await api.daemon.make_sign_in_link())
    old = {"Cookie": f"harness_session={first.cookies['harness_session']}"}
    async with httpx.AsyncClient(base_url=api.daemon.url) as browser:
        failed = await browser.get("/sign-in?code=hnc_0123456789abcdef_AAAA", headers=old)
        assert failed.status_code == 401
        assert (await browser.get("/api/v1/me", headers=old)).status_code == 200
        stale = {"Cookie": "harness_session=hnb_0123456789abcdef_AAAA"}
        for headers, status in ((stale, 200), (old, 401)):
            link = await api.daemon.make_sign_in_link()
            async with httpx.AsyncClient() as other:
                answer = await other.get(link, headers=headers)
            assert answer.status_code == 303 and answer.cookies["harness_session"]
            assert (await browser.get("/api/v1/me", headers=old)).status_code == status


async def test_a_cookie_over_https_is_secure(api: Api) -> None:
    link = await api.daemon.make_sign_in_link()
    answer = await api.nobody.get(link, headers={"X-Forwarded-Proto": "https"})
    assert "; Secure" in answer.headers["set-cookie"]


async def test_sign_out(api: Api) -> None:
    signed_in = await api.nobody.get(await api.daemon.make_sign_in_link())
    origin = {"Origin": api.daemon.url}
    async with httpx.AsyncClient(base_url=api.daemon.url, cookies=signed_in.cookies) as browser:
        secret = browser.cookies["harness_session"]
        for headers in ({}, {"Sec-Fetch-Site": "cross-site", **origin}, {"Origin": "null"}):
            forged = await browser.post("/api/v1/sign-out", headers=headers)
            assert forged.json()["code"] == "api.wrong_origin"
        assert (await browser.get("/api/v1/me")).status_code == 200
        done = await browser.post("/api/v1/sign-out", headers=origin)
        assert (done.status_code, done.json()["kind"]) == (200, "browser")
        assert 'harness_session=""' in done.headers["set-cookie"]
        assert "Max-Age=0" in done.headers["set-cookie"]
        assert "harness_session" not in browser.cookies
    kept = {"Cookie": f"harness_session={secret}"}
    assert (await api.nobody.get("/api/v1/me", headers=kept)).status_code == 401
    token = await api.operator.post("/api/v1/sign-out")
    assert (token.status_code, token.json()["code"]) == (403, "access.not_allowed")
    assert (await api.operator.get("/api/v1/me")).status_code == 200


async def test_codes_and_sessions_of_others_are_for_admins(api: Api) -> None:
    made = await api.admin.post("/api/v1/sign-in-codes", params={"user": api.user})
    assert made.status_code == 201, made.text
    code = made.json()["code"]
    signed_in = await api.nobody.get("/sign-in", params={"code": code})
    assert signed_in.headers["location"] == "/"
    listed = (await api.admin.get("/api/v1/browser-sessions", params={"user": api.user})).json()
    assert [each["user"] for each in listed["sessions"]] == [api.user]
    assert "current" not in listed, "an API token is no session"
    cookie = {
        "Cookie": signed_in.headers["set-cookie"].partition(";")[0],
        "Origin": api.daemon.url,
    }
    own = (await api.nobody.get("/api/v1/browser-sessions", headers=cookie)).json()
    assert own["current"] == own["sessions"][0]["id"]
    for path, method in (("sign-in-codes", "POST"), ("browser-sessions", "GET")):
        refused = await api.nobody.request(
            method, f"/api/v1/{path}", params={"user": "local"}, headers=cookie
        )
        assert (refused.status_code, refused.json()["code"]) == (403, "access.not_allowed")
