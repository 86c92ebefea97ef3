"""An edition says everything it was given, in one language, safely, and the same way every time."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from mailer.domain.commentary import Text, TextState
from mailer.domain.content import Block, EditionContent
from mailer.domain.language import Language
from mailer.domain.period import week
from mailer.domain.trend import Trend
from mailer.errors import RenderingError
from mailer.rendering.edition import render_edition
from mailer.rendering.holes import SECRET, TOKEN

BE, RU, EN = Language.BELARUSIAN, Language.RUSSIAN, Language.ENGLISH


def text(language: Language, headline: str, lead: str = "", author: str = "") -> Text:
    body = f"Body of “{headline}”, with a [source](https://example.net/1).\n\nAnd its end."
    return Text(language, TextState.READY, headline, body, lead, author)


def edition(language: Language = EN) -> EditionContent:
    return EditionContent(
        language=language,
        title="Belarus Weekly",
        heading="Situation in Belarus",
        period=week(2026, 47),
        subject="",
        preheader="",
        opening_note="Written before the *vote*.",
        blocks=(
            Block(
                "elite",
                "Ruling elite",
                Trend.UNCHANGED,
                text(language, "Nobody moves", "A lead.", "The analysts"),
            ),
            Block("west", "The West", Trend.IMPROVED, text(language, "A border opens")),
            Block("russia", "Russia", Trend.WORSENED, text(RU, "Минск просит скидку", "Цена открыта.")),
            Block("society", "Society", None, text(language, "Queues & <prices>")),
        ),
        web_url="https://example.org/en/2026-W47",
        subscribe_url="https://example.org/en/?from=mail&w=47",
        unsubscribe_url=f"https://example.org/u/{TOKEN}",
    )


def test_the_subject_is_in_the_editions_own_language() -> None:
    """A borrowed text at the top does not lend its headline to the subject."""
    content = edition()
    borrowed_first = replace(content, blocks=(content.blocks[2], content.blocks[0]))

    assert render_edition(borrowed_first).subject.endswith(": Nobody moves")


class Page(HTMLParser):
    """What a test asks of a rendered document."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep it."""
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Keep it."""
        self.words += data

    def attributes(self, tag: str, name: str) -> list[str]:
        """Return the values of one attribute, in order."""
        return [attrs[name] or "" for met, attrs in self.tags if met == tag and name in attrs]

    def count(self, tag: str) -> int:
        """Tell how often a tag stands there."""
        return sum(met == tag for met, _ in self.tags)


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (EN, "Situation in Belarus, November 16–22: Nobody moves"),
        (BE, "Situation in Belarus, 16–22 лістапада: Nobody moves"),
        (RU, "Situation in Belarus, 16–22 ноября: Nobody moves"),
    ],
)
def test_the_subject_is_made_from_heading_dates_and_first_headline(language: Language, expected: str) -> None:
    """Where the editor wrote no subject, the issue names itself."""
    assert render_edition(edition(language)).subject == expected


def test_an_editors_subject_goes_first() -> None:
    """What the editor wrote is taken, on one line."""
    mail = render_edition(replace(edition(), subject="Gas,\n  queues &  borders"))

    assert mail.subject == "Gas, queues & borders"
    assert "<title>Gas, queues &amp; borders</title>" in mail.html


def test_an_edition_without_blocks_still_has_a_subject() -> None:
    """A special issue has no grid; heading and dates are its subject."""
    mail = render_edition(replace(edition(), blocks=()))

    assert mail.subject == "Situation in Belarus, November 16–22"
    assert "In this issue" not in mail.html + mail.text


def test_both_parts_hold_every_commentary_in_full() -> None:
    """Topic, trend, headline, lead, body and by-line stand in HTML and in text."""
    mail = render_edition(edition())
    page = Page(mail.html)

    for words in ("Nobody moves", "A lead.", "The analysts", "A border opens", "Минск просит скидку",
                  "Цена открыта.", "Queues & <prices>", "The situation has not changed",
                  "The situation has improved", "The situation has worsened", "Belarus Weekly",
                  "Situation in Belarus", "November\xa016–22, 2026", "Written before the"):  # fmt: skip
        assert words in page.words
        assert words in mail.text
    assert page.words.count("And its end.") == mail.text.count("And its end.") == 4


def test_trend_has_shape_and_words() -> None:
    """Colour never stands alone: each trend has its sign and its sentence."""
    mail = render_edition(edition())

    for shape, words in (("▲", "improved"), ("●", "not changed"), ("▼", "worsened")):
        assert f"{shape}</span>\u00a0The situation has {words}" in mail.html
        assert f"{shape} The situation has {words}" in mail.text


def test_the_contents_lead_to_each_commentary() -> None:
    """Each headline of the grid links to the block of its topic, by an id that exists once."""
    page = Page(render_edition(edition()).html)

    anchors = [url.removeprefix("#") for url in page.attributes("a", "href") if url.startswith("#")]

    assert anchors == ["elite", "west", "russia", "society"]
    assert page.attributes("p", "id") == anchors


def test_there_is_one_h1_and_an_h2_for_each_headline() -> None:
    """A screen reader can walk from headline to headline."""
    page = Page(render_edition(edition()).html)

    assert (page.count("h1"), page.count("h2")) == (1, 4)


def test_every_block_names_its_language() -> None:
    """Main language around, the text's own language on it, so that voices and hyphens fit."""
    page = Page(render_edition(edition()).html)

    assert page.attributes("html", "lang") == ["en"]
    assert page.attributes("div", "lang") == ["en", "en", "en", "en", "ru", "en"]
    assert [tag for tag in page.attributes("a", "lang") if tag == "ru"] == ["ru"]


@pytest.mark.parametrize(
    ("language", "remark"), [(EN, "Available only in Russian"), (BE, "Даступна толькі па-руску"), (RU, None)]
)
def test_a_borrowed_text_says_so(language: Language, remark: str | None) -> None:
    """The remark is in the reader's language and stands at the contents and at the text."""
    mail = render_edition(edition(language))

    if remark is None:
        assert "Доступно только на русском" not in mail.html + mail.text
    else:
        assert (mail.html.count(remark), mail.text.count(remark)) == (2, 2)


def test_the_furniture_speaks_the_edition_language() -> None:
    """Nothing English is left around Belarusian texts."""
    mail = render_edition(edition(BE))

    for words in (
        "У\xa0гэтым выпуску",
        "Сітуацыя не\xa0змянілася",
        "Чытаць на\xa0сайце",
        "Адпісацца",
        "16–22\xa0лістапада\xa02026\xa0г.",
    ):
        assert words in mail.html
        assert words in mail.text
    for words in ("In this issue", "The situation", "Unsubscribe", "Read on the web"):
        assert words not in mail.html + mail.text


def test_the_unsubscribe_link_is_there_once_and_late() -> None:
    """Once in each part; last in the text; in the HTML after every text, on a line of its own."""
    mail = render_edition(edition())

    assert mail.html.count(TOKEN) == mail.text.count(TOKEN) == 1
    assert mail.text.endswith(f"\nhttps://example.org/u/{TOKEN}\n")
    assert mail.html.index(TOKEN) > mail.html.rindex("And its end.")
    assert f'\n<a href="https://example.org/u/{TOKEN}"' in mail.html


def test_both_parts_lead_to_the_web_and_to_the_form() -> None:
    """Whoever gets the mail passed on finds the page and the form."""
    mail = render_edition(edition())

    links = Page(mail.html).attributes("a", "href")
    for url in ("https://example.org/en/2026-W47", "https://example.org/en/?from=mail&w=47"):
        assert url in links
        assert f"\n{url}\n" in mail.text


@pytest.mark.parametrize(("preheader", "expected"), [("", "A lead."), ("Gas & more", "Gas & more")])
def test_the_preheader_comes_before_all_else(preheader: str, expected: str) -> None:
    """The line beside the subject in a mailbox: the editor's, else the first lead; hidden in the mail."""
    mail = render_edition(replace(edition(), preheader=preheader))

    hidden = re.search(r'<div class="preheader" style="display:none[^"]*">(.*?)</div>', mail.html)

    assert hidden is not None
    shown, padding = hidden[1].replace("&amp;", "&").partition("\u034f")[::2]
    assert shown == expected
    assert set(padding) == {"\u034f", "\u00a0"}
    assert len(padding) > 100


def test_without_any_lead_there_is_no_preheader() -> None:
    """An edition that has no lead at all is rendered all the same."""
    mail = render_edition(replace(edition(), blocks=edition().blocks[1:2]))

    assert re.search(r'<div class="preheader"[^>]*>[\u034f\u00a0]*</div>', mail.html)


def test_nothing_is_fetched_and_nothing_runs() -> None:
    """No picture, script, frame, font or sheet from elsewhere: opening a mail tells nobody."""
    mail = render_edition(edition())

    page = Page(mail.html)
    assert {tag for tag, _ in page.tags} & {
        "img",
        "script",
        "iframe",
        "link",
        "object",
        "form",
        "svg",
    } == set()
    assert re.findall(r"url\(|@import|@font-face|background=", mail.html) == []


def test_css_is_inlined_and_the_rules_for_screens_stay() -> None:
    """Programs without style sheets get attributes, the others the rules for narrow and dark."""
    html = render_edition(edition()).html

    assert re.search(r'<h1 style="[^"]*font-size:31px', html)
    assert "@media (prefers-color-scheme: dark)" in html
    assert "@media (max-width: 520px)" in html
    assert "[data-ogsc] .sheet" in html
    assert html.count("<style>") == 1
    assert html.startswith("<!DOCTYPE html>\n")


def test_what_editors_wrote_is_escaped() -> None:
    """A headline with < and & is words, in the page and in its links."""
    html = render_edition(edition()).html

    assert "Queues &amp; &lt;prices&gt;" in html
    assert "<prices>" not in html


def test_lines_of_the_text_fit_the_page() -> None:
    """At most 72 columns, none ends with a space, no two empty lines in a row."""
    lines = render_edition(edition(BE)).text.split("\n")

    assert max(len(line) for line in lines) <= 72
    assert [line for line in lines if line != line.rstrip()] == []
    assert "\n\n\n" not in "\n".join(lines)


def test_a_title_that_is_the_heading_stands_once() -> None:
    """A newsletter without a heading of its own does not say its name twice."""
    mail = render_edition(replace(edition(), title="Situation in Belarus"))

    assert 'class="masthead"' not in mail.html
    assert mail.text.startswith("Situation in Belarus\n")


@pytest.mark.parametrize("hole", [TOKEN, SECRET])
def test_a_hole_written_by_an_editor_is_refused(hole: str) -> None:
    """No text can carry a reader's link away."""
    with pytest.raises(RenderingError, match=r"edition/body\.html shows the reader's own link"):
        render_edition(replace(edition(), opening_note=f"https://example.net/{hole}"))


def test_the_same_content_gives_the_same_bytes() -> None:
    """Also in another process, whose sets and dicts are ordered differently."""
    script = (
        "import runpy, hashlib; from mailer.rendering.edition import render_edition;"
        f"m = render_edition(runpy.run_path({__file__!r})['edition']());"
        "print(hashlib.sha256((m.subject + m.html + m.text).encode()).hexdigest())"
    )

    digests = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }

    assert len(digests) == 1
