"""What a person reads first, and what a script reads always."""

from __future__ import annotations

import json

import pytest

from tests.acceptance.commandline import CommandLine, Installed

VERBS = {
    "": [
        *("demo", "init", "serve", "schedule", "books"),
        *("newsletter", "commentary", "issue", "reader", "relay", "dkim", "operator", "sending", "db"),
    ],
    "newsletter": ["import", "export", "form"],
    "commentary": ["new", "import"],
    "issue": [
        *("build", "check", "show", "release", "stats", "preview"),
        *("pause", "resume", "cancel", "retry", "test"),
    ],
    "reader": ["add", "show", "erase", "import", "invite", "export"],
    "relay": ["test"],
    "dkim": ["new", "show"],
    "operator": ["password"],
    "sending": ["allow"],
    "db": ["upgrade"],
}


@pytest.mark.parametrize("group", VERBS)
def test_every_verb_is_listed_in_a_whole_sentence(mailer: CommandLine, group: str) -> None:
    """On a terminal of 80 letters nothing is cut off."""
    ran = mailer(*group.split(), "--help")

    listed = ran.out.decode().partition("Commands:\n")[2].splitlines()
    assert (ran.status, ran.err) == (0, "")
    assert {line.split()[0] for line in listed if not line.startswith("   ")} >= set(VERBS[group])
    assert not [line for line in listed if line.endswith("...")]


@pytest.mark.parametrize(
    "verb", [f"{group} {verb}".strip() for group, verbs in VERBS.items() for verb in verbs]
)
def test_every_verb_explains_itself(mailer: CommandLine, verb: str) -> None:
    """Each option has a line that says what it is for, and none shows the name of a type."""
    ran = mailer(*verb.split(), "--help")

    options = ran.out.decode().partition("Options:\n")[2]
    assert ran.status == 0
    assert f"Usage: mailer {verb}" in ran.out.decode()
    for foreign in ("<str>", "<path>", "<int", "list["):
        assert foreign not in options


def test_the_version_is_one_line(mailer: CommandLine) -> None:
    """It needs no installation."""
    assert mailer("--version").out == b"mailer 0.1.0\n"


def test_a_group_without_a_verb_shows_its_help(mailer: CommandLine) -> None:
    """On standard error, because nothing was asked for."""
    ran = mailer("issue")

    assert (ran.status, ran.out) == (2, b"")
    assert "Commands:" in ran.err


def test_every_json_is_one_object_and_nothing_else(installed: Installed) -> None:
    """Scripts may read standard output whole; UTF-8 whatever the terminal's letters are."""
    installed.write_sample()
    verbs = [
        f"commentary new texts --week {installed.week}",
        f"commentary import {installed.week}",
        "newsletter import newsletter.toml",
        "issue build",
        "issue build --subject be=Тэма",
        "issue show",
        "issue show --issue 1",
        "issue check",
        "issue stats",
    ]
    koi8 = {"PYTHONIOENCODING": "koi8-r"}

    answers = [installed(*verb.split(), "--json", environment=koi8).json for verb in verbs]

    assert [answer.get("state") for answer in answers[3:]] == ["draft"] * 6
    assert answers[-1]["books_balance"] is True
    assert list(answers[-1]["languages"]) == ["be", "ru", "en"]


def test_check_tells_a_script_by_its_status(installed: Installed) -> None:
    """1 while something holds the issue, with the findings on standard output all the same."""
    installed("issue", "build")

    ran = installed("issue", "check", "--json")

    assert ran.status == 1
    findings = json.loads(ran.out)["findings"]
    assert {finding["severity"] for finding in findings} == {"blocking", "warning"}


def test_an_issue_is_shown_as_people_read(installed: Installed) -> None:
    """Topics in order with trend and languages, then what holds it and what to do."""
    installed("commentary", "import", installed.write_sample())

    lines = installed("issue", "build").out.decode().splitlines()

    assert lines[0] == f"belarus-weekly {installed.week} (issue 1): draft"
    assert lines[1].split() == ["elite", "unchanged", "be,", "en,", "ru"]
    assert lines[-1].startswith("HELD: no reader has confirmed a subscription yet: sign up")
