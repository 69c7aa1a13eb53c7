"""The request log over HTTP."""

from __future__ import annotations

from harness.contracts.message import user_message
from tests.integration.api.conftest import Api
from tests.integration.request_log.test_log_writer import make_sent, write

PATH = "/api/v1/requests"


async def test_requests_over_http(api: Api, name: str) -> None:
    sent = [make_sent(name, user_message("go"), number=n, owner=api.user) for n in range(3)]
    await write(api.daemon, sent)  # pyright: ignore[reportArgumentType]
    page = (await api.viewer.get(f"{PATH}?run={name}&limit=2")).json()
    assert [each["turn"] for each in page["requests"]] == [2, 1]
    again = await api.viewer.get(f"{PATH}?run={name}&limit=2&cursor={page['next']}")
    assert [each["turn"] for each in again.json()["requests"]] == [0]
    assert "next" not in again.json()
    found = (await api.operator.get(f"{PATH}/{sent[1].id}")).json()
    assert (found["previous"], found["response"]["role"]) == (sent[0].id, "assistant")
    assert (await api.stranger.get(f"{PATH}?run={name}")).json() == {"requests": []}
    for id in (sent[0].id, "a%00b", "req_0"):
        answer = await api.stranger.get(f"{PATH}/{id}")
        assert (answer.status_code, answer.json()["code"]) == (404, "request_log.not_found")
    assert (await api.nobody.get(PATH)).status_code == 401
    for query in ("limit=0", "turn=-1", "cursor=x", "since=7", "search=", f"search={'x' * 501}"):
        assert (await api.operator.get(f"{PATH}?{query}")).status_code in (400, 422), query
    odd = await api.operator.get(f"{PATH}?run=a%00b&search=%00")
    assert (odd.status_code, odd.json()["code"]) == (400, "api.invalid_request")
