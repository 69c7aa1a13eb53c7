"""Find Loki, which stores the logs of the demo, and write its configuration."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from harness.stack.binaries import absolute_path, downloads_folder
from harness.stack.part import clean_environment

VERSION = "3.7.8"
"""The one that `make loki` builds, as tools/loki/go.mod names it."""
INSTALL = (
    "In a clone of harness, `make loki` builds it (about 2 minutes; needs Go 1.26 or newer). Or "
    "put Grafana's Loki 3 on PATH. Debian's package loki is another program."
)
_IS_LOKI = re.compile(r"^loki, version v?(3[.\w-]*)", re.MULTILINE)
CONFIG = """\
# Written by `harness care demo`.
auth_enabled: false
analytics: {{reporting_enabled: false}}
server:
  http_listen_address: 127.0.0.1
  http_listen_port: {http}
  grpc_listen_address: 127.0.0.1
  grpc_listen_port: {grpc}
  grpc_server_max_recv_msg_size: 67108864
  grpc_server_max_send_msg_size: 67108864
  log_level: warn
common:
  path_prefix: {folder}
  replication_factor: 1
  instance_addr: 127.0.0.1
  ring: {{kvstore: {{store: inmemory}}}}
  storage: {{filesystem: {{chunks_directory: {folder}/chunks, rules_directory: {folder}/rules}}}}
schema_config:
  configs:
    - from: 2024-01-01
      store: tsdb
      object_store: filesystem
      schema: v13
      index: {{prefix: index_, period: 24h}}
ingester:
  lifecycler: {{join_after: 0s, min_ready_duration: 0s, final_sleep: 0s}}
  chunk_target_size: 524288
  wal: {{replay_memory_ceiling: 128MB}}
query_range:
  cache_results: false
frontend:
  scheduler_dns_lookup_period: 500ms # ready in a second, not in ten
compactor:
  retention_enabled: true
  delete_request_store: filesystem
limits_config:
  retention_period: 24h
  ingestion_rate_mb: 16
  ingestion_burst_size_mb: 32
  per_stream_rate_limit: 16MB
  per_stream_rate_limit_burst: 32MB
  max_line_size: 256KB
  max_line_size_truncate: true
  reject_old_samples: false
  discover_service_name: []
  discover_log_levels: false
"""
"""One process that listens on this machine only, keeps a day, and reports to nobody."""


def built_loki() -> Path:
    """Where `make loki` puts it: outside of any project."""
    return downloads_folder() / f"loki-{VERSION}" / "loki"


def find_loki() -> Path | None:
    """The executable: the one that was built, or one on PATH that is really Loki."""
    built = built_loki()
    if os.access(built, os.X_OK):
        return built
    on_path = shutil.which("loki", path=absolute_path())
    return Path(on_path) if on_path and loki_version(Path(on_path)) else None


def loki_version(path: Path) -> str | None:
    """The version; None if it is another program."""
    try:
        done = subprocess.run(
            [path, "--version"], cwd="/", env=clean_environment(), stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=10, errors="replace",
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = _IS_LOKI.search(done.stdout + done.stderr)
    return found[1] if found else None


def write_config(http: int, grpc: int, folder: str) -> str:
    """The configuration of one Loki whose data is in `folder`."""
    return CONFIG.format(http=http, grpc=grpc, folder=folder)
