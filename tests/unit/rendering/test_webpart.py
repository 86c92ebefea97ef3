"""The public part of an edition is what was sent, without styles and without anybody's link."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from mailer.domain.commentary import Text, TextState
from mailer.domain.content import Block, EditionContent, Imprint
from mailer.domain.language import Language
from mailer.domain.period import week
from mailer.domain.theme import Theme, TrendColours
from mailer.domain.trend import Trend
from mailer.errors import RenderingError
from mailer.rendering.edition import render_edition
from mailer.rendering.holes import TOKEN
from mailer.rendering.webpart import BEGIN, END, Headline, check_marks, headlines, web_part

TEXTS = (
    Text(Language.ENGLISH, TextState.READY, "Queues & <prices>", "See [this](https://example.net/1)."),
    Text(Language.RUSSIAN, TextState.READY, "Минск просит", f"{END} <script>alert(1)</script>"),
)
CONTENT = EditionContent(
    language=Language.ENGLISH,
    title="Weekly",
    heading="Situation",
    period=week(2026, 47),
    subject="",
    preheader="Hidden line",
    opening_note="Before the *vote*.",
    blocks=tuple(Block(f"topic{n}", "Topic", Trend.WORSENED, text) for n, text in enumerate(TEXTS)),
    web_url="https://example.org/en/w/2026-W47",
    subscribe_url="https://example.org/en/",
    unsubscribe_url=f"https://example.org/u/{TOKEN}",
)


@pytest.fixture(scope="module")
def part() -> str:
    return web_part(render_edition(CONTENT).html)


def test_every_commentary_is_in_the_part(part: str) -> None:
    """Heading, dates, note, trend, headlines, bodies, and the marks of each language."""
    for words in (
        "<h1>Situation</h1>",
        "November&nbsp;16–22, 2026",
        "<em>vote</em>",
        "The situation has worsened",
    ):
        assert words in part
    assert '<div lang="ru">' in part
    assert 'href="#topic1"' in part
    assert 'id="topic1"' in part


def test_the_furniture_of_the_mail_is_not(part: str) -> None:
    """No reader's link, no hidden line, no sheet, no style, no comment."""
    for words in (
        TOKEN,
        "Unsubscribe",
        "Hidden line",
        "<style",
        "style=",
        "<!--",
        "Read on the web",
        "bgcolor",
    ):
        assert words not in part


def test_quiet_trends_are_quiet_on_the_page_too(part: str) -> None:
    """The page's sheet has no green or red for a newsletter that asked for one colour."""
    theme = Theme(trend_colours=TrendColours.NEUTRAL)

    quiet = web_part(render_edition(replace(CONTENT, imprint=Imprint(theme))).html)

    assert part.count('class="trend worsened"') == quiet.count('class="trend quiet"') == 4
    assert "worsened" not in quiet.replace("The situation has worsened", "")


def test_links_tell_the_other_site_nothing(part: str) -> None:
    """Every link out is rel noopener noreferrer."""
    (link,) = re.findall(r'<a href="https[^>]*>', part)

    assert 'rel="noopener noreferrer"' in link


def test_notes_tables_and_pictures_come_along() -> None:
    """What a text may have in the mail it has on the page, and its links within still lead there."""
    media = "https://news.example.org/media"
    body = (
        "A[^1].\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n\n"
        "![Map](media:0123456789abcdef-1120x630.jpg 'By us')\n\n[^1]: Note."
    )
    block = Block("west", "West", None, Text(Language.ENGLISH, TextState.READY, "H", body))

    part = web_part(render_edition(replace(CONTENT, blocks=(block,), media_url=media)).html)

    for words in (
        'href="#fn-west-1" id="fnref-west-1" aria-label="Note 1"',
        '<li id="fn-west-1">',
        '<th scope="col"',
        f'<img src="{media}/0123456789abcdef-1120x630.jpg" alt="Map" width="560" height="315">',
        '<p class="caption">By us</p>',
    ):
        assert words in part


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/pixel.png",
        "https://evil.example/0123456789abcdef-1x1.png",
        "https://evil.example/?/media/0123456789abcdef-1x1.png",
        "//evil.example/media/0123456789abcdef-1x1.png",
        "data:image/png;base64,AAAA/media/0123456789abcdef-1x1.png",
    ],
)
def test_a_picture_that_is_not_ours_is_not_fetched(address: str) -> None:
    """Not even where a template shows it: a page tells nobody who reads it."""
    assert web_part(f'{BEGIN}<img src="{address}" alt="x">{END}') == '<img alt="x">'


def test_an_editor_can_not_write_a_mark(part: str) -> None:
    """What looks like the end of the public part is words in a text."""
    assert "&lt;!-- /content --&gt;" in part
    assert "<script" not in part


def test_headlines_come_in_order_with_their_language() -> None:
    """As plain words, ready to be escaped by whoever shows them."""
    found = headlines(render_edition(CONTENT).html)

    assert found == [Headline("en", "Queues & <prices>"), Headline("ru", "Минск просит")]
    assert {type(headline.words) for headline in found} == {str}


@pytest.mark.parametrize(
    "html", ["", "<p>", BEGIN, END, END + BEGIN, BEGIN + BEGIN + END, BEGIN + END + END, BEGIN + TOKEN + END]
)
def test_a_mail_without_a_public_part_is_refused(html: str) -> None:
    """The marks stand once each, in order, with no reader's link between them."""
    with pytest.raises(RenderingError, match=r"^edition/body\.html "):
        check_marks("edition/body.html", html)


def test_a_template_without_marks_is_refused_when_it_is_rendered(tmp_path: Path) -> None:
    """The editor hears of it before the release, not a visitor after it."""
    (tmp_path / "edition").mkdir()
    (tmp_path / "edition" / "subject.txt").write_text("S", encoding="utf-8")
    for name in ("body.txt", "body.html"):
        (tmp_path / "edition" / name).write_text(f"<p>{TOKEN}</p>", encoding="utf-8")

    with pytest.raises(RenderingError, match=r"edition/body\.html must have <!-- content -->"):
        render_edition(CONTENT, tmp_path)
