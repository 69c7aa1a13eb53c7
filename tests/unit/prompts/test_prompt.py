"""How a prompt names its template, and how words of a command line become values."""

from __future__ import annotations

import pytest

from harness import Prompt
from harness.contracts.errors import InvalidValue
from harness.contracts.prompt import PinnedPrompt
from harness.prompts.prompt import read_ref
from harness.prompts.variables import Type, Unfit, Variable, fit_value, read_words


def test_a_prompt_takes_any_variable() -> None:
    prompt = Prompt("refund@3", self="a", template="b")
    assert (prompt.template, dict(prompt.variables)) == ("refund@3", {"self": "a", "template": "b"})


@pytest.mark.parametrize(
    "text", ["", "@1", "a@", "a@0", "a@-1", "a@1x", "a b", "-a", "a/b", "a\n", "é", "a" * 65,
             "a@1@2", "a@1000000000", "a\x00"],
)  # fmt: skip
def test_what_names_no_template(text: str) -> None:
    with pytest.raises(InvalidValue, match="refund@3"):
        Prompt(text)


def test_names() -> None:
    assert read_ref("a.b-c_D@12") == ("a.b-c_D", 12)
    assert read_ref("9") == ("9", None)


@pytest.mark.parametrize(
    ("type", "words", "value"),
    [
        ("string", ["3"], "3"),
        ("string", ["a=b {{ x }}"], "a=b {{ x }}"),
        ("integer", ["-3"], -3),
        ("number", ["3.5"], 3.5),
        ("number", ["1e3"], 1000.0),
        ("boolean", ["true"], True),
        ("strings", ["a", "b"], ("a", "b")),
    ],
)
def test_words_are_read_by_type(type: Type, words: list[str], value: object) -> None:
    variable = Variable(type=type)
    fitted = fit_value(variable, read_words(variable, words))
    assert (fitted, fitted.__class__) == (value, value.__class__)


@pytest.mark.parametrize(
    ("type", "words"),
    [
        ("integer", ["3.5"]), ("integer", ["three"]), ("integer", [""]), ("integer", ["9" * 5000]),
        ("integer", ["true"]), ("number", ["NaN"]), ("number", ["1e999"]), ("boolean", ["yes"]),
        ("boolean", ["1"]), ("string", ["a", "b"]),
    ],
)  # fmt: skip
def test_words_that_do_not_fit(type: Type, words: list[str]) -> None:
    variable = Variable(type=type)
    with pytest.raises(Unfit):
        fit_value(variable, read_words(variable, words))


def test_a_pinned_prompt_survives_its_history() -> None:
    values = {"a": True, "b": 3, "c": 3.0, "d": "3", "e": ("x",), "f": ()}
    pinned = PinnedPrompt(name="refund", version=3, digest="d", variables=values)
    read = PinnedPrompt.model_validate_json(pinned.wire())
    assert read == pinned
    kinds = {name: value.__class__ for name, value in read.variables.items()}
    assert kinds == {name: value.__class__ for name, value in values.items()}
