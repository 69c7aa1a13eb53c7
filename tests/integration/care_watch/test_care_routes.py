"""Subjects, invariants and queries over HTTP, and who may do what."""

from __future__ import annotations

from typing import Any

from harness.care.subjects.registry import remove_subject
from tests.integration.api.conftest import Api

CARE = "/api/v1/care"


def body(of: str, **more: Any) -> dict[str, Any]:
    fields = {"subject": of, "name": "mine", "query": "up", "operator": ">=", "threshold": 1}
    return {**fields, **more}


async def test_an_invariant_is_added_listed_and_removed(api: Api, subject: str) -> None:
    added = await api.operator.post(f"{CARE}/invariants", json=body(subject, summary="Works."))
    assert added.status_code == 200, added.text
    assert (added.json()["by"], added.json()["state"]) == (api.user, "not evaluated")
    changed = await api.admin.post(f"{CARE}/invariants", json=body(subject, threshold=0.5))
    assert changed.json()["threshold"] == 0.5
    listed = (await api.viewer.get(f"{CARE}/invariants", params={"subject": subject})).json()
    assert [each["name"] for each in listed["invariants"]] == [
        "absent",
        "many",
        "mine",
        "odd",
        "up",
    ]
    status = (await api.viewer.get(CARE)).json()
    assert status["subjects"][0]["name"] == subject
    [listed] = (await api.viewer.get(f"{CARE}/subjects")).json()["subjects"]
    assert sum(listed["states"].values()) == 5
    removed = await api.operator.delete(f"{CARE}/invariants/{subject}/mine")
    assert (removed.status_code, removed.json()["name"]) == (200, "mine")
    again = await api.operator.delete(f"{CARE}/invariants/{subject}/mine")
    assert (again.status_code, again.json()["code"]) == (404, "care.no_invariant")


async def test_roles(api: Api, subject: str) -> None:
    assert (await api.viewer.post(f"{CARE}/invariants", json=body(subject))).status_code == 403
    assert (await api.viewer.delete(f"{CARE}/invariants/{subject}/up")).status_code == 403
    assert (await api.viewer.post(f"{CARE}/query", json={"query": "up"})).status_code == 200
    for method, path in (("GET", ""), ("GET", "/subjects"), ("GET", "/invariants"),
                         ("POST", "/query"), ("POST", "/invariants")):  # fmt: skip
        assert (await api.nobody.request(method, CARE + path)).status_code == 401


async def test_those_of_the_definition_stay(api: Api, subject: str) -> None:
    for answer in (
        await api.operator.delete(f"{CARE}/invariants/{subject}/up"),
        await api.operator.post(f"{CARE}/invariants", json=body(subject, name="up")),
    ):
        assert (answer.status_code, answer.json()["code"]) == (400, "care.bad_invariant")
        assert "subject.toml" in answer.text


async def test_what_is_refused(api: Api, subject: str) -> None:
    for more, code in (
        ({"query": "sum("}, "care.bad_query"),
        ({"source": "logs"}, "care.no_source"),
        ({"subject": "nobody"}, "care.no_subject"),
    ):
        answer = await api.operator.post(f"{CARE}/invariants", json=body(subject, **more))
        assert answer.json()["code"] == code, answer.text
    for more in (
        {"name": "a b"}, {"name": ""}, {"operator": "=~"}, {"threshold": "many"}, {"odd": 1},
        {"query": ""}, {"query": "up\x00"}, {"summary": "a\x00b"}, {"recover": 0.5},
        {"for_seconds": -1}, {"window_seconds": 1e9}, {"subject": "a\x00"}, {"subject": "../a"},
        {"severity": "fatal"}, {"no_data": "maybe"}, {"threshold": None},
    ):  # fmt: skip
        answer = await api.operator.post(f"{CARE}/invariants", json=body(subject, **more))
        assert 400 <= answer.status_code < 500, (more, answer.text)
    for query in (
        {}, {"query": ""}, {"query": "x" * 20_001}, {"query": "up", "seconds": 0},
        {"query": "up", "seconds": 1e12}, {"query": "up", "end": -1}, {"query": "up", "step": 0},
        {"query": "up", "limit": 0}, {"query": "up", "limit": 5_001}, {"query": ["up"]},
        {"query": "up", "source": "traces"}, {"query": "sum("}, {"query": "up\x00"},
    ):  # fmt: skip
        answer = await api.operator.post(f"{CARE}/query", json=query)
        assert 400 <= answer.status_code < 500, (query, answer.text)
    for path in (f"{subject}/no%00body", "nobody/up", f"{subject}/%F0%9F%99%82", "a%0Ab/up"):
        answer = await api.operator.delete(f"{CARE}/invariants/{path}")
        assert answer.status_code in (400, 404), (path, answer.text)
    odd = await api.operator.get(f"{CARE}/invariants", params={"subject": "A B"})
    assert 400 <= odd.status_code < 500
    unknown = await api.operator.get(f"{CARE}/invariants", params={"subject": "nobody"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "care.no_subject")


async def test_removed_with_its_subject(api: Api, subject: str) -> None:
    await api.operator.post(f"{CARE}/invariants", json=body(subject))
    await remove_subject(api.daemon.connection, subject, "ann")
    assert (await api.viewer.get(f"{CARE}/invariants")).json() == {"invariants": []}
