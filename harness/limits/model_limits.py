"""Keep the limits of models: reserve before each call, settle after it."""

from __future__ import annotations

from temporalio import activity

from harness.contracts.errors import ProviderError, ProviderTimeout, RateLimited
from harness.contracts.model import ModelReply
from harness.contracts.run_limits import split_attempts
from harness.engine.connection import Connection
from harness.interceptors import ModelCall, ModelInterceptor, NextModel
from harness.limits.quota import Quota, find_model_quotas
from harness.limits.rows import NORMAL, Answer, Ask, Used
from harness.limits.settings import LimitsSettings
from harness.limits.store import WINDOW_S, LimitStore
from harness.limits.turnstile import Turnstile
from harness.providers.context.estimate import estimate_input

FALL_THROUGH_S = 2.0
"""How long a call waits for its turn if the plan has another candidate."""
BEHIND_S = 10.0
"""How long a call with others ahead rests at least."""
ASKING = 2.0
"""How many resting calls of a limit ask again per second, about."""
LONGEST_WAIT_S = WINDOW_S + 5
"""The longest time that use counts; more was asked for by the provider."""
REST_S = 1.0
"""How long no call is made after the provider refused one, unless it says how long."""


def make_interceptor(connection: Connection) -> ModelInterceptor:
    """Make what stands around each model call of a worker process."""
    settings = connection.settings.section(LimitsSettings)
    return ModelLimits(settings, Turnstile(LimitStore(connection.database)))


class ModelLimits:
    """Lets model calls through, each when the limits of its model and provider allow."""

    def __init__(self, settings: LimitsSettings, turnstile: Turnstile) -> None:
        self._settings = settings
        self._turnstile = turnstile
        self._quotas: dict[str, tuple[Quota, ...]] = {}

    async def call_model(self, call: ModelCall, next: NextModel) -> ModelReply:
        quotas = self._find_quotas(call.model)
        if not quotas:
            return await next(call)
        patience = self._settings.wait_seconds
        if not call.last:
            patience = min(patience, FALL_THROUGH_S)

        def refuse(answer: Answer) -> RateLimited:
            error = RateLimited(
                f"{call.model}: the limit {answer.blocked} is used up for about "
                f"{answer.wait_s:.0f} s; {answer.ahead} calls are ahead.{_describe_lower(answer)}",
                fix="Retried automatically. To see who uses it: `harness limits`.",
                retry_after=_choose_rest(answer) if call.last else None,
            )
            error.waited = True
            return error

        async with self._turnstile.pass_through(quotas, _ask(call), patience, refuse) as turn:
            try:
                reply = await next(call)
            except BaseException as error:
                turn.used = _used_by_failure(call, error)
                raise
            turn.used = _used(reply)
            return reply

    def _find_quotas(self, model: str) -> tuple[Quota, ...]:
        found = self._quotas.get(model)
        if found is None:
            found = find_model_quotas(self._settings, model)
            if len(self._quotas) < MOST_MODELS:
                self._quotas[model] = found
        return found


MOST_MODELS = 1_000
"""Models whose limits are remembered: runs may name any model."""


def _describe_lower(answer: Answer) -> str:
    if answer.lower is None:
        return ""
    return f" The provider reported a lower limit than the settings: {answer.lower} per minute."


def _choose_rest(answer: Answer) -> float:
    """When Temporal repeats the call. Calls ahead may use less than they reserve, so those behind
    them ask earlier; not if that would use up attempts, or the provider closed the limit."""
    rest = max(1.0, answer.wait_s)
    if not answer.ahead or answer.wait_s > LONGEST_WAIT_S or _counts_attempts():
        return rest
    return min(rest, max(BEHIND_S, answer.ahead / ASKING))


def _counts_attempts() -> bool:
    """Whether Temporal counts the attempts of this activity, those that waited too."""
    policy = activity.info().retry_policy if activity.in_activity() else None
    return policy is not None and split_attempts(policy.maximum_attempts)[1]


def _ask(call: ModelCall) -> Ask:
    caller = call.caller
    return Ask(
        place=f"{caller.run}/{caller.turn}/{caller.call}/{caller.purpose}/{call.model}",
        attempt=caller.attempt,
        run=caller.run,
        owner=caller.owner,
        what=call.model,
        priority=NORMAL if caller.priority is None else caller.priority,
        input=estimate_input(call.request),
        output=call.request.params.max_output_tokens,
    )


def _used_by_failure(call: ModelCall, error: BaseException) -> Used:
    """What a call used that failed: all that it reserved, where it is not known."""
    if not call.progress.sent:
        return Used(sent=False)
    if isinstance(error, RateLimited):
        return Used(input=0, output=0, refused=True, closed_s=error.retry_after or REST_S)
    if isinstance(error, ProviderError):
        counted = error.usage
        if counted is not None:
            return Used(input=counted.input or None, output=counted.output or None)
        if not isinstance(error, ProviderTimeout):
            return Used(output=0)
    return Used()


def _used(reply: ModelReply) -> Used:
    usage, rates = reply.usage, reply.rates
    return Used(
        input=usage.input,
        output=usage.output,
        exact=usage.estimated is None,
        most_requests=rates and rates.requests,
        left_requests=rates and rates.requests_left,
        most_tokens=rates and rates.tokens,
        left_tokens=rates and rates.tokens_left,
    )
