"""The native part of Temporal's SDK: one runtime per process, released before Python exits.

Its threads take the interpreter's lock once more after they deliver a result. If the interpreter
ends meanwhile, the process aborts (sdk-python issue 300). Dropping the last reference to a runtime
waits for its threads, so that is done at exit, while Python still runs.
"""

from __future__ import annotations

import atexit
import gc
from functools import cache
from weakref import WeakSet

from temporalio.client import Client
from temporalio.runtime import Runtime, TelemetryConfig

from harness.commons.log import Level, engine_logs

_clients: WeakSet[Client] = WeakSet()


@cache
def native_runtime(level: Level) -> Runtime:
    """The runtime of the process, which forwards its logs to the process's own."""
    atexit.register(release_runtimes)
    return Runtime(telemetry=TelemetryConfig(logging=engine_logs(level)))


def release_at_exit(client: Client) -> Client:
    """Register a client to be released at exit: while referenced, it keeps its runtime."""
    _clients.add(client)
    return client


def release_runtimes() -> None:
    """End the native threads and wait for them. Clients are unusable afterwards."""
    for client in list(_clients):
        # The SDK cannot close a client: this drops its connection, and with it the runtime.
        vars(client.service_client).clear()
    _clients.clear()
    native_runtime.cache_clear()
    gc.collect()  # closed connections and workers leave reference cycles
