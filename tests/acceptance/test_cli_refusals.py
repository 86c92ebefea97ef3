"""Whatever is typed wrongly gets one sentence that says what to do, status 1 or 2, and changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.commandline import CommandLine, Installed


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ("frobnicate", 2, "no such command 'frobnicate'; “mailer --help” lists what it takes"),
        ("isue build", 2, "no such command 'isue' (did you mean 'issue'?); “mailer --help” lists"),
        ("issue bild", 2, "no such command 'bild' (did you mean 'build'?); “mailer issue --help” lists"),
        ("init a b", 2, "extra argument(s) (b); “mailer init --help”"),
        ("--settings", 2, "option '--settings' requires an argument; write it behind"),
        ("--log loud issue show", 2, "--log: 'loud' is not one of 'debug', 'info'"),
        (
            "--settings nowhere issue show",
            2,
            "nowhere is not there; go to the folder that “mailer init” made",
        ),
        ("demo --readers 0", 2, "--readers: write a number that is at least 1"),
        ("demo --readers many", 2, "--readers: write a whole number"),
        ("demo --host 203.0.113.9", 2, "can't listen on 203.0.113.9"),
        ("demo --host nowhere.invalid", 2, "write an address of this machine, as 127.0.0.1"),
        ("newsletter import", 2, "missing argument 'FILE'"),
        ("newsletter import nowhere.toml", 2, "nowhere.toml can't be read (No such file"),
        ("newsletter import .", 2, ". can't be read (Is a directory); name a newsletter.toml"),
        ("newsletter import /dev/zero", 1, "the file is larger than 256 kB"),
        ("newsletter export --newsletter nope", 1, "no newsletter “nope”; known: belarus-weekly"),
        ("newsletter export --newsletter belarus-weakly", 1, "did you mean “belarus-weekly”?"),
        ("commentary import", 2, "missing argument 'PATH…'"),
        ("commentary import nowhere", 1, "nowhere: there is no such file or folder; check the name"),
        ("commentary import data", 1, "data: there is no file ending in .md in this folder"),
        ("commentary import /dev/null", 1, "this is neither a file nor a folder"),
        ("commentary new --week 2026-W60", 2, "--week: “2026-W60” is not a week; write it as 2026-W47"),
        ("issue show", 1, "no issue for WEEK yet; run “mailer issue build --week WEEK”"),
        ("issue show --week soon", 2, "--week: “soon” is not a week"),
        ("issue show --week 2026-11", 2, "--week: “2026-11” is not one week; write it as 2026-W47"),
        ("issue show --week 2026-02-30", 2, "“2026-02-30” is not a week"),
        ("issue show --week 0000-W01", 2, "“0000-W01” is not a week"),
        ("issue show --week 9999-W52", 2, "“9999-W52” is not a week"),
        ("issue show --week=", 2, "“” is not a week"),
        ("issue show --issue 999", 1, "there is no issue 999; name the week instead"),
        ("issue show --issue 0", 2, "--issue: write a number that is at least 1"),
        ("issue show --issue 99999999999999999999", 2, "--issue: write a number that is at most"),
        ("issue show --issue first", 2, "--issue: write a whole number"),
        ("issue show --issue 1 --week 2026-W40", 2, "--issue and --week both say which issue"),
        ("issue check --issue 1 --week last", 2, "--issue and --week both say which issue"),
        ("issue check --preview=", 2, "--preview names no folder; write one, as --preview look"),
        ("issue preview --sample --week last", 2, "--sample is one issue of its own; leave out --week"),
        ("issue preview --sample --newsletter belarus-weekly", 2, "--sample is one issue of its own"),
        ("issue show --newsletter nope", 1, "no newsletter “nope”; known: belarus-weekly"),
        ("issue check", 1, "no issue for WEEK yet"),
        ("issue stats", 1, "no issue for WEEK yet"),
        ("issue release", 1, "no issue for WEEK yet"),
        ("issue release --json", 1, "no issue for WEEK yet"),
        ("issue build --newsletter nope", 1, "no newsletter “nope”"),
        ("issue build --subject words", 2, '--subject: “words” names no language; write it as "be=TEXT"'),
        (
            "issue build --subject pl=words",
            2,
            "--subject: language “pl” is not known; write one of be, ru, en",
        ),
        ("issue build --opening-note ru=a --opening-note ru=b", 2, "--opening-note: there are two texts for"),
        ("issue preview --language pl", 2, "--language: language “pl” is not known; write one of be, ru, en"),
        ("issue preview --format pdf", 2, "“pdf” is not known; write one of html, text, message"),
        ("issue preview", 1, "no issue for WEEK yet"),
        (
            "issue preview --sample --reader nobody",
            2,
            "--reader: this is not an e-mail address; write one, as",
        ),
    ],
)
def test_what_is_typed_wrongly_gets_one_sentence(
    installed: Installed, arguments: str, status: int, said: str
) -> None:
    """The sentence says what to write instead, the status is stable, and nothing is written anywhere."""
    before = installed.everything()

    ran = installed(*arguments.split(" "))

    assert said.replace("WEEK", installed.week) in ran.refusal()
    assert ran.status == status
    assert installed.everything() == before


def test_an_argument_that_is_no_text_is_named(installed: Installed) -> None:
    """Bytes that are not UTF-8, pasted from an old terminal, are refused before anything is looked up."""
    assert "“\\udcff” is not UTF-8" in installed("issue", "show", "--newsletter", "\udcff").refusal()


def test_a_subject_of_two_lines_is_refused(installed: Installed) -> None:
    """A line end in a subject would be a header of somebody's own."""
    ran = installed("issue", "build", "--subject", "be=Тэма\nBcc: x@example.org")

    assert "--subject: the text for “be” must be one line" in ran.refusal()


def test_an_empty_draft_is_held_for_both_reasons(installed: Installed) -> None:
    """A release without texts and readers names each thing to mend, with its remedy, and freezes nothing."""
    built = installed("issue", "build").status
    before = installed.dump()

    ran = installed("issue", "release")

    lines = ran.err.splitlines()
    assert (built, ran.status, ran.out) == (0, 1, b"")
    assert lines[0] == "mailer: the issue is held until this is mended:"
    assert "import texts with “state: ready”" in lines[1]
    assert "no reader has confirmed a subscription yet: sign up" in lines[2]
    assert [line for line in installed.dump() if "node" not in line] == [
        line for line in before if "node" not in line
    ]


def test_a_preview_of_nothing_says_so(installed: Installed) -> None:
    """An empty edition goes to nobody, so none is shown."""
    installed("issue", "build")

    assert "nothing to show in be: no text is ready" in installed("issue", "preview").refusal()


def test_without_settings_every_verb_says_where_to_go(mailer: CommandLine, tmp_path: Path) -> None:
    """In a folder that is no installation nothing is made."""
    verbs = ["serve", "newsletter export", "commentary new", "issue build", "issue release", "db upgrade"]

    said = {mailer(*verb.split(), folder=tmp_path).refusal() for verb in verbs}

    assert said == {
        "mailer.toml is not there; go to the folder that “mailer init” made, or add --settings FILE"
    }
    assert list(tmp_path.iterdir()) == []


def test_init_without_an_answer_writes_nothing(mailer: CommandLine, tmp_path: Path) -> None:
    """In a script without --yes nobody can answer."""
    ran = mailer("init", tmp_path / "new")

    assert "nobody is at a terminal to answer, so nothing was done; add --yes" in ran.err
    assert ran.status == 1
    assert list(tmp_path.iterdir()) == []
