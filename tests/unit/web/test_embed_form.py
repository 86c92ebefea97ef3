"""The form for other sites is plain HTML, the one that the documentation shows."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from mailer.domain.language import Language
from mailer.domain.links import Links
from mailer.editorial.sample import sample_newsletter
from mailer.web.public.embed_form import embed_form

LINKS = Links("https://news.example.org")
PAGE = Path(__file__).parents[3] / "docs" / "embedding.md"


def test_the_documentation_shows_the_form() -> None:
    """Letter for letter as the command prints it."""
    form = embed_form(LINKS, sample_newsletter(), Language.BELARUSIAN)

    assert f"```html\n{form}```\n" in PAGE.read_text("utf-8")


@pytest.mark.parametrize("language", Language)
def test_a_form_fetches_nothing(language: Language) -> None:
    """No script, no style, no picture; it leads to our page in its language."""
    form = embed_form(LINKS, sample_newsletter(), language)

    assert re.findall(r"https?://[^\"]*", form) == [f"https://news.example.org/{language}/embed"]
    assert not re.search(r"<(script|style|img|link|iframe)|style=|\son\w+=", form)


def test_a_title_stays_words() -> None:
    """Whatever stands in it."""
    weekly = replace(sample_newsletter(), title=dict.fromkeys(Language, "A & <b>B</b>"))

    assert "<p>A &amp; &lt;b&gt;B&lt;/b&gt;</p>" in embed_form(LINKS, weekly, Language.ENGLISH)
