"""The routes of evaluations."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response

from harness.api.body import location_of
from harness.api.caller import Role
from harness.api.context import CallerOf, Context, PathText
from harness.api.route import Created, Route
from harness.evals import client, requests
from harness.evals.report import EvalReport
from harness.evals.rows import EvalRow
from harness.evals.views import EvalList, NumberedResult, ResultList, StartEval

Limit = Annotated[int, Query(ge=1, le=200)]
MOST_NUMBER = client.MOST_ITEMS


async def list_evals(context: Context, caller: CallerOf, limit: Limit = 50) -> EvalList:
    """List the caller's evaluations, the newest first; admins see all."""
    return EvalList(evals=await client.list_evals(context.connection, limit=limit, by=caller))


async def start_eval(
    body: StartEval, context: Context, caller: CallerOf, response: Response
) -> EvalRow:
    """Start an evaluation of published agents. It and its runs belong to the caller."""
    found = await requests.begin_eval(context.connection, caller, body)
    response.headers["Location"] = location_of("evals", found.id)
    return found


async def show_eval(
    eval: PathText,
    context: Context,
    caller: CallerOf,
    baseline: Annotated[str | None, Query(min_length=1, max_length=250)] = None,
) -> EvalReport:
    """Report an evaluation as it is now: pass rates with confidence intervals, costs, and what
    failed."""
    return await client.report_eval(context.connection, eval, baseline=baseline, by=caller)


async def list_eval_results(
    eval: PathText,
    context: Context,
    caller: CallerOf,
    failed: bool = False,
    cursor: Annotated[int, Query(ge=-1, le=MOST_NUMBER)] = -1,
    limit: Limit = 50,
) -> ResultList:
    """List the results of an evaluation's runs."""
    found = await client.list_results(
        context.connection, eval, failed=failed, after=cursor, limit=limit, by=caller
    )
    results = [NumberedResult(number=number, result=result) for number, result in found]
    return ResultList(results=results, next=found[-1][0] if len(found) == limit else None)


async def stop_eval(eval: PathText, context: Context, caller: CallerOf) -> EvalRow:
    """Start no more runs of an evaluation; those that are open end and are checked. Sent again, it
    does not wait for them."""
    return await client.stop_eval(context.connection, eval, by=caller)


ROUTES = (
    Route("GET", "/evals", list_evals, Role.VIEWER),
    Route("POST", "/evals", start_eval, Role.OPERATOR, status=201, creates=Created("eval")),
    Route("GET", "/evals/{eval}", show_eval, Role.VIEWER),
    Route("GET", "/evals/{eval}/results", list_eval_results, Role.VIEWER),
    Route("POST", "/evals/{eval}/stop", stop_eval, Role.OPERATOR),
)
