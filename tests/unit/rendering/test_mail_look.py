"""How mails look: the newsletter's colours and name, nothing small or pale, a strip on every proof."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from mailer.bundled import bundled
from mailer.domain.commentary import Text, TextState
from mailer.domain.content import (
    Block,
    EditionContent,
    Imprint,
    LetterContent,
    LetterKind,
    Proof,
    RenderedMail,
)
from mailer.domain.contrast import LEAST_FOR_TEXT, contrast
from mailer.domain.language import Language
from mailer.domain.period import week
from mailer.domain.theme import Theme, TrendColours
from mailer.domain.trend import Trend
from mailer.rendering.edition import render_edition
from mailer.rendering.holes import SECRET, TOKEN
from mailer.rendering.letter import render_letter
from mailer.rendering.templates import environment, render
from mailer.rendering.webpart import BEGIN, END

BODY = """Words, a [link](https://example.net/1) and `code`.[^1]

> Somebody’s words.

| Year | Share |
|------|------:|
| 2025 | 41 % |

![A map of the border](media:0123456789abcdef-1120x630.png "Closed since May")

[^1]: A note.
"""
LOGO = "0123456789abcdef-480x112.png"
IMPRINT = Imprint(footer="Published by **Belarus Bureau**.", address_line="Box 12, 00-950 Warsaw")
LIGHT_SHEET, DARK_SHEET = "#fffdf8", "#1c1a17"


def text(language: Language, headline: str) -> Text:
    return Text(language, TextState.READY, headline, BODY, "A lead.", "An author")


def content(language: Language = Language.ENGLISH) -> EditionContent:
    trends = [Trend.IMPROVED, Trend.UNCHANGED, Trend.WORSENED]
    return EditionContent(
        language=language,
        title="Belarus Weekly",
        heading="Situation in Belarus",
        period=week(2026, 47),
        subject="",
        preheader="",
        opening_note="Before the vote.",
        blocks=tuple(
            Block(f"topic{n}", f"Topic {n}", trend, text(language, f"Headline {n}"))
            for n, trend in enumerate(trends)
        ),
        web_url="https://example.org/en/w/2026-W47",
        subscribe_url="https://example.org/en/",
        unsubscribe_url=f"https://example.org/u/{TOKEN}",
        closing_notices="No issue next week.",
        media_url="https://example.org/media",
        imprint=IMPRINT,
    )


def with_theme(theme: Theme, logo_url: str = "") -> str:
    return render_edition(replace(content(), imprint=Imprint(theme, logo_url))).html


def letter(kind: LetterKind, language: Language = Language.ENGLISH) -> RenderedMail:
    hole = TOKEN if kind in {"welcome", "already"} else SECRET
    said = LetterContent(
        kind, language, "Weekly", "A week.", f"https://example.org/a/{hole}", "https://example.org/home"
    )
    return render_letter(replace(said, imprint=IMPRINT))


def sheet(name: str, theme: Theme) -> str:
    env = environment(bundled("templates/email"), Language.ENGLISH)
    return render(env, f"_base/{name}", {"content": replace(content(), imprint=Imprint(theme))})


def rules(css: str) -> list[tuple[str, str]]:
    return re.findall(r"^\s*([^@{}\n]+) \{ ([^{}]+) \}", css, re.MULTILINE)


Make = Callable[[], RenderedMail]
EVERY_MAIL = [
    pytest.param(lambda: render_edition(content()), id="edition"),
    *(pytest.param(lambda kind=kind: letter(kind), id=kind) for kind in LetterKind),
]


def test_the_themes_colours_stand_where_ours_would() -> None:
    """Accent and paper, in attributes for light screens and in the kept sheet for dark ones."""
    ours = Theme()
    theirs = Theme(accent="#7a1f3d", accent_dark="#f0a8bf", paper="#e8ecef", paper_dark="#0b0f12")

    # What stands on the dark button is always the same.
    html = with_theme(theirs).replace(".button a { color: #121110 !important }", "")

    for colour, default in zip(
        (theirs.accent, theirs.accent_dark, theirs.paper, theirs.paper_dark),
        (ours.accent, ours.accent_dark, ours.paper, ours.paper_dark),
        strict=True,
    ):
        assert colour in html
        assert default not in html


def test_trends_have_a_signal_each_or_one_colour_for_all() -> None:
    """Neutral leaves the shape and the words to say it, light and dark."""
    signal, neutral = (Theme(trend_colours=colours) for colours in TrendColours)

    def colours(html: str) -> set[str]:
        return set(re.findall(r'class="trend [^"]*" style="[^"]*color:(#\w+)', html))

    assert len(colours(with_theme(signal))) == 3
    assert len(colours(with_theme(neutral))) == 1
    assert ".worsened" not in sheet("screens.css", neutral)


def test_a_logo_stands_for_the_name_and_says_it() -> None:
    """Half as large as its file, so that it is sharp; its words are the newsletter's name."""
    html = with_theme(Theme(logo=LOGO), f"https://example.org/media/{LOGO}")

    assert re.search(
        rf'<img src="https://example.org/media/{LOGO}" alt="Belarus Weekly" width="240" height="56"', html
    )
    assert not re.search(r'class="nameplate"[^>]*>Belarus Weekly', html)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (Language.BELARUSIAN, "чытачам гэты выпуск яшчэ не\xa0дасылалі"),
        (Language.RUSSIAN, "читателям этот выпуск ещё не\xa0отправляли"),
        (Language.ENGLISH, "not yet sent to readers"),
    ],
)
def test_a_proof_says_so_before_all_else(language: Language, words: str) -> None:
    """On top of both parts, in the edition's language, with the findings in English, never on the page."""
    mail = render_edition(replace(content(language), proof=Proof(("A trend is missing: “Society”.",))))

    assert words in mail.html[: mail.html.index(BEGIN)]
    assert re.search(r'<ul lang="en"[^>]*>\s*<li[^>]*>A trend is missing: “Society”\.</li>', mail.html)
    assert words in mail.text.split("\n")[1]
    assert mail.text.index("- A trend is missing") < mail.text.index("BELARUS WEEKLY")
    assert words not in mail.html[mail.html.index(BEGIN) :]


def test_what_readers_get_has_no_strip() -> None:
    """Only a proof says that it is one."""
    mail = render_edition(content())

    assert 'class="proof"' not in mail.html
    assert "Proof" not in mail.html + mail.text


def test_notices_close_the_public_part() -> None:
    """They belong to the issue: after the last commentary, also on its page."""
    mail = render_edition(content())

    part = mail.html[mail.html.index(BEGIN) : mail.html.index(END)]
    assert part.index("No issue next week.") > part.rindex("A note.")
    assert mail.text.index("No issue next week.") > mail.text.rindex("A note.")


@pytest.mark.parametrize("made", EVERY_MAIL)
def test_every_mail_says_who_publishes(made: Make) -> None:
    """Footer and address, in both parts, and before the reader's own link in the text."""
    mail = made()

    assert "Published by <strong>Belarus Bureau</strong>." in mail.html
    assert "Published by *Belarus Bureau*." in mail.text
    assert all("00-950 Warsaw" in part.replace("\u00a0", " ") for part in (mail.html, mail.text))


@pytest.mark.parametrize("made", EVERY_MAIL)
def test_nothing_visible_is_smaller_than_14_pixels(made: Make) -> None:
    """Neither in attributes nor in the sheet for narrow screens."""
    html = re.sub(r'<div class="preheader".*?</div>', "", made().html, flags=re.DOTALL)

    assert min(int(size) for size in re.findall(r"font-size: ?(\d+)px", html)) >= 14


@pytest.mark.parametrize("made", EVERY_MAIL)
def test_every_link_is_underlined_but_the_button(made: Make) -> None:
    """Colour alone would leave some readers without links."""
    html = made().html

    plain = [
        link for link in re.findall(r"<a [^>]*href[^>]*>", html) if "text-decoration:underline" not in link
    ]

    assert all("display:block; padding:14px 28px" in link for link in plain)
    assert len(plain) == html.count('class="button"')


@pytest.mark.parametrize("made", EVERY_MAIL)
def test_a_list_of_mails_shows_a_line_of_words_only(made: Make) -> None:
    """Each mail has its line, followed by letters that nobody sees."""
    html = made().html

    line = re.search(r'<div class="preheader"[^>]*>([^\u034f<]+)((?:\u034f\u00a0)+)</div>', html)

    assert line is not None
    assert len(line[2]) > 100


def test_the_web_version_is_offered_before_the_issue() -> None:
    """Whoever sees a broken mail finds the page without scrolling to its end."""
    html = render_edition(content()).html

    assert html.index("https://example.org/en/w/2026-W47") < html.index("<h1")


def test_outlook_for_windows_finds_every_commentary() -> None:
    """Word's links lead to names, which stand in comments that nothing else reads."""
    html = render_edition(content()).html

    assert re.findall(r'<!--\[if mso\]><a name="(\w+)"></a><!\[endif\]-->', html) == [
        "topic0",
        "topic1",
        "topic2",
    ]
    assert "<o:PixelsPerInch>96</o:PixelsPerInch>" in html
    assert '<!--[if mso]><table role="presentation" width="640"' in html


def test_words_can_be_read_on_light_screens() -> None:
    """Every colour of words has a contrast of 4.5 on the column, white on the button."""
    theme = Theme()
    found = {
        colour
        for _, said in rules(sheet("style.css", theme))
        for colour in re.findall(r"(?<!-)color: (#\w+)", said)
    }

    pale = [colour for colour in found - {"#ffffff"} if contrast(colour, LIGHT_SHEET) < LEAST_FOR_TEXT]

    assert pale == []
    assert contrast("#ffffff", theme.accent) >= LEAST_FOR_TEXT


def test_words_can_be_read_on_dark_screens() -> None:
    """Every colour of the dark sheet too, and what the button says on the button."""
    theme = Theme()
    found = [
        (where, colour)
        for where, said in rules(sheet("screens.css", theme))
        for colour in re.findall(r"(?<!-)color: (#\w+)", said)
    ]

    pale = [
        (where, colour)
        for where, colour in found
        if contrast(colour, theme.accent_dark if ".button a" in where else DARK_SHEET) < LEAST_FOR_TEXT
    ]

    assert len(found) > 10
    assert pale == []


def test_outlooks_dark_mode_turns_what_dark_screens_turn() -> None:
    """The same rules stand under its marks, for words and for grounds."""
    css = sheet("screens.css", Theme())
    dark = {
        where for where, said in rules(css) if "color" in said and "data-og" not in where and where != ":root"
    }

    marked = {where.replace("[data-ogsc] ", "") for where, _ in rules(css) if "data-ogsc" in where}

    assert marked == dark
    assert "[data-ogsb] .sheet { background-color" in css


@pytest.mark.parametrize("made", EVERY_MAIL)
def test_the_kept_sheet_is_light(made: Make) -> None:
    """Gmail drops a sheet of more than 8,192 letters."""
    (kept,) = re.findall(r"<style>(.*?)</style>", made().html, re.DOTALL)

    assert len(kept) < 8000
