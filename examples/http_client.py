"""Start a run over HTTP and follow it, with Python's standard library alone.

harness serve                                   # in another terminal
export HARNESS_TOKEN=hns_...                    # harness token create
python examples/http_client.py "What is 6 * 7?"
"""

from __future__ import annotations

import json
import os
import sys
import urllib.request
from collections.abc import Iterator
from http.client import HTTPResponse
from typing import Any

API = os.environ.get("HARNESS_URL", "http://127.0.0.1:7720") + "/api/v1"


def call(path: str, body: object = None) -> HTTPResponse:
    """Send a request: POST with a body, else GET."""
    request = urllib.request.Request(
        f"{API}{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={
            "Authorization": f"Bearer {os.environ['HARNESS_TOKEN']}",
            "Content-Type": "application/json",
        },
    )
    return urllib.request.urlopen(request)


def read_events(response: HTTPResponse) -> Iterator[tuple[str, dict[str, Any]]]:
    """Read server-sent events: the kind and the data of each."""
    kind = ""
    for line in response:
        name, _, value = line.decode().rstrip("\n").partition(": ")
        if name == "event":
            kind = value
        elif name == "data":
            yield kind, json.loads(value)


def main(prompt: str) -> None:
    run = json.load(call("/runs", {"agent": "assistant", "prompt": prompt}))["id"]
    for kind, event in read_events(call(f"/runs/{run}/events")):
        if kind == "output_delta":
            print(event["text"], end="", flush=True)
        elif kind == "tool_call_requested":
            print(f"[{event['call']['name']} {event['call']['arguments']}]")
        elif kind == "run_ended":
            print(f"\n{event['state']}")
        elif kind == "end":
            return


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "What is 6 * 7?")
