"""A NUL character, which Postgres stores in no text, in every text that a request can carry."""

from __future__ import annotations

import re
from typing import Any, LiteralString

import pytest

from harness import Harness
from harness.contracts.errors import InvalidValue
from tests.integration.api.conftest import Api


def _takes_text(parameter: dict[str, Any]) -> bool:
    schema = parameter["schema"]
    return parameter["in"] == "query" and any(
        each.get("type") == "string" and "enum" not in each
        for each in (schema, *schema.get("anyOf", ()))
    )


async def test_no_query_with_a_nul_character_is_a_fault(api: Api) -> None:
    document = (await api.admin.get("/api/v1/openapi.json")).json()
    asked, wrong = 0, list[str]()
    for path, operations in document["paths"].items():
        parameters = operations.get("get", {}).get("parameters", [])
        address = re.sub(r"\{turn\}", "1", path)
        address = re.sub(r"\{[^}]*\}", "nothing", address)
        for each in filter(_takes_text, parameters):
            url = f"{address}?{each['name']}=a%00b"
            async with api.admin.stream("GET", url) as answer:  # some would follow for ever
                asked += 1
                if answer.status_code >= 500:
                    wrong.append(f"{answer.status_code} {url}")
    assert asked > 20
    assert not wrong


async def test_a_search_of_memories_says_what_is_wrong(api: Api) -> None:
    for q in ("%00", "a%00b"):
        answer = await api.operator.get(f"/api/v1/memories?q={q}")
        assert answer.status_code == 400, answer.text
        assert "NUL" in answer.text


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT %s::text",
        "SELECT ARRAY[%s]::text[]",
        "SELECT (%s::jsonb) ->> 0",
        "SELECT %s::text[]",
    ],
)
async def test_a_nul_in_a_text_is_an_invalid_value(
    harness: Harness, statement: LiteralString
) -> None:
    given: Any = (
        '["a\\u0000"]' if "jsonb" in statement else ["a\0"] if "%s::text[]" in statement else "a\0"
    )
    with pytest.raises(InvalidValue, match="NUL"):
        await harness.connection.database.fetch(statement, (given,))
    with pytest.raises(InvalidValue, match="NUL"):
        async with harness.connection.database.connection() as connection:
            await connection.execute(statement, (given,))
