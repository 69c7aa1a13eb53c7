"""Check that the configuration in a Postgres data folder is what `initdb` wrote.

Settings can run programs and write files, and the command line overrides only those it names. So
any line that `initdb` does not write is refused.
"""

from __future__ import annotations

import re
from pathlib import Path

from harness.config._owned import read_bounded
from harness.contracts.clean_text import clean_line
from harness.contracts.errors import ConfigError
from harness.stack.failures import Failure

_NAMES = (
    rb"max_connections|autovacuum_worker_slots|shared_buffers|dynamic_shared_memory_type"
    rb"|max_wal_size|min_wal_size|log_timezone|timezone|datestyle|default_text_search_config"
    rb"|lc_messages|lc_monetary|lc_numeric|lc_time"
)
_EMPTY = rb"[ \t\r]*(#.*)?"
_SETTING = rb"(" + _NAMES + rb") = ('[\w ,./+@-]*'|\w+)" + _EMPTY
_ACCESS = rb"(local|host) +(all|replication) +all +([0-9./:]+ +)?scram-sha-256" + _EMPTY
_ALLOWED = {
    "postgresql.conf": re.compile(_EMPTY + rb"|" + _SETTING),
    "postgresql.auto.conf": re.compile(_EMPTY),
    "pg_hba.conf": re.compile(_EMPTY + rb"|" + _ACCESS),
    "pg_ident.conf": re.compile(_EMPTY),
}
SHOWN = 100


def check_data_files(data: Path) -> None:
    """Refuse a data folder whose configuration was changed."""
    for name, allowed in _ALLOWED.items():
        file = data / name
        try:
            content = read_bounded(file) or b""
        except ConfigError as error:
            raise _refusal_error(f"{file} was not written by harness: {error}", data) from None
        for number, line in enumerate(content.split(b"\n"), 1):
            if not allowed.fullmatch(line):
                text = clean_line(line.decode(errors="replace")[:SHOWN])
                raise _refusal_error(f"{file}:{number} was not written by harness: {text}", data)


def _refusal_error(message: str, data: Path) -> Failure:
    return Failure(
        "data_broken",
        message,
        "A line there can run programs with your rights. If you added it, remove it and start "
        f"again. Otherwise start empty: mv {data} {data}.broken",
    )
