"""The native half of Temporal's SDK: one runtime a process, gone before the interpreter is.

Its threads finish a call by taking the interpreter's lock once more, after the result is handed
over. Where the interpreter ends meanwhile, the process aborts (sdk-python issue 300). Dropping the
last reference to a runtime waits for its threads, so that is done at exit, while Python still runs.
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
    """One a process: it has threads of its own. Its logs go where the process's logs go."""
    atexit.register(release_runtimes)
    return Runtime(telemetry=TelemetryConfig(logging=engine_logs(level)))


def release_at_exit(client: Client) -> Client:
    """A client that its owner still holds at exit would keep its runtime."""
    _clients.add(client)
    return client


def release_runtimes() -> None:
    """End the native threads and wait for them. No client can be used afterwards."""
    for client in list(_clients):
        # The SDK has no way to close a client: this drops its connection, and with it the runtime.
        vars(client.service_client).clear()
    _clients.clear()
    native_runtime.cache_clear()
    gc.collect()  # what a closed connection or worker leaves may refer to itself
