"""Starts LangGraph's development server, which keeps everything in memory. Runs in the peers'
environment: python -m bench.servers.langgraph_server PORT GRAPHS"""

from __future__ import annotations

import json
import sys

from langgraph_api.cli import run_server

run_server(
    host="127.0.0.1",
    port=int(sys.argv[1]),
    reload=False,
    n_jobs_per_worker=50,
    open_browser=False,
    allow_blocking=True,
    graphs=json.loads(sys.argv[2]),
)
