"""care/rules: the reasons that people read. They say what it has seen, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from harness.care.rules.model import decide
from harness.contracts.message import Message, ToolCall, ToolResult, user_message

PROMPT = """\
Ticket a1: up is broken
Subject: greeter. Greets Ada.
Metrics: {job="greeter"}. Logs: none.
You may edit: service.py, runbooks/*.md.
Runbooks are in runbooks: see find_runbooks.
"""
UP = (
    "bad-greetings: holds, value 0; must be: sum(rate(bad[10s])) < 1\n"
    'up: broken since 2030-01-01T10:20:05Z, value 0; must be: up{job="greeter"} == 1'
)
FIGURES = (
    'up{job="greeter"}: last 0, least 0, most 1, mean 0.968, p95 1\n'
    "  changed at 10:19:58Z from 1 to 0 (-19 standard errors)"
)
GREET, CARE, LOOK, REVERT = ("1" * 40, "2" * 40, "3" * 40, "4" * 40)
FIRST = f"2030-01-01T10:05:00Z commit {GREET} by me: Greet\n  the first commit; changes service.py"
UNDER_CARE = f"2030-01-01T10:19:00Z commit {CARE} by me: Put it under care\n  changes subject.toml"
CHANGES = "\n".join([
    f"2030-01-01T10:15:30Z commit {REVERT} by harness care: Revert {LOOK[:12]}: since then\n"
    "  changes service.py",
    f"2030-01-01T10:15:00Z commit {LOOK} by me: Look names up\n  changes service.py",
    UNDER_CARE, FIRST,
])  # fmt: skip
RESULTS: Mapping[str, str] = {
    "list_invariants": UP, "list_changes": CHANGES, "query_metrics": FIGURES,
    "find_runbooks": "There are no runbooks.", "note_hypothesis": "Noted (likely).",
    "restart_subject": '{"change": "c", "state": "done", "held": []}',
    "propose_runbook": "Proposed.", "run_tests": "exit code 0", "deploy_change": "{}",
    "propose_revert": f"commit {'9' * 40}\n-1\n+0",
}  # fmt: skip
Made = list[tuple[str, dict[str, object]]]


def work(prompt: str = PROMPT, **others: str) -> tuple[Made, str]:
    """Let it work until it ends: its calls, and its last words. A result that begins with `!` is a
    failure."""
    messages, made = [user_message(prompt)], Made()
    while len(made) < 20:
        text, call = decide(messages)
        if call is None:
            return made, text
        name, arguments = call[0], dict(call[1])
        made.append((name, arguments))
        said = {**RESULTS, **others}[name]
        asked = ToolCall(id=f"c{len(made)}", name=name, arguments=arguments)
        result = ToolResult(
            call=asked.id, name=name, content=said.removeprefix("!"), error=said[:1] == "!" or None
        )
        messages += [
            Message(role="assistant", parts=(asked,)), Message(role="tool", parts=(result,)),
        ]  # fmt: skip
    raise AssertionError(f"it does not end: {made}")


def find_notes(made: Made) -> list[tuple[object, object]]:
    return [
        (said["hypothesis"], said["verdict"]) for name, said in made if name == "note_hypothesis"
    ]


def find_call(made: Made, wanted: str) -> dict[str, object]:
    [found] = [said for name, said in made if name == wanted]
    return found


def test_a_process_that_died_is_restarted_for_a_reason_that_people_can_read() -> None:
    made, text = work()
    assert find_notes(made) == [("The process does not answer: up does not hold.", "likely")]
    names = [name for name, _ in made]
    assert names.index("note_hypothesis") < names.index("restart_subject")
    noted = str(find_call(made, "note_hypothesis")["evidence_for"])
    reason = str(find_call(made, "restart_subject")["reason"])
    for told in (noted, reason):
        assert "up is broken since 2030-01-01T10:20:05Z: it is 0, and must be == 1." in told
        assert f"{CARE[:12]} changes only subject.toml, which the service does not run" in told
        assert f"{LOOK[:12]} was reverted by {REVERT[:12]}" in told
    assert "changed at 10:19:58Z from 1 to 0" in noted
    assert "I restarted the service" in text and "no commit" not in text
    assert f"{CARE[:12]} changes only subject.toml" in text


def test_the_runbook_says_what_was_seen() -> None:
    runbook = find_call(work()[0], "propose_runbook")
    assert (runbook["title"], runbook["invariant"]) == ("The process does not answer: up", "up")
    text = str(runbook["text"])
    assert "no commit was made" not in text.lower()
    assert (
        f"No commit that was made in the hour before it broke is a likely cause: {REVERT[:12]}"
        in text
    )
    assert '\n    up{job="greeter"}\n' in text and "add a line `if:`" in text
    nothing = "Nothing was changed in the last day."
    text = str(find_call(work(list_changes=nothing)[0], "propose_runbook")["text"])
    assert "No commit was made in the hour before it broke." in text
    failed = str(find_call(work(list_changes="!git failed")[0], "restart_subject")["reason"])
    assert failed.endswith("Which commits were made before is not known.")


@pytest.mark.parametrize(
    ("changes", "blamed"),
    [
        (FIRST, False),
        (UNDER_CARE, False),
        (UNDER_CARE.replace("subject.toml", "runbooks/a.md, README.md"), False),
        (UNDER_CARE.replace("subject.toml", "subject.toml, service.py"), True),
        (UNDER_CARE.replace("subject.toml", "a, b, c, d, e, f and 2 more"), True),
        (UNDER_CARE.replace("subject.toml", "subject.toml and 2 more"), True),
        (UNDER_CARE.split("\n")[0], True),  # of an earlier version
        (UNDER_CARE.replace("subject.toml", "service.py").replace("10:19", "10:14"), False),
    ],
)  # fmt: skip
def test_what_can_let_a_process_die(changes: str, blamed: bool) -> None:
    made, _ = work(list_changes=changes)
    assert ("propose_revert" in [name for name, _ in made]) == blamed
    assert ("restart_subject" in [name for name, _ in made]) != blamed


def test_a_long_wait_before_it_counts_as_broken_clears_no_commit() -> None:
    """What matters is when the process stopped, not when its invariant was long enough bad."""
    late = UP.replace("10:20:05Z", "10:40:00Z")
    commit = UNDER_CARE.replace("subject.toml", "service.py")
    assert "propose_revert" in dict(work(list_invariants=late, list_changes=commit)[0])
    # That the service started before is not when it stopped.
    started = FIGURES.replace("10:19:58Z from 1 to 0", "10:10:00Z from 0 to 1")
    made, _ = work(list_invariants=late, list_changes=commit, query_metrics=started)
    assert "restart_subject" in dict(made)


REFUSED = "!subject.toml may not be changed."
SUSPECT = UNDER_CARE.replace("subject.toml", "subject.toml, service.py")


def test_a_hypothesis_that_is_given_up_is_refuted() -> None:
    made, text = work(list_changes=SUSPECT, propose_revert=REFUSED)
    blamed = f"The commit {CARE[:12]} broke up."
    stopped = "The process does not answer: up does not hold."
    assert find_notes(made) == [
        (blamed, "likely"), (blamed, "open"), (stopped, "likely"), (blamed, "refuted"),
    ]  # fmt: skip
    against = [said.get("evidence_against") for name, said in made if name == "note_hypothesis"]
    assert "cannot be reverted: subject.toml may not be changed." in str(against[1])
    assert against[3] == f"After a restart the service is healthy with {CARE[:12]}."
    assert "may be the cause, but it cannot be" in str(find_call(made, "restart_subject")["reason"])
    assert f"{CARE[:12]}, which was made before, is not the cause" in text


def test_a_restart_that_did_not_help_refutes_nothing() -> None:
    failed = "!greeter is not healthy"
    made, text = work(list_changes=SUSPECT, propose_revert=REFUSED, restart_subject=failed)
    assert [verdict for _, verdict in find_notes(made)] == ["likely", "open", "likely"]
    assert "No restart helped: greeter is not healthy" in text
    broken = UP.replace("up: broken", "up: holds").replace(
        "bad-greetings: holds", "bad-greetings: broken"
    )
    made, text = work(list_invariants=broken, list_changes=SUSPECT, propose_revert=REFUSED)
    assert [verdict for _, verdict in find_notes(made)] == ["likely", "open"]
    assert "cannot be reverted: subject.toml" in text and "A person has to look" in text


def test_its_words_fit_the_tools() -> None:
    """However long names and queries are."""
    long = UP.replace('up{job="greeter"}', 'up{job="greeter"} + ' + "x" * 4_000)
    changes = "\n".join(
        UNDER_CARE.replace("2" * 40, f"{number:040}").replace("by me", f"by {'m' * 80}")
        for number in range(40)
    )
    made, _ = work(list_invariants=long, list_changes=changes, query_metrics="x" * 9_000)
    for _, said in made:
        assert all(len(str(value)) <= 2_000 for key, value in said.items() if key != "query")
    assert str(find_call(made, "propose_runbook")["text"]).endswith("to the head.\n")
    assert "and 36 more" in str(find_call(made, "restart_subject")["reason"])


def test_what_holds_too_much_memory_is_called_so() -> None:
    memory = (
        "memory: broken since 2030-01-01T10:20:05Z, value 260M; must be: "
        "process_resident_memory_bytes < 2.5e+08"
    )
    prompt = PROMPT.replace("up is broken", "memory is broken")
    made, _ = work(prompt, list_invariants=memory, list_changes="Nothing was changed.")
    assert (
        find_call(made, "propose_runbook")["title"] == "The process holds too much memory: memory"
    )
    assert not re.search("answer", str(find_call(made, "restart_subject")["reason"]))
    # Memory fills slowly: the whole hour counts.
    early = UNDER_CARE.replace("subject.toml", "service.py").replace("10:19", "09:30")
    made, _ = work(prompt, list_invariants=memory, list_changes=early)
    assert "propose_revert" in dict(made)
