"""Hostile words, through import, build and check: refused with the place named, or shown as mere words."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.acceptance.commandline import Installed

QUOTES = "> " * 3000 + "x"
LISTS = "\n".join("  " * level + "- x" for level in range(60))
DEEP = "quotes and lists stand inside each other here, deeper than a mail can show"

# Each kind: what takes the place of the headline, what follows the text, and what is said of the file.
REFUSED = {
    "a line end in a headline": ("Minsk\r\nBcc: x@example.org", "", "line 4: “Bcc” is not a known key"),
    "a turned direction in a headline": (
        "Minsk \u202eabc",
        "",
        "line 3: this line holds a character that can’t",
    ),
    "a turned direction": ("Minsk", "one\n\ntwo \u202e", "line 9: this line holds a character that can’t"),
    "a body of 2 MB": ("Minsk", "a" * 2_000_000, "the file is larger than 256 kB"),
    "3,000 quotes": ("Minsk", f"one\n\n{QUOTES}", f"line 9: {DEEP}"),
    "a list of 60 levels": ("Minsk", f"one\n\n{LISTS}", f"line 17: {DEEP}"),
}
WORDS = (
    "<script>alert(1)</script>",
    "<style>* {display: none}</style>",
    "<p onclick=alert(1)>x</p>",
    '<svg onload="alert(1)"><use href="#x"/></svg>',
    "{{ 7 * 7 }}",
    "{% include 'secret' %}",
)
SCRIPTS = ("javascript:alert(1)", "JavaScript:alert('a b')", "vbscript:x(1)", "data:text/html,x(1)")


class Seen(HTMLParser):
    """The words of a page that are shown, its elements, and whatever could act."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.acts: list[str] = []
        self.words = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the name and what acts."""
        self.tags.add(tag)
        self.acts += [name for name, _ in attrs if name.startswith("on")]
        self.acts += [
            str(value)
            for _, value in attrs
            if re.match(r"\s*(javascript|vbscript|data):", value or "", re.IGNORECASE)
        ]

    def handle_data(self, data: str) -> None:
        """Gather it."""
        self.words += data


def file_of(headline: str, body: str) -> bytes:
    return f"---\ntrend: improved\nheadline: {headline}\nstate: ready\n---\nFirst.\n{body}\n".encode()


def test_every_kind_in_a_file_is_refused_with_its_line(sampled: Installed) -> None:
    """All at once, each by its file and line; nothing is stored."""
    folder = sampled.folder / "2020-W01"
    folder.mkdir()
    cells = [f"{topic}.{language}.md" for topic in ("russia", "west", "elite") for language in ("be", "en")]
    for name, (headline, body, _) in zip(cells, REFUSED.values(), strict=True):
        (folder / name).write_bytes(file_of(headline, body))
    before = sampled.dump()

    ran = sampled("commentary", "import", folder)

    assert (ran.status, ran.out) == (1, b"")
    for name, (kind, (_, _, said)) in zip(cells, REFUSED.items(), strict=True):
        place = f"{folder.name}/{name}"
        assert any(
            f"{place}{', ' if said.startswith('line') else ': '}{said}" in line
            for line in ran.err.splitlines()
        ), kind
    assert sampled.dump() == before


@pytest.mark.parametrize("option", ["--subject", "--preheader", "--opening-note", "--closing-notice"])
def test_every_kind_in_the_command_lines_words_is_refused_with_its_option(
    sampled: Installed, option: str
) -> None:
    """Notes name the line too, for they are Markdown."""
    is_note = option in {"--opening-note", "--closing-notice"}
    kinds = {
        "\u202eabc": "holds a character that can’t be printed (U+202E at position 1)",
        "a" * 100_000: "larger than 20 kB" if is_note else "has 100000 characters",
        **({QUOTES: f"line 1: {DEEP}", LISTS: f"line 9: {DEEP}"} if is_note else {}),
        **({} if is_note else {"Minsk\r\nBcc: x@example.org": "must be one line"}),
    }
    before = sampled.dump()

    refusals = {words: sampled("issue", "build", option, f"be={words}").refusal() for words in kinds}

    assert all(refusal.startswith(option) for refusal in refusals.values())
    assert [words for words, said in kinds.items() if said not in refusals[words]] == []
    assert sampled.dump() == before


def test_what_is_no_danger_as_words_is_shown_as_words(sampled: Installed) -> None:
    """In texts, lines and notes: nothing of it is an element, a template or a link; the check names links."""
    folder = sampled.write_sample("2020-W01")
    body = "\n\n".join([*WORDS, *(f"[click]({url})" for url in SCRIPTS)])
    lines = " ".join(WORDS)
    text = folder / "russia.be.md"
    head, dashes, rest = text.read_text("utf-8").removeprefix("---\n").partition("\n---\n")
    kept = "\n".join(line for line in head.split("\n") if not line.startswith(("headline:", "lead:")))
    text.write_text(f"---\nheadline: {lines[:190]}\nlead: {lines}\n{kept}{dashes}{rest}\n\n{body}\n", "utf-8")
    assert sampled("commentary", "import", folder).status == 0
    (sampled.folder / "note.md").write_text(body, "utf-8")
    words = ("--subject", f"be={lines}", "--preheader", f"be={lines}", "--opening-note", "be=@note.md")
    assert sampled("issue", "build", "--week", "2020-W01", *words).status == 0

    ran = sampled("issue", "check", "--week", "2020-W01", "--preview", "look", "--json")

    dead = [each for each in ran.json["findings"] if each["code"] == "dead-link"]
    for where in ("russia.be", "the opening note in be"):
        named = [each["message"] for each in dead if each["where"] == where]
        assert [url for url in SCRIPTS if not any(f"[click]({url})" in each for each in named)] == []
    assert_harmless(sampled.folder / "look")


def assert_harmless(folder: Path) -> None:
    """Look at the Belarusian edition: every hostile word is there to be read, and does nothing."""
    seen = Seen((folder / "be.html").read_text("utf-8"))
    assert not seen.tags & {"script", "svg", "use", "iframe", "form"}
    assert seen.acts == []
    plain = " ".join((folder / "be.txt").read_text("utf-8").split())
    for shown in (" ".join(seen.words.split()), plain):
        for words in ("script>alert(1)", "svg onload=", "{{ 7 * 7 }}", "{% include"):
            assert shown.replace("\u00a0", " ").count(words) >= 3, words
