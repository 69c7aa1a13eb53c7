"""Builds the app: the routes of every enabled capability, behind the gate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache, partial
from typing import Any, NamedTuple

from fastapi import Depends, FastAPI
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from harness.api.caller import Role
from harness.api.context import ApiContext
from harness.api.route import METRICS_PATH, PREFIX, Route, full_path
from harness.capabilities.checks import ROUTES
from harness.capabilities.registry import enabled_capabilities, is_built_in, load_part
from harness.contracts.capability import Capability
from harness.version import __version__
from harness_daemon.bodies import Bounds
from harness_daemon.conditional import ConditionalRoute
from harness_daemon.gate import Authenticate, Gate
from harness_daemon.health import make_health_router
from harness_daemon.hosts import Hosts
from harness_daemon.metrics import Metered, Metrics
from harness_daemon.openapi import FAILED, describe_file, describe_other_answers, describe_routes
from harness_daemon.operations import CREATES, name_operation
from harness_daemon.page.page import Page
from harness_daemon.refusals import add_problem_handlers
from harness_daemon.roles import guard_route, require_role
from harness_daemon.sign_in import make_sign_in_router
from harness_daemon.stack_watch import StackWatch

DESCRIPTION = "Start, follow, steer and undo runs of durable agents."


def make_app(context: ApiContext, authenticate: Authenticate, hosts: Hosts, page: Page) -> ASGIApp:
    """The daemon's app.

    Args:
        context: What all requests share.
        authenticate: Finds the caller of a secret.
        hosts: The names under which the daemon is reached.
        page: The web page.
    """
    app = make_routes()
    app.state.context = context
    app.state.metrics = Metrics(context.connection, context.reads, context.counts)
    settings = context.settings
    gate = Gate(
        app,
        authenticate,
        hosts,
        page,
        StackWatch(context.connection),
        body=Bounds(settings.max_body_bytes, settings.body_seconds),
        file=Bounds(settings.max_file_bytes, settings.file_seconds, json=False),
        takes_file=partial(_takes_file, app),
    )
    return Metered(gate, app.state.metrics)


def make_routes(records: Iterable[Capability] | None = None) -> FastAPI:
    """The routes alone, as the OpenAPI document describes them: those of the enabled capabilities,
    or of these."""
    shared = _make_shared(enabled_capabilities() if records is None else tuple(records))
    app = FastAPI(
        title="harness",
        version=__version__,
        description=DESCRIPTION,
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,  # its page loads scripts from another host
        redoc_url=None,
        redirect_slashes=False,
        separate_input_output_schemas=False,  # what is exported is what is imported
    )
    add_problem_handlers(app)
    app.state.takes_files = shared.takes_files
    app.routes.extend(shared.routes)
    app.openapi = cache(partial(describe_routes, app, shared.installed))
    return app


class _Shared(NamedTuple):
    """Routes that all apps of a process have: a request names its app, a route knows none."""

    routes: Sequence[BaseRoute]
    takes_files: frozenset[tuple[str, str]]
    installed: Mapping[str, Sequence[BaseRoute]]


@cache
def _make_shared(records: tuple[Capability, ...]) -> _Shared:
    """Make the routes of capabilities, once: no other part of an app takes as long."""
    maker = FastAPI(openapi_url=None, generate_unique_id_function=name_operation, responses=FAILED)
    maker.state.takes_files = set[tuple[str, str]]()
    maker.include_router(make_health_router())
    maker.include_router(make_sign_in_router())
    _add_route(maker, METRICS, "metrics")
    installed: dict[str, Sequence[BaseRoute]] = {}
    for record in records:
        before = len(maker.routes)
        for route in load_routes(record):
            _add_route(maker, route, record.name)
        if not is_built_in(record):
            installed[record.name] = maker.routes[before:]
    return _Shared(maker.routes, frozenset(maker.state.takes_files), installed)


async def show_metrics(request: Request) -> Response:
    """Read the daemon's metrics, in the format of Prometheus or OpenMetrics."""
    metrics: Metrics = request.app.state.metrics
    content, media_type = await metrics.write(request.headers.get("accept"))
    return Response(content, headers={"Content-Type": media_type})


METRICS = Route("GET", METRICS_PATH, show_metrics, Role.VIEWER, media_type="text/plain")


def load_routes(record: Capability) -> tuple[Route, ...]:
    """The routes of a capability; none if it has no routes or is broken."""
    return (load_part(record, record.routes, ROUTES) or ()) if record.routes else ()


def _takes_file(app: FastAPI, method: str, path: str) -> bool:
    """Whether a route reads the body of such a request as a file."""
    return (method, path) in app.state.takes_files


def _add_route(app: FastAPI, route: Route, capability: str) -> None:
    path = full_path(route.path)
    if route.method == "WEBSOCKET":
        needs = [Depends(require_role(route.role))]
        app.add_api_websocket_route(path, route.handler, dependencies=needs)
        return
    more: dict[str, Any] = {} if route.answer is None else {"response_model": route.answer}
    described: dict[str, Any] = {"x-role": route.role.value}
    if route.takes is not None:
        app.state.takes_files.add((route.method, path))
        described["requestBody"] = describe_file(route.takes)
    if route.creates is not None:
        described[CREATES] = list(route.creates)
    conditional = route.method == "GET" and route.media_type == "application/json"
    app.router.add_api_route(
        path,
        route.handler,
        methods=[route.method],
        status_code=route.status,
        tags=[capability],
        response_model_exclude_none=True,
        response_class=_response_class(route.media_type),
        responses=describe_other_answers(route),
        openapi_extra=described,
        include_in_schema=route.listed,
        route_class_override=guard_route(ConditionalRoute if conditional else APIRoute, route.role),
        **more,
    )


def _response_class(media_type: str) -> type[Response]:
    """What FastAPI describes an answer by; routes of other media types return responses of their
    own."""
    if media_type == "application/json":
        return JSONResponse
    return type("DescribedResponse", (Response,), {"media_type": media_type})
