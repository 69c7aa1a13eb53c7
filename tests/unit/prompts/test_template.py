"""The language of prompt templates: what it inserts, what it refuses, and how much it bears."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.contracts.errors import HarnessError, InvalidTemplate, InvalidVariable, PromptTooLarge
from harness.prompts.template import MAX_INSERTED, MAX_LINES, fill_template, read_template

HEAD = """+++
description = "A refund."

[variables.amount]
type = "integer"

[variables.tone]
type = "enum"
choices = ["formal", "friendly"]
default = "formal"

[variables.rate]
type = "number"
default = 0.5

[variables.urgent]
type = "boolean"
default = false

[variables.tags]
type = "strings"
max_length = 5
default = []
+++

{{ amount }} {{tone}} {{ rate }} {{ urgent }} {{ tags }}
"""


def declare(line: str) -> str:
    return f"+++\n[variables.x]\n{line}\n+++\n{{{{ x }}}}"


def fill(text: str, **values: Any) -> str:
    return fill_template("t@1", read_template(text), values)[0]


def test_each_type_is_written_as_documented() -> None:
    assert fill(HEAD, amount=3) == "3 formal 0.5 false []"
    values: dict[str, Any] = {
        "amount": -3, "tone": "friendly", "rate": 2, "urgent": True, "tags": ["a", 'b"é'],
    }  # fmt: skip
    assert fill(HEAD, **values) == '-3 friendly 2 true ["a", "b\\"é"]'
    assert read_template(HEAD).description == "A refund."


def test_without_declarations_each_variable_is_a_required_text() -> None:
    template = read_template("Hello {{ who }}, {{ who }} of {{where}}!\n")
    assert list(template.variables) == ["who", "where"]
    assert fill("Hello {{ who }}!\n\n", who="Ada") == "Hello Ada!"
    with pytest.raises(InvalidVariable, match="'who'"):
        fill("Hello {{ who }}!")


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        (r"\{{ x }} {{ x }}", "{{ x }} 1"),
        (r"\\{{ x }}", r"\1"),
        (r"\\\{{ x }} {{x}}", r"\{{ x }} 1"),
        (r"C:\dir\n }} { {{ x }}", r"C:\dir\n }} { 1"),
        ("a\r\n{{ x }}\r\n", "a\n1"),
    ],
)
def test_escapes(text: str, filled: str) -> None:
    assert fill(text, x="1") == filled


@given(st.text(alphabet=st.sampled_from("{} x\\a+\n"), max_size=40))
def test_a_value_is_inserted_as_it_is(value: str) -> None:
    assert fill("<{{ x }}|{{ y }}>", x=value, y="{{ x }}") == f"<{value}|{{{{ x }}}}>"


@given(st.text(alphabet=st.sampled_from("{}x \\+=\n[].\"'"), max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    for each in (text, f"+++\n{text}\n+++\n{{{{ x }}}}"):
        try:
            read_template(each)
        except HarnessError as error:
            assert error.code.startswith("prompts.")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "needs the variable 'amount'"),
        ({"amount": None}, "needs the variable 'amount'"),
        ({"amount": "3"}, "'amount' of prompt t@1: '3' is not an integer"),
        ({"amount": True}, "'amount' of prompt t@1: True is not an integer"),
        ({"amount": 3.0}, "'amount'"),
        ({"amount": 2**53}, "'amount'"),
        ({"amount": 10**9999}, "'amount'"),
        ({"amount": 3, "amuont": 4}, "no variable 'amuont'"),
        ({"amount": 3, "tone": "rude"}, "'tone'.*one of formal, friendly"),
        ({"amount": 3, "rate": float("nan")}, "'rate'"),
        ({"amount": 3, "rate": "0.5"}, "'rate'"),
        ({"amount": 3, "urgent": 1}, "'urgent'.*true or false"),
        ({"amount": 3, "tags": "a"}, "'tags'.*list of texts"),
        ({"amount": 3, "tags": ["a", 3]}, "'tags'"),
        ({"amount": 3, "tags": ["sixsix"]}, "'tags'.*6 characters, of 5"),
        ({"amount": 3, "tags": ["a"] * 101}, "'tags'.*101 items, of 100"),
        ({"amount": 3, "tags": {"a": 1}}, "'tags'"),
    ],
)
def test_values_that_do_not_fit(values: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidVariable, match=said) as caught:
        fill(HEAD, **values)
    assert caught.value.fix


def test_an_unknown_declaration_is_told_how_variables_are_declared() -> None:
    with pytest.raises(InvalidTemplate) as caught:
        read_template('+++\namount = { type = "integer" }\n+++\nPay {{ amount }}.')
    assert caught.value.message == "Declaration amount: unknown declaration."
    assert "[variables.NAME]" in caught.value.fix


@pytest.mark.parametrize("mark", ["\x00", "\x1b[2J", "\x7f", "\x9b", "\ud800", "\r"])
def test_control_characters_are_refused(mark: str) -> None:
    with pytest.raises(InvalidVariable, match=r"'x'.*U\+(00|D800)"):
        fill("{{ x }}", x=f"a{mark}b")
    with pytest.raises(InvalidTemplate, match=r"U\+"):
        read_template(f"a{mark}b")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a\n\nb {{ a b }}", "Line 3"),
        ("+++\n+++\n\n{{ a }}\n{{{b}}}", "Line 5"),
        ("{{ x", "Line 1"),
        ("{{}}", "Line 1"),
        ("{{ x.y }}", "Line 1"),
        ("{% if x %}{{ x|upper }}", "Line 1"),
        ("", "no text"),
        ("+++\n+++\n \n", "no text"),
        ("+++\n[variables.x]\n{{ x }}", "do not end"),
        ("+++\nx = \ny = 1\n+++\nhi", "not TOML.*line 2"),
        ("+++\nauthor = 'me'\n+++\nhi", "author"),
        ("+++\n[variables.x]\n+++\n{{ y }}", "'y' is used, but not declared"),
        ("+++\n[variables.x]\n[variables.y]\n+++\n{{ y }}", "'x' is declared, but not used"),
        (declare("type = 'date'"), "variables.x.type"),
        (declare("type = 'enum'"), "'x'.*choices"),
        (declare("choices = ['a']"), "'x'.*choices"),
        (declare("type = 'integer'\nmax_length = 3"), "'x'.*max_length"),
        (declare("type = 'integer'\ndefault = 'a'"), "'x'.*default"),
        (declare("type = 'number'\ndefault = inf"), "'x'.*default"),
        (declare("type = 'enum'\nchoices = ['a']\ndefault = 'b'"), "'x'.*default"),
        (declare("default = 2026-01-01"), "variables.x.default"),
        (declare('default = "\\u0000"'), "'x'.*default.*U\\+0000"),
    ],
)
def test_templates_that_are_refused(text: str, said: str) -> None:
    with pytest.raises(InvalidTemplate, match=said):
        read_template(text)


@pytest.mark.parametrize(
    "text",
    [
        "x" * 100_001,
        "é" * 50_001,
        "\n" * MAX_LINES,
        "{{ x }}" * (MAX_INSERTED + 1),
        "".join(f"{{{{ v{number} }}}}" for number in range(51)),
        f"+++\n#{'x' * 10_000}\n+++\nhi",
        f"+++\na{'.a' * 300} = 1\n+++\nhi",  # keys of many parts take tomllib seconds
    ],
)
def test_templates_that_are_too_large(text: str) -> None:
    with pytest.raises(PromptTooLarge):
        read_template(text)


@pytest.mark.parametrize("head", ["a=" + "[" * 400, "a=" + "{a=" * 160, f"a={'9' * 490}"])
def test_declarations_that_nest_or_grow_are_refused(head: str) -> None:
    with pytest.raises(HarnessError):
        read_template(f"+++\n{head}\n+++\nhi")


def test_what_values_may_grow_to() -> None:
    with pytest.raises(PromptTooLarge, match="t@1"):  # 900 times the same value
        fill("{{ x }}" * 900, x="x" * 10_000)
    names = [f"v{number}" for number in range(25)]
    with pytest.raises(PromptTooLarge, match="variables"):
        fill("".join(f"{{{{ {name} }}}}" for name in names), **dict.fromkeys(names, "x" * 10_000))
