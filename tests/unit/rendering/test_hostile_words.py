"""Whatever somebody writes into a text is shown as words, in bounded time and at bounded depth."""

from __future__ import annotations

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
from mailer.rendering.markdown import to_html
from mailer.rendering.plaintext import to_text
from mailer.rendering.webpart import web_part

EN = Language.ENGLISH
HOSTILE = (
    "<script>alert(1)</script>",
    "<style>* {display: none}</style>",
    "<p onclick=alert(1)>x</p>",
    '<svg onload="alert(1)"><use href="#x"/></svg>',
    "<iframe src=//evil.example></iframe>",
    "<![endif]-->",
    "{{ 7 * 7 }}",
    "{% include 'secret' %}",
    "{# gone #}",
    "%(title)s",
    "${7*7}",
)
EMPTY = EditionContent(
    language=EN,
    title="Weekly",
    heading="Situation",
    period=week(2026, 47),
    subject="",
    preheader="",
    opening_note="",
    blocks=(),
    web_url="https://news.example.org/en/w/2026-W47",
    subscribe_url="https://news.example.org/en/",
    unsubscribe_url=f"https://news.example.org/u/{TOKEN}",
)
TYPED = str.maketrans("‘’“”", "''\"\"")
N = 100_000
NESTED = {
    "quotes": ">" * N,
    "quotes with spaces": "> " * (N // 2) + "x",
    "lists": "- " * (N // 2) + "x",
    "numbered": "1. " * (N // 3) + "x",
    "stepped": "\n".join(" " * 2 * n + "- x" for n in range(300)),
    "stars": "*" * N,
    "emphasis": "*a " * (N // 6) + "b* " * (N // 6),
    "strong": "**a " * (N // 8) + "b** " * (N // 8),
    "brackets": "[" * N,
    "links": "[" * (N // 16) + "x" + "](https://x.y)" * (N // 16),
    "pictures": "![" * (N // 10) + "x" + "](a:b.png)" * (N // 10),
    "notes": "[^1]" * (N // 40) + "\n\n[^1]: [^1]",
    "cells": "|a" * 50 + "\n" + "|-" * 50 + "\n" + "|b\n" * 1000,
    "backticks": "`" * N,
    "entities": "&#x41;" * (N // 6),
}


class Reading(HTMLParser):
    """The elements of a piece of HTML, their attributes, and how deep they lie in each other."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.now = self.deepest = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Go down."""
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in {"br", "hr", "img", "meta"}:
            self.now += 1
            self.deepest = max(self.deepest, self.now)

    def handle_endtag(self, tag: str) -> None:
        """Come up."""
        self.now -= 1


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_are_shown_as_words(words: str) -> None:
    """Wherever an editor writes: the mail and the page show what was typed, and do nothing."""
    text = Text(EN, TextState.READY, words, f"{words}\n\n- {words}\n", lead=words, author=words)
    content = replace(
        EMPTY,
        title=words,
        heading=f"About {words}",
        preheader=words,
        opening_note=words,
        closing_notices=words,
        blocks=(Block("topic", words, Trend.IMPROVED, text),),
    )

    mail = render_edition(content)

    part = web_part(mail.html)
    plain = " ".join(mail.text.translate(TYPED).split())
    assert plain.count(words) >= 7
    for html in (mail.html, part):
        read = Reading(html)
        assert not read.tags & {"script", "iframe", "svg", "use", "form", "input", "link"}
        assert not {name for name in read.attributes if name.startswith("on")}
        assert "{display: none}</style>" not in html


@pytest.mark.parametrize("hole", [TOKEN, SECRET])
def test_a_hole_in_a_text_is_refused(hole: str) -> None:
    """A text that is stored already is not sent with somebody's own link in the middle of it."""
    text = Text(EN, TextState.READY, "H", f"See {hole}.")
    content = replace(EMPTY, blocks=(Block("topic", "Topic", None, text),))

    with pytest.raises(RenderingError, match="reader's own link"):
        render_edition(content)


@pytest.mark.parametrize("hole", [TOKEN, "hole-for-the-message-id"])
def test_a_hole_in_a_subject_is_refused(hole: str) -> None:
    """A subject is a header, and holes of headers are filled in too."""
    with pytest.raises(RenderingError, match=r"edition/subject\.txt says “See hole-for-the-|See HOLE-FOR"):
        render_edition(replace(EMPTY, subject=f"See {hole}"))


@pytest.mark.parametrize("name", NESTED)
def test_what_is_nested_without_end_is_flattened(name: str) -> None:
    """No text is too deep to render: its marks are shown as words, and mail programs can read it."""
    html = to_html(NESTED[name], EN, media_url="https://news.example.org/media")
    text = to_text(NESTED[name], EN)

    assert Reading(html).deepest <= 40
    assert text or name in {"quotes", "backticks"}


def test_no_word_is_lost_to_depth() -> None:
    """What stands in the thirtieth quote is still read."""
    markdown = "> " * 30 + "deep\n" + "> " * 30 + "words\n\nafter"

    assert "deep" in to_html(markdown, EN)
    assert "words" in to_text(markdown, EN)
    assert "after" in to_text(markdown, EN)
    assert "deep" in to_text("- " * 30 + "deep", EN)
