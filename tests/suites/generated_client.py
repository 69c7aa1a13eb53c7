"""Uses the client that openapi-python-client generates, as its readme says."""

from __future__ import annotations

import os
from http import HTTPStatus

import httpx
from harness_client import AuthenticatedClient
from harness_client.api.runs import list_runs, show_run, start_run, wait_for_result
from harness_client.models import Problem, RunEnd, RunList, Started, StartRun

client = AuthenticatedClient(
    os.environ["HARNESS_URL"], os.environ["HARNESS_TOKEN"], timeout=httpx.Timeout(60)
)

started = start_run.sync(
    client=client, body=StartRun(agent="assistant", prompt="What is 6 * 7?", id="six")
)
assert isinstance(started, Started), started
print("started", started.id)

end = wait_for_result.sync(started.id, client=client, wait=30)
assert isinstance(end, RunEnd), end

listed = list_runs.sync(client=client, agent="assistant")
assert isinstance(listed, RunList), listed
print("listed", "six" in [row.id for row in listed.runs])
print(end.state.value, end.output.splitlines()[0])

missing = show_run.sync_detailed("seven", client=client)
assert missing.status_code is HTTPStatus.NOT_FOUND
assert isinstance(missing.parsed, Problem), missing
print(missing.status_code.value, missing.parsed.code)
