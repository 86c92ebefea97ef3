"""What the relay answers is decided by the script alone, and the same way every time."""

from __future__ import annotations

import contextlib
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.errors import InputError
from mailer.outbox.script import Action, Rule, Script, Stage, Tally, decide, parse_script


def play(script: Script, *addresses: str, stage: Stage = Stage.RCPT) -> list[str]:
    """Say what each address in turn hears; "" where nothing special happens."""
    spoken: Counter[Tally] = Counter()
    heard = []
    for address in addresses:
        verdict = decide(script, spoken, stage=stage, address=address)
        if verdict:
            spoken[verdict.tally] += 1
        heard.append(verdict.rule.action.value if verdict else "")
    return heard


def test_a_rule_without_times_applies_always() -> None:
    """Without TIMES a recipient is refused at every try."""
    script = parse_script("rcpt gone@example.org refuse", "test")

    heard = play(script, "gone@example.org", "gone@example.org", "here@example.org")

    assert heard == ["refuse", "refuse", ""]


def test_times_are_counted_for_each_address() -> None:
    """A rule that applies twice greets each address of its glob twice."""
    script = parse_script("rcpt *@example.org defer 2", "test")

    heard = play(script, *["a@example.org"] * 3, *["b@example.org"] * 3)

    assert heard == ["defer", "defer", "", "defer", "defer", ""]


def test_the_next_rule_speaks_when_the_first_is_spent() -> None:
    """Two rules for one address make a story: deferred once, then refused."""
    script = parse_script("rcpt a@example.org defer 1\nrcpt a@example.org refuse", "test")

    heard = play(script, "a@example.org", "a@example.org", "a@example.org")

    assert heard == ["defer", "refuse", "refuse"]


def test_accept_shields_an_address_from_later_rules() -> None:
    """What is accepted by name is not caught by a glob below."""
    script = parse_script("rcpt vip@example.org accept\nrcpt * refuse", "test")

    heard = play(script, "vip@example.org", "a@example.org")

    assert heard == ["accept", "refuse"]


def test_case_does_not_matter() -> None:
    """Neither the case of the script nor that of the client decides."""
    script = parse_script("RCPT Anna@Example.org REFUSE", "test")

    heard = play(script, "aNNa@example.ORG")

    assert heard == ["refuse"]


def test_a_rule_speaks_at_its_stage_only() -> None:
    """A rule for DATA is silent at RCPT."""
    script = parse_script("data * defer", "test")

    assert play(script, "a@example.org") == [""]
    assert play(script, "a@example.org", stage=Stage.DATA) == ["defer"]


LINES = [
    ("rcpt gone@example.org refuse", Rule(Stage.RCPT, "gone@example.org", Action.REFUSE)),
    (
        "rcpt *@slow.example defer 2 451 4.7.1 Greylisted",
        Rule(Stage.RCPT, "*@slow.example", Action.DEFER, "451 4.7.1 Greylisted", 2),
    ),
    ("  rcpt   *\tdefer 421 Busy  ", Rule(Stage.RCPT, "*", Action.DEFER, "421 Busy")),
    ("connect * drop 1", Rule(Stage.CONNECT, "*", Action.DROP, "", 1)),
    ("after-dot * hang", Rule(Stage.AFTER_DOT, "*", Action.HANG)),
    ("mail <> refuse 550 No bounces", Rule(Stage.MAIL, "<>", Action.REFUSE, "550 No bounces")),
]


@pytest.mark.parametrize(("line", "rule"), LINES)
def test_a_line_is_read(line: str, rule: Rule) -> None:
    """Each form of a line gives the rule it says."""
    assert parse_script(line, "test") == (rule,)


def test_comments_and_empty_lines_are_passed_over() -> None:
    """A script may explain itself."""
    assert parse_script("# why\n\n   # more\n", "test") == ()


BAD_LINES = [
    ("rcpt a@example.org", "at least three words"),
    ("rctp a@example.org defer", "did you mean “rcpt”"),
    ("rcpt a@example.org defr", "did you mean “defer”"),
    ("connect a@example.org drop", "write *"),
    ("rcpt * defer 0", "0 times"),
    ("rcpt * defer 550 No", "451 4.3.0"),
    ("rcpt * refuse 2 451 Later", "554 5.7.1"),
    ("rcpt * defer 451", "a code and a text"),
    ("rcpt * defer 200", "TIMES from 1 to 199"),
    ("rcpt * hang 1 451 Later", "no reply of its own"),
    ("rcpt * refuse 550 Няма", "plain ASCII"),
    ("rcpt * refuse 550 " + "x" * 600, "plain ASCII"),
]


@pytest.mark.parametrize(("line", "advice"), BAD_LINES)
def test_a_bad_line_is_named_with_what_to_write(line: str, advice: str) -> None:
    """The message names place and line and says what to write instead."""
    with pytest.raises(InputError) as raised:
        parse_script(f"# first\n{line}", "faults.txt")

    (problem,) = raised.value.problems
    assert (problem.place, problem.line) == ("faults.txt", 2)
    assert advice in problem.message


def test_all_bad_lines_are_named_at_once() -> None:
    """Nobody mends a script one line at a time."""
    with pytest.raises(InputError) as raised:
        parse_script("a\nrcpt * defer\nb", "faults.txt")

    assert [problem.line for problem in raised.value.problems] == [1, 3]


@given(st.text())
def test_any_text_is_a_script_or_an_input_error(text: str) -> None:
    """Nothing but InputError comes out of a script somebody wrote."""
    with contextlib.suppress(InputError):
        parse_script(text, "test")


@pytest.mark.parametrize("stage", list(Stage))
@pytest.mark.parametrize(("action", "digit"), [(Action.DEFER, "4"), (Action.REFUSE, "5")])
def test_every_stage_has_a_usual_reply(stage: Stage, action: Action, digit: str) -> None:
    """A rule without a reply gives one of the right kind."""
    answer = Rule(stage, "*", action).answer

    assert answer[0] == digit
    assert answer[3] == " "


@pytest.mark.parametrize("action", [Action.ACCEPT, Action.HANG, Action.DROP])
def test_other_actions_say_nothing(action: Action) -> None:
    """What does not reply has no reply."""
    assert not Rule(Stage.RCPT, "*", action).answer
