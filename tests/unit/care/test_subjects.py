"""Definitions of subjects, among them hostile ones."""

from __future__ import annotations

import pytest

from harness.care.subjects.subject import MAX_BYTES, Subject, parse_subject
from harness.contracts.errors import SubjectInvalid

INVARIANT = """
[[invariant]]
name = "errors"
query = "rate(errors[1m])"
operator = "<"
threshold = 0.1
"""
WHOLE = f"""
name = "api"
summary = "Answers."
test = ["{{python}}", "-m", "pytest"]
deploy = ["./deploy"]
rollback = ["./deploy", "--back"]
restart = ["./deploy", "--restart"]
health = "http://127.0.0.1:8001/health"
metrics = '{{job="api"}}'
logs = '{{service="api"}}'
guidance = "AGENTS.md"
runbooks = "docs/runbooks"
editable = ["config.toml", "src/**"]
changes = "automatic"
autonomous = true
{INVARIANT}
"""


def parse(text: str) -> Subject:
    return parse_subject(text.encode(), "api/subject.toml")


def test_a_definition_is_read() -> None:
    found = parse(WHOLE)
    assert (found.name, found.test) == ("api", ("{python}", "-m", "pytest"))
    assert [each.condition for each in found.invariants] == ["rate(errors[1m]) < 0.1"]
    assert parse('name = "a"') == Subject(name="a")
    assert Subject.model_validate(found.model_dump(mode="json", by_alias=True)) == found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "name is missing"),
        ("name = 1", "name"),
        ('name = "A"', "name must begin with a small letter and have at most 64"),
        ('name = "a\\n"', "name"),
        ('name = "a/../b"', "name"),
        ('name = "a"\nodd = 1', "odd is not a known key"),
        ('name = "a"\n[[slo]]\nname = "fast"\nobjective = 100', "SLO fast: objective must be less"),
        ('name = "a"\n[[slo]]\nname = "fast"\nobjective = 99', "SLO fast: it needs either bad and"),
        ('name = "a"\n[[slo]]\nobjective = 99', "SLO number 1: name is missing"),
        ('name = "a"\ntest = "pytest -q"', "test"),
        ('name = "a"\ntest = []', "test"),
        ('name = "a"\ntest = ["a", 1]', "test"),
        ('name = "a"\ndeploy = ["./deploy"]', "no rollback"),
        ('name = "a"\nhealth = "ftp://a"', "health"),
        ('name = "a"\nhealth = "http://a b"', "health"),
        ('name = "a"\nhealth_seconds = inf', "health_seconds"),
        ('name = "a"\ncommand_seconds = 0', "command_seconds"),
        ('name = "a"\nchanges = "always"', "changes"),
        ('name = "a"\nchanges_per_day = -1', "changes_per_day"),
        ('name = "a"\nguidance = "/etc/passwd"', "leads out"),
        ('name = "a"\nguidance = "~/x"', "leads out"),
        ('name = "a"\nguidance = "a/../../b"', "leads out"),
        ('name = "a"\nrunbooks = ".."', "leads out"),
        ('name = "a"\neditable = ["src/**", "../**"]', "leads out"),
        ('name = "a"\nguidance = ""', "guidance"),
        ('name = "a"\neditable = [""]', "editable"),
        ('name = "a"\nsummary = "a\\u0000b"', "NUL"),
        ('name = "a"\ntest = ["a\\u0000b"]', "NUL"),
        ('name = "a"\nlogs = "a\\u0000b"', "NUL"),
        ('name = "a"\n' + INVARIANT * 2, "two invariants have the name 'errors'"),
        ('name = "a"\n' + INVARIANT.replace("0.1", "nan"), "threshold"),
        ('name = "a"\n' + INVARIANT.replace("0.1", "1e400"), "threshold"),
        ('name = "a"\n' + INVARIANT.replace("0.1", "9" * 400), "threshold"),
        ('name = "a"\n' + INVARIANT.replace('"errors"', '"a b"'), "invariant a b: name must begin"),
        ('name = "a"\n' + INVARIANT.replace('"<"', '"<>"'), "invariant errors: operator must be"),
        ('name = "a"\ninvariant = 7', "invariant"),
        ('name = "a"\ninvariant = [7]', "invariant"),
        ('name = "a"\nname = "b"', "not TOML"),
        ("= =", "not TOML"),
        ("a = " + "9" * 5_000, "not TOML"),
        ("a = " + "[" * 20_000, "not TOML"),
        (".".join("a" * 20_000) + " = 1", "too many parts"),
        ("[" + ".".join("a" * 20_000) + "]\nb = 1", "too many parts"),
        ("\n".join(f"{'a.' * 400}b{each} = 1" for each in range(60)), "too many parts"),
    ],
)
def test_what_is_no_definition(text: str, words: str) -> None:
    with pytest.raises(SubjectInvalid, match=words) as refused:
        parse(text)
    assert refused.value.message.startswith("api/subject.toml")
    assert len(refused.value.message) < 1_000


def test_the_size_is_bounded() -> None:
    padding = "#" * (MAX_BYTES - 20)
    assert parse(f'name = "a"\n{padding}').name == "a"
    with pytest.raises(SubjectInvalid, match="larger than 65,536 bytes"):
        parse(f'name = "a"\n{padding}{"#" * 20}')


def test_what_is_not_text_is_refused() -> None:
    with pytest.raises(SubjectInvalid, match="not TOML"):
        parse_subject(b'name = "\xff"', "here")


def test_a_hostile_key_neither_floods_nor_draws_in_a_terminal() -> None:
    with pytest.raises(SubjectInvalid) as refused:
        parse('name = "a"\n"\\u001b[31m' + "x" * 50_000 + '" = 1')
    assert len(refused.value.message) < 1_000
    assert "\x1b" not in refused.value.message


def test_many_invariants_are_bounded() -> None:
    each = INVARIANT.strip().replace('"errors"', '"e{}"')
    text = "\n".join(each.replace("{}", str(number)) for number in range(501))
    with pytest.raises(SubjectInvalid, match="invariant"):
        parse(f'name = "a"\n{text}')
