"""``mailer issue check``: what would fail readers, what each edition weighs, and how it looks."""

from __future__ import annotations

import email
import email.policy
import json
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.commandline import Installed, Ran


@pytest.fixture
def built(sampled: Installed) -> Installed:
    """A sample installation with two readers and a draft of the last week."""
    for name, language in (("anna", "be"), ("boris", "en")):
        address = f"{name}@example.org"
        sampled("reader", "add", address, "--language", language, "--confirmed-by-operator")
    assert sampled("issue", "build").status == 0
    return sampled


def codes(ran: Ran) -> dict[str, str]:
    """Return the findings' codes, each with its severity."""
    return {finding["code"]: finding["severity"] for finding in ran.json["findings"]}


def test_the_sample_sets_off_no_alarm(built: Installed) -> None:
    """Two weeks of texts in three languages: nothing but that mail stays here."""
    ran = built("issue", "check", "--json")

    assert (ran.status, codes(ran)) == (0, {"stays-here": "warning"})
    assert ran.json["audience"] == {"be": 1, "en": 1}
    assert ran.json["findings"][0].keys() == {"severity", "code", "message", "remedy", "where"}


def test_every_edition_is_weighed(built: Installed) -> None:
    """In the newsletter's order, in bytes for scripts and in a table for people."""
    sizes: list[dict[str, Any]] = built("issue", "check", "--json").json["sizes"]
    lines = built("issue", "check").out.decode().splitlines()

    assert [(each["edition"], each["language"], each["readers"]) for each in sizes] == [
        ("be", "be", 1),
        ("ru", "ru", 0),
        ("en", "en", 1),
    ]
    assert all(0 < each["text_bytes"] < each["html_bytes"] < each["message_bytes"] for each in sizes)
    assert lines[-4].split() == ["edition", "HTML", "kB", "text", "kB", "message", "kB", "readers"]
    parts = ("html_bytes", "text_bytes", "message_bytes")
    assert lines[-3].split() == ["be", *(f"{sizes[0][part] / 1000:.1f}" for part in parts), "1"]


def test_editions_are_written_to_look_at(built: Installed) -> None:
    """Each as HTML, text and the message itself, with whatever an editor says about the issue."""
    note = "Наступны нумар выйдзе праз [два тыдні](https://example.org/pause)."
    (built.folder / "notice.md").write_text(f"{note}\n\n- Дзякуй!\n", "utf-8")
    words = (
        "--closing-notice",
        "be=@notice.md",
        "--opening-note",
        "en=A short *note*.",
        "--subject",
        "be=Тэма",
    )
    assert built("issue", "build", *words).status == 0

    files = built("issue", "check", "--preview", "look/here", "--json").json["files"]

    folder = built.folder / "look" / "here"
    assert files == [
        f"{language}.{suffix}" for language in ("be", "ru", "en") for suffix in ("html", "txt", "eml")
    ]
    assert sorted(files) == sorted(path.name for path in folder.iterdir())
    message = email.message_from_bytes((folder / "be.eml").read_bytes(), policy=email.policy.default)
    assert message["Subject"] == "Тэма"
    assert "https://example.org/pause" in (folder / "be.html").read_text("utf-8")
    assert "Дзякуй!" in (folder / "be.txt").read_text("utf-8")
    assert "A short" in (folder / "en.txt").read_text("utf-8")
    assert not [path for path in folder.iterdir() if b"HOLE" in path.read_bytes()]


def test_an_edition_for_readers_who_borrow_is_one_of_its_own(built: Installed) -> None:
    """A topic without a Belarusian text: who asked for Russian gets it, and is counted."""
    folder = built.write_sample("2020-W01")
    (folder / "russia.be.md").unlink()
    text = folder / "russia.en.md"
    text.write_text(text.read_text("utf-8").replace("trend:", "missing.be: leave-out\ntrend:"), "utf-8")
    assert built("commentary", "import", folder).status == 0
    built("issue", "build", "--week", "2020-W01")

    sizes = built("issue", "check", "--week", "2020-W01", "--preview", "look", "--json").json["sizes"]

    assert [each["edition"] for each in sizes] == ["be", "be+ru-russia", "be+en-russia", "ru", "en"]
    assert (built.folder / "look" / "be+ru-russia.html").is_file()


def test_what_holds_an_issue_is_said_with_what_mends_it(built: Installed) -> None:
    """A link of one reader's in a text, and a machine that can't sign; status 1, and no release."""
    folder = built.write_sample("2020-W01")
    text = folder / "russia.be.md"
    text.write_text(f"{text.read_text('utf-8')}\n[Выйсці](http://127.0.0.1:8080/u/{'a' * 36})\n", "utf-8")
    assert built("commentary", "import", folder).status == 0
    built("issue", "build", "--week", "2020-W01")
    us = {"MAILER_RELAY__SIGNING": "us", "MAILER_RELAY__HOST": "mail.example.net"}

    ran = built("issue", "check", "--week", "2020-W01", environment=us)
    for_scripts = built("issue", "check", "--week", "2020-W01", "--json", environment=us)

    held = [line for line in ran.out.decode().splitlines() if line.startswith("HELD: ")]
    assert (ran.status, for_scripts.status, len(held)) == (1, 1, 3)
    assert any("[dkim] has no domain" in line and "mailer dkim new" in line for line in held)
    assert any("a link in russia.be leads to http://127.0.0.1:8080/u/" in line for line in held)
    found = {each["code"]: each for each in json.loads(for_scripts.out)["findings"]}
    assert found["not-signed"]["severity"] == found["readers-own-link"]["severity"] == "blocking"
    assert found["readers-own-link"]["where"] == "russia.be"
    assert {"links-lead-here", "sender-is-example"} <= found.keys()
    assert built("issue", "release", "--week", "2020-W01").status == 1


def test_templates_of_no_newsletter_are_told(built: Installed) -> None:
    """A folder with its name misspelt is used by nobody; it holds nothing."""
    (built.folder / "themes" / "belarus-wekly").mkdir(parents=True)

    ran = built("issue", "check", "--json")

    assert (ran.status, codes(ran)) == (0, {"stays-here": "warning", "theme": "warning"})
    (said,) = [each for each in ran.json["findings"] if each["code"] == "theme"]
    assert "themes/belarus-wekly belongs to no newsletter (did you mean “belarus-weekly”?)" in said["message"]


@pytest.mark.parametrize("name", ["mailer.toml", "mailer.toml/look"])
def test_a_folder_that_can_not_be_written_is_refused(built: Installed, name: str) -> None:
    """In one sentence."""
    assert "name a folder of your own after --preview" in built("issue", "check", "--preview", name).refusal()


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("be=@nowhere.md", "--closing-notice: nowhere.md can’t be read"),
        ("be=@data", "--closing-notice: data can’t be read"),
        ("be=@damaged.md", "damaged.md"),
        ("be", "--closing-notice: “be” names no language"),
    ],
)
def test_a_note_that_can_not_be_read_is_refused(built: Installed, value: str, sentence: str) -> None:
    """With the file's name, and nothing is changed."""
    Path(built.folder / "damaged.md").write_bytes("Дзякуй".encode("cp1251"))
    before = built.dump()

    ran = built("issue", "build", "--closing-notice", value)

    assert sentence in ran.refusal()
    assert built.dump() == before
