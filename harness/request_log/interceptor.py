"""The innermost interceptor of model calls: it notes what is sent to a provider, and the answer.

What is recorded is our own request, which every adapter translates without adding content: it
reads the same for all providers, and two requests of a run can be compared.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from dataclasses import replace
from time import monotonic, perf_counter

from harness.contracts.errors import HarnessError, ProviderError
from harness.contracts.model import ModelReply
from harness.engine.connection import Connection
from harness.interceptors import ModelCall, ModelInterceptor, NextModel
from harness.providers.prices import cost_micros
from harness.request_log.rows import CANCELLED, FAILED, OK, SentRequest
from harness.request_log.settings import RequestLogSettings
from harness.request_log.writer import LogWriter


def make_interceptor(connection: Connection) -> ModelInterceptor:
    """Make what stands around each model call of a worker process."""
    settings = connection.settings.section(RequestLogSettings)
    return RequestLog(settings, LogWriter(connection, settings))


class RequestLog:
    """Records model calls: those of sampled runs, and those that fail."""

    def __init__(self, settings: RequestLogSettings, writer: LogWriter) -> None:
        self._sample = settings.sample
        self._most = settings.max_entry_bytes
        self._writer = writer

    async def call_model(self, call: ModelCall, next: NextModel) -> ModelReply:
        if self._sample is None:
            return await next(call)
        received = _Received(call, self._most)
        try:
            reply = await next(replace(call, sink=received.take))
        except asyncio.CancelledError:
            self._writer.add(received.finish(CANCELLED))
            raise
        except HarnessError as error:
            provider = isinstance(error, ProviderError)
            status = error.code.removeprefix("provider.") if provider else FAILED
            self._writer.add(received.finish(status, error=(error.code, error.message)))
            raise
        except Exception as error:
            self._writer.add(received.finish(FAILED, error=(type(error).__name__, str(error))))
            raise
        if is_sampled(call.caller.run, self._sample):
            self._writer.add(received.finish(OK, reply))
        return reply

    async def close(self) -> None:
        """Write what is left."""
        await self._writer.close()


def is_sampled(run: str, share: float) -> bool:
    """Whether a run is recorded: all of its requests or none, so that they can be compared."""
    digest = hashlib.blake2b(run.encode("utf-8", "replace"), digest_size=4).digest()
    return int.from_bytes(digest, "big") < share * 2**32


class _Received:
    """What has arrived of an answer."""

    __slots__ = ("_call", "_first", "_left", "_pieces", "_sink", "_started")

    def __init__(self, call: ModelCall, most: int) -> None:
        self._call = call
        self._sink = call.sink
        self._left = most
        self._pieces: list[str] = []
        self._first: float | None = None
        self._started = perf_counter()

    def take(self, text: str) -> None:
        if self._first is None:
            self._first = perf_counter()
        if self._left > 0:
            self._left -= len(text)
            self._pieces.append(text)
        self._sink(text)

    def finish(
        self, status: str, reply: ModelReply | None = None, *, error: tuple[str, str] | None = None
    ) -> SentRequest:
        first = self._first
        return SentRequest(
            id=f"req_{secrets.token_hex(12)}",
            caller=self._call.caller,
            model=self._call.model,
            request=self._call.request,
            status=status,
            ended=monotonic(),
            ms=(perf_counter() - self._started) * 1e3,
            first_ms=None if first is None else (first - self._started) * 1e3,
            reply=reply,
            text="" if reply is not None else "".join(self._pieces),
            error=error,
            cost_micros=None if reply is None else cost_micros(self._call.model, reply.usage),
        )
