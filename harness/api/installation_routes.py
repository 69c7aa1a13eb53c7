"""The routes about the installation that the daemon is part of."""

from __future__ import annotations

import asyncio
from typing import Annotated

from pydantic import Field

from harness.api.body import Body
from harness.api.caller import Role
from harness.api.context import CallerOf, Context, PathText
from harness.api.effective_settings import SettingList, describe_settings
from harness.api.installation import (
    CapabilityDetails,
    CapabilityList,
    ModelList,
    SchemaList,
    ToolList,
    list_capabilities,
    list_models,
    list_schemas,
    list_tools,
    show_capability,
)
from harness.api.route import Route
from harness.api.slots import Slots
from harness.contracts.model import ModelRef
from harness.providers.trial import Trial, try_model

MAX_MODEL = 200


async def list_known_models(context: Context) -> ModelList:
    """List the known models, with their prices, and whether the daemon has a key for them. Workers
    elsewhere may have others."""
    return list_models(context.connection.settings)


class ModelTest(Body):
    """A model to test."""

    model: Annotated[ModelRef, Field(max_length=MAX_MODEL)]
    """As provider/model."""


class ModelTests(Slots):
    """Tests of models in progress: each is a call that somebody pays for."""

    what = "tests of models"
    most_each = 2
    each_per_minute = 20


async def test_model(body: ModelTest, context: Context, caller: CallerOf) -> Trial:
    """Call a model once, with at most 16 tokens of output and for at most 30 seconds, to see
    whether the daemon's settings and key work. A call that fails is an answer too: it has an
    `error`. Workers elsewhere may have other keys."""
    with context.parts.find(ModelTests, ModelTests).take(caller):
        return await try_model(context.connection.settings, body.model)


async def list_built_in_tools() -> ToolList:
    """List the built-in tools. Those of a published agent are in the list of agents."""
    return list_tools()


async def list_all_capabilities() -> CapabilityList:
    """List what the daemon can do, and which parts of it are disabled or broken."""
    return await asyncio.to_thread(list_capabilities)


async def show_one_capability(capability: PathText) -> CapabilityDetails:
    """Read a capability with its commands, settings, routes, workflows and errors."""
    return await asyncio.to_thread(show_capability, capability)


async def list_database_schemas(context: Context) -> SchemaList:
    """List the tables in Postgres, and the migrations that have not run. Changes nothing."""
    return await list_schemas(context.connection.database)


async def list_all_settings(context: Context) -> SettingList:
    """List the settings that the daemon runs with, where each comes from and what it means. Secrets
    are masked. Workers elsewhere may have others."""
    connection = context.connection
    return await asyncio.to_thread(describe_settings, connection.settings, connection.project)


MODELS_ROUTES = (
    Route("GET", "/models", list_known_models, Role.VIEWER),
    Route("POST", "/models/test", test_model, Role.OPERATOR),
)
TOOLS_ROUTES = (Route("GET", "/tools", list_built_in_tools, Role.VIEWER),)
STACK_ROUTES = (
    Route("GET", "/capabilities", list_all_capabilities, Role.ADMIN),
    Route("GET", "/capabilities/{capability}", show_one_capability, Role.ADMIN),
    Route("GET", "/settings", list_all_settings, Role.ADMIN),
    Route("GET", "/schemas", list_database_schemas, Role.ADMIN),
)
