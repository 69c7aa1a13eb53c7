"""Alert rules of Prometheus as invariants, among them hostile files."""

from __future__ import annotations

import time

import pytest

from harness.care.invariants.alert_rules import read_rules
from harness.care.invariants.promql import Comparison, find_comparison
from harness.care.invariants.yaml_file import MAX_BYTES, read_yaml
from harness.contracts.errors import RulesInvalid

FILE = """
groups:
  - name: api
    interval: 30s
    rules:
      - record: job:errors:rate5m
        expr: sum by (job) (rate(errors[5m]))
      - alert: HighErrorRate
        expr: job:errors:rate5m{job="a > b"} > 0.05
        for: 10m
        keep_firing_for: 1h30m
        labels: {severity: page, team: shop}
        annotations: {summary: "Errors of {{ $labels.job }} \\e[31m"}
      - alert: TargetDown
        expr: |
          up == 0 and on (job) (active == 1) # why
      - alert: Full
        expr: (10 <= free)
        labels: {severity: critical}
      - alert: Full
        expr: free < 0x20
        labels: {severity: warning}
"""


def test_a_file_is_read() -> None:
    recorded, errors, down, full, fuller = read_rules(FILE)
    assert (recorded.rule, recorded.invariant) == ("job:errors:rate5m", None)
    assert recorded.reason.startswith("a recording rule")
    assert errors.invariant is not None and down.invariant is not None
    made = errors.invariant
    assert made.condition == 'job:errors:rate5m{job="a > b"} <= 0.05'
    assert (made.name, made.severity, made.no_data) == ("high-error-rate", "critical", "holds")
    assert (made.for_seconds, made.keep_seconds, made.window_seconds) == (600, 5_400, 5_400)
    assert made.summary.startswith("Errors of {{ $labels.job }}") and "\x1b" not in made.summary
    assert down.invariant.condition == (
        "count(\nup == 0 and on (job) (active == 1) # why\n) or vector(0) == 0"
    )
    assert full.invariant is not None and full.invariant.condition == "free < 10"
    assert fuller.invariant is not None and fuller.invariant.condition == "free >= 32"
    assert [full.invariant.name, fuller.invariant.name] == ["full-critical", "full-warning"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("up == 0", ("up", "==", 0.0)),
        ("  up\n  < -1.5e3 # low", ("up", "<", -1500.0)),
        ("up < -1.5e3", ("up", "<", -1500.0)),
        ("0.5 < up", ("up", ">", 0.5)),
        ("((up > 1))", ("up", ">", 1.0)),
        ("(a) + (b) > 1", ("(a) + (b)", ">", 1.0)),
        ('up{a="(\\">"} >= 2', ('up{a="(\\">"}', ">=", 2.0)),
        ("up{a='==', b=`>`} != 2", ("up{a='==', b=`>`}", "!=", 2.0)),
        ("max(a > 1) > 2", ("max(a > 1)", ">", 2.0)),
        ("up # > 3\n> 1", ("up # > 3", ">", 1.0)),
        ("up > bool 0", None),
        ("up > 0 and up < 5", None),
        ("up > 0 OR up < 5", None),
        ("up > 0 unless b", None),
        ("up > 1 < 2", None),
        ("up > on (job) b", None),
        ("up > Inf", None),
        ("up > 1e999", None),
        ("1 > 2", None),
        ("absent(up)", None),
        ("rate(a[5m]", None),
        ("a) > 1", None),
        ("", None),
        ('up{a="} > 1', None),
        ("(" * 30 + "up > 1" + ")" * 30, None),
    ],
)
def test_the_outermost_comparison(text: str, wanted: Comparison | None) -> None:
    assert find_comparison(text) == wanted


def test_long_expressions_take_no_longer() -> None:
    for text in ("(" * 20_000, "up > " * 4_000, '"' * 20_000, "#" * 20_000, "0x" * 10_000):
        find_comparison(text)  # within the budget of this layer


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("alert: A", "it has no expr"),
        ("alert: A\n        expr: ''", "it has no expr"),
        ("alert: A\n        expr: [up]", "it has no expr"),
        ("alert: '!!'\n        expr: up > 1", "no name with letters"),
        ("expr: up > 1", "no name with letters"),
        ("alert: A\n        expr: up > 1\n        for: soon", "for: 'soon' is not a time"),
        ("alert: A\n        expr: up > 1\n        for: 3d", "for_seconds"),
        ("alert: A\n        expr: up > 1\n        keep_firing_for: 2d", "keep_seconds"),
        ("alert: A\n        expr: " + "x" * 20_001, "query"),
    ],
)
def test_what_cannot_be_imported_says_why(rule: str, reason: str) -> None:
    [found] = read_rules(f"groups:\n  - name: a\n    rules:\n      - {rule}\n")
    assert found.invariant is None
    assert reason in found.reason


BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no rules"),
        ("[]", "not a mapping"),
        ("groups: 5", "groups is not a list"),
        ("groups: [5]", "A group is not a mapping"),
        ("groups: [{rules: {}}]", "rules is not a list"),
        ("groups: [{rules: [a]}]", "A rule is not a mapping"),
        ("groups: [{name: a, rules: []}]", "no rules"),
        ("groups: [{rules: [{alert: A, expr: up > 1, labels: [a]}]}]", "labels is not a mapping"),
        ("a: [", "not YAML"),
        ("a: \x00", "not YAML"),
        ("a: b\n\tc: d", "not YAML"),
        (BOMB, "an alias"),
        ("<<: {a: b}\na: !!python/object/apply:os.system [ls]", "the type"),
        ("a: !!binary aGk=", "the type"),
        ("a: 1\na: 2", "the key 'a' twice"),
        ("? [a]\n: b", "a key that is not a text"),
        ("[" * 5_000, "more than 20 levels"),
        ("- a\n" * 200_000, "more than 100,000 parts"),
        ("x" * (MAX_BYTES + 1), "larger than 1 MB"),
        ("é" * MAX_BYTES, "larger than 1 MB"),
        ("groups: [{rules: [" + "{record: a}, " * 1_001 + "]}]", "more than 1,000 rules"),
    ],
)
def test_what_is_no_file_of_rules(text: str, words: str) -> None:
    begun = time.process_time()
    with pytest.raises(RulesInvalid, match=words) as refused:
        read_rules(text)
    assert time.process_time() - begun < 5
    assert refused.value.message.isprintable() and len(refused.value.message) < 600


def test_scalars_are_texts() -> None:
    assert read_yaml("[1, true, ~, 2020-01-01, 'a', 0x1f, .inf]") == [
        ["1", "true", "~", "2020-01-01", "a", "0x1f", ".inf"]
    ]


def test_a_resource_of_kubernetes_and_several_documents() -> None:
    indented = "\n".join(f"  {line}" for line in FILE.splitlines())
    rules = read_rules(f"kind: PrometheusRule\nspec:\n{indented}\n---\n{FILE}")
    names = [each.invariant.name for each in rules if each.invariant]
    assert len(rules) == 10 and len(set(names)) == 8 and "target-down-2" in names
