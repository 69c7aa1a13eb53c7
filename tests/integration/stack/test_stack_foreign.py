# ruff: noqa: F401, F811 - fixtures are imported, and asked for by their names
"""A Temporal and a database that are not ours: search attributes, and the doctor's report."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import (
    AddSearchAttributesRequest,
    ListSearchAttributesRequest,
    RemoveSearchAttributesRequest,
)
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client

from harness.config.settings import Settings, settings_model
from harness.contracts.errors import StackError
from harness.stack import (
    SEARCH_ATTRIBUTES,
    Check,
    Endpoints,
    diagnose,
    ensure_search_attributes,
    make_connect_options,
    open_stack,
    stop_stack,
)
from tests.fakes.stack import SETTINGS, empty_project, layout, project, query, until

pytestmark = pytest.mark.slow


async def attributes(client: Client) -> dict[str, str]:
    listed = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace)
    )
    return {
        name: IndexedValueType.Name(kind).removeprefix("INDEXED_VALUE_TYPE_").capitalize()
        for name, kind in listed.custom_attributes.items()
    }


async def foreign(endpoints: Endpoints) -> Client:
    """A namespace without search attributes, as on somebody else's engine."""
    client = await Client.connect(endpoints.temporal_address)
    retention = Duration()
    retention.FromTimedelta(timedelta(days=1))
    await client.workflow_service.register_namespace(
        RegisterNamespaceRequest(namespace="foreign", workflow_execution_retention_period=retention)
    )
    client = await Client.connect(endpoints.temporal_address, namespace="foreign")

    async def is_known() -> bool:  # namespaces are cached for a moment
        try:
            return not await attributes(client)
        except Exception:
            return False

    await until(is_known)
    return client


def as_foreign(endpoints: Endpoints) -> Settings:
    return settings_model().model_validate(
        {
            "temporal": {"address": endpoints.temporal_address, "namespace": "foreign"},
            "database": {"url": endpoints.database_url},
        }
    )


def by_name(checks: list[Check]) -> dict[str, Check]:
    return {check.name: check for check in checks}


async def test_search_attributes_are_added_where_they_are_missing(
    project: Path,
) -> None:
    async with open_stack(SETTINGS, project) as endpoints:
        ours = await Client.connect(**await make_connect_options(SETTINGS, endpoints))
        assert await attributes(ours) == SEARCH_ATTRIBUTES
        await ensure_search_attributes(ours)
        client = await foreign(endpoints)
        checks = by_name(await diagnose(as_foreign(endpoints), project))
        assert checks["temporal"].ok and not checks["search attributes"].ok
        assert "HarnessAgent" in checks["search attributes"].detail
        await ensure_search_attributes(client)
        assert await attributes(client) == SEARCH_ATTRIBUTES
        await ensure_search_attributes(client)
        checks = by_name(await diagnose(as_foreign(endpoints), project))
        assert all(check.ok for check in checks.values()), checks
        assert checks["postgres"].detail.startswith("18")
        assert "local stack" not in checks


async def test_a_search_attribute_of_another_type_is_refused(project: Path) -> None:
    async with open_stack(SETTINGS, project) as endpoints:
        client = await foreign(endpoints)
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(
                namespace="foreign",
                search_attributes={"HarnessTokens": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD},
            )
        )
        with pytest.raises(StackError, match="HarnessTokens is Keyword and must be Int") as caught:
            await ensure_search_attributes(client)
        assert caught.value.code == "stack.search_attributes"
        assert "search-attribute remove" in caught.value.fix
        await client.operator_service.remove_search_attributes(
            RemoveSearchAttributesRequest(namespace="foreign", search_attributes=["HarnessTokens"])
        )
        await ensure_search_attributes(client)


async def test_a_local_temporal_of_an_earlier_version_gets_new_search_attributes(
    project: Path,
) -> None:
    """Temporal applies those of its command line only to a new namespace."""
    async with open_stack(SETTINGS, project) as endpoints:
        client = await Client.connect(**await make_connect_options(SETTINGS, endpoints))
        await client.operator_service.remove_search_attributes(
            RemoveSearchAttributesRequest(
                namespace=client.namespace, search_attributes=["HarnessForkOf"]
            )
        )
    await stop_stack(SETTINGS, project)
    async with open_stack(SETTINGS, project) as endpoints:
        client = await Client.connect(**await make_connect_options(SETTINGS, endpoints))
        assert await attributes(client) == SEARCH_ATTRIBUTES


async def test_search_attributes_of_a_namespace_that_does_not_exist(project: Path) -> None:
    async with open_stack(SETTINGS, project) as endpoints:
        client = await Client.connect(endpoints.temporal_address, namespace="nowhere")
        with pytest.raises(StackError, match="nowhere") as caught:
            await ensure_search_attributes(client)
        assert "temporal operator search-attribute create -n nowhere" in caught.value.fix


async def test_the_doctor_on_a_running_stack(empty_project: Path) -> None:
    before = by_name(await diagnose(SETTINGS, empty_project))
    assert before["local stack"].detail == "not running"
    assert not (empty_project / ".harness").exists()
    async with open_stack(SETTINGS, empty_project) as endpoints:
        checks = by_name(await diagnose(SETTINGS, empty_project))
        assert all(check.ok for check in checks.values()), checks
        assert "temporal running, postgres running" in checks["local stack"].detail
        assert "no sign-in" in checks["other users"].detail
        assert [name for name, check in checks.items() if check.note] == ["other users"]
        assert endpoints.temporal_address.rpartition(":")[2] in checks["ports"].detail


async def test_the_doctor_where_nothing_answers(tmp_path: Path) -> None:
    settings = settings_model().model_validate(
        {
            "model": "openai/gpt-5",
            "temporal": {"address": "127.0.0.1:1"},
            "database": {"url": "postgresql://nobody@127.0.0.1:1/none"},
        }
    )
    checks = by_name(await diagnose(settings, tmp_path))
    broken = {name: check for name, check in checks.items() if not check.ok}
    assert set(broken) == {"temporal", "postgres", "provider openai"}
    assert "127.0.0.1:1" in broken["temporal"].detail
    assert all(check.fix for check in broken.values())


async def test_settings_planted_in_the_data_folder_neither_run_nor_write(project: Path) -> None:
    ran = project / "ran"
    file = layout(project).postgres_data / "postgresql.auto.conf"
    planted = {
        "archive_command": f"touch {ran}", "archive_cleanup_command": f"touch {ran}",
        "restore_command": f"touch {ran}", "log_destination": "csvlog",
        "archive_library": "planted", "session_preload_libraries": "planted",
        "primary_conninfo": "host=example.com", "oauth_validator_libraries": "planted",
        "allow_alter_system": "on",
    }  # fmt: skip
    lines = "".join(f"{name} = '{value}'\n" for name, value in planted.items())
    async with open_stack(SETTINGS, project) as endpoints:
        file.write_text(lines)
        query(endpoints.database_url, "SELECT pg_reload_conf()")
        count = "SELECT count(*) FROM pg_settings WHERE source <> 'command line' AND name "
        assert query(endpoints.database_url, f"{count} = ANY('{{{','.join(planted)}}}')") == 0
        # Whatever names a program, a library or a file, whichever version adds it.
        named = "~ '(_command|_librar(y|ies)|_pid_file|_conninfo|_collector|_provider)$'"
        others = "NOT IN ('ssl_library', 'output_plugin_libraries', 'locale_provider')"
        assert query(endpoints.database_url, f"{count} {named} AND name {others}") == 0
    await stop_stack(SETTINGS, project)
    with pytest.raises(StackError, match=r"auto.conf:1 was not written by harness") as refused:
        async with open_stack(SETTINGS, project):
            raise AssertionError
    assert refused.value.info.code == "stack.data_broken"
    layout(project).password.unlink()  # makes Postgres run on its own, before the others
    with pytest.raises(StackError, match="not written by harness"):
        async with open_stack(SETTINGS, project):
            raise AssertionError
    assert not ran.exists()
