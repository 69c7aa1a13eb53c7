"""The search attributes that runs set: upserting an unregistered one wedges the run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from temporalio.client import Client

# Temporal on SQLite allows 10 Keywords and 3 of any other type per namespace.
SEARCH_ATTRIBUTES: Mapping[str, str] = {
    "HarnessAgent": "Keyword",
    "HarnessState": "Keyword",
    "HarnessSession": "Keyword",
    "HarnessModel": "Keyword",
    "HarnessForkOf": "Keyword",
    "HarnessOwner": "Keyword",
    "HarnessTokens": "Int",
    "HarnessCostMicros": "Int",
}


async def ensure_search_attributes(client: Client) -> None:
    """Register missing attributes in the client's namespace; refuse those of another type."""
    from temporalio.api.enums.v1 import IndexedValueType
    from temporalio.api.operatorservice.v1 import (
        AddSearchAttributesRequest,
        ListSearchAttributesRequest,
    )
    from temporalio.service import RPCError, RPCStatusCode

    from harness.contracts.errors import SearchAttributesMissing, StackUnreachable

    words = {
        name: IndexedValueType.Value(f"INDEXED_VALUE_TYPE_{kind.upper()}")
        for name, kind in SEARCH_ATTRIBUTES.items()
    }
    try:
        listed = await client.operator_service.list_search_attributes(
            ListSearchAttributesRequest(namespace=client.namespace), retry=True
        )
        known = dict(listed.custom_attributes)
        missing = {name: kind for name, kind in words.items() if name not in known}
        if missing:
            await client.operator_service.add_search_attributes(
                AddSearchAttributesRequest(namespace=client.namespace, search_attributes=missing)
            )
    except RPCError as error:
        if error.status in (RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED):
            raise StackUnreachable(f"Temporal does not answer: {error.message}.") from error
        raise SearchAttributesMissing(
            f"Cannot register search attributes in namespace {client.namespace}: {error.message}",
            fix=_how_to_register(client.namespace, SEARCH_ATTRIBUTES),
        ) from error
    wrong = {
        name: IndexedValueType.Name(known[name])
        for name, kind in words.items()
        if name in known and known[name] != kind
    }
    if wrong:
        raise SearchAttributesMissing(
            wrong_types(client.namespace, wrong),
            fix=how_to_remove(client.namespace, wrong),
        )


def wrong_types(namespace: str, found: Mapping[str, str]) -> str:
    """Describe attributes with a wrong type; `found` maps them to their present type."""
    each = "; ".join(
        f"{name} is {kind.removeprefix('INDEXED_VALUE_TYPE_').capitalize()} "
        f"and must be {SEARCH_ATTRIBUTES[name]}"
        for name, kind in found.items()
    )
    return f"Search attributes of namespace {namespace} have the wrong type: {each}."


def how_to_remove(namespace: str, names: Iterable[str]) -> str:
    flags = " ".join(f"--name {name}" for name in names)
    return (
        "Remove them, then start again: "
        f"temporal operator search-attribute remove -n {namespace} {flags}"
    )


def _how_to_register(namespace: str, which: Mapping[str, str]) -> str:
    flags = " ".join(f"--name {name} --type {kind}" for name, kind in which.items())
    return f"Register them: temporal operator search-attribute create -n {namespace} {flags}"
