"""docs/themes.md names everything that a template is given, and every file that one can go before."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from mailer.bundled import bundled
from mailer.domain.commentary import Text
from mailer.domain.content import Block, EditionContent, Imprint, LetterContent, Proof
from mailer.domain.language import Language
from mailer.domain.theme import BUTTON_WORDS, BUTTON_WORDS_DARK, SHEET, SHEET_DARK, Theme
from mailer.editorial.newsletter_file import parse_newsletter_file
from mailer.editorial.theme_table import KEYS
from mailer.rendering.mail import mail_environment

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "themes.md").read_text("utf-8")
TEMPLATES = bundled("templates/email")
# Of no use in a mail: an operator's own name of the file, and what is "ready" wherever it is shown.
_NOT_SHOWN = {"source", "state"}


@pytest.mark.parametrize("value", [EditionContent, LetterContent, Imprint, Block, Text, Proof, Theme])
def test_every_value_is_named(value: type) -> None:
    """Whoever writes a template need not read the code."""
    names = {each.name for each in fields(value)} - _NOT_SHOWN

    assert not [name for name in names if not re.search(rf"[.`]{name}`", PAGE)]


def test_every_filter_of_ours_is_named() -> None:
    """Those that Jinja brings are in its own pages."""
    from jinja2 import Environment

    ours = mail_environment(Language.ENGLISH, None).filters.keys() - Environment().filters.keys()

    assert not [name for name in ours if not re.search(rf"`{name}[`(]", PAGE)]


def test_every_file_is_named() -> None:
    """By itself, or by the folder of its kind of mail."""
    for path in TEMPLATES.iterdir():
        named = (
            [f"{path.name}/"] if path.name != "_base" else [f"_base/{each.name}" for each in path.iterdir()]
        )
        assert not [name for name in named if f"`{name}`" not in PAGE]


def test_the_example_can_be_imported() -> None:
    """The lines of the page stand in a newsletter.toml as they are, but for the logo's file."""
    stored = "media:0123456789abcdef-5x1.png"
    example = re.findall(r"```\n(\[footer\].+?)```", PAGE, re.DOTALL)[0].replace("logo.png", stored)
    sample = (ROOT / "src" / "mailer" / "sample" / "newsletter.toml").read_text("utf-8")

    newsletter = parse_newsletter_file((sample + example).encode(), place="newsletter.toml")

    assert newsletter.theme != Theme()
    assert set(KEYS) == set(re.findall(r"^\| `(\w+)` \| ", PAGE, re.MULTILINE)) - {"wrapped", "only_in"}


def test_contrast_is_measured_on_the_colours_that_mails_have() -> None:
    """Nobody changes the sheet without the check of accents noticing."""
    style = (TEMPLATES / "_base" / "style.css").read_text("utf-8")
    screens = (TEMPLATES / "_base" / "screens.css").read_text("utf-8")

    assert re.search(rf"\.sheet {{[^}}]*background-color: {SHEET} ", style)
    assert re.search(rf"\.button a {{[^}}]*color: {BUTTON_WORDS};", style)
    assert re.search(rf"\.sheet {{ background-color: {SHEET_DARK} !important", screens)
    assert re.search(rf"\.button a {{ color: {BUTTON_WORDS_DARK} !important", screens)
