"""The sample texts are what they claim to be: three languages, two weeks, nothing that ages."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from importlib.resources import files
from pathlib import Path

import pytest

from mailer.domain.commentary import TextState
from mailer.domain.language import Language
from mailer.domain.period import week
from mailer.domain.trend import Trend
from mailer.editorial.commentary_file import CommentaryFile, Defaults, parse_commentary_file

SAMPLE = Path(str(files("mailer"))) / "sample"
WEEKS = ("earlier", "latest")
PATHS = sorted(SAMPLE.glob("*/*.md"))
NEWSLETTER = tomllib.loads((SAMPLE / "newsletter.toml").read_text("utf-8"))
TYPOGRAPHIC = set("“”‘’–—…")
YEAR = re.compile(r"(?<!\d)(?:1[89]|20)\d\d(?!\d)")
NOT_A_PARAGRAPH = re.compile(r"[>#]|[-*] |\d+\. ")
# In turn: у where ў belongs, ў after a consonant, ў after a sign, у that ends a word after a vowel.
WRONG_SHORT_U = re.compile(r"[аеёіоуыэюя] у|[^аеёіоуыэюя\W] ў|[^\w\s] ў|[аеёіоуыэюя]у[^\w]", re.IGNORECASE)


def read(path: Path) -> CommentaryFile:
    return parse_commentary_file(path.read_bytes(), place=path, defaults=Defaults(period=week(2026, 47)))


def words_of(path: Path) -> str:
    text = read(path).text
    return f"{text.headline}\n{text.lead}\n{text.author}\n{text.body}"


def prose_of(path: Path) -> str:
    """Return what a reader reads: link targets are Latin in every language."""
    return re.sub(r"\]\([^)]*\)", "]", words_of(path))


def in_language(language: str) -> list[Path]:
    return [path for path in PATHS if path.name.endswith(f".{language}.md")]


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def test_each_week_fills_every_cell() -> None:
    """Both weeks hold one file per topic and language of the sample newsletter, and no other file."""
    topics = [topic["slug"] for topic in NEWSLETTER["topic"]]

    expected = {f"{at}/{topic}.{language}.md" for at in WEEKS for topic in topics for language in Language}

    assert expected == {name_of(path) for path in PATHS}
    assert len(PATHS) == 30


@pytest.mark.parametrize("path", PATHS, ids=name_of)
def test_a_text_is_ready_and_whole(path: Path) -> None:
    """Every text may be sent: ready, with a headline and a lead that fit, and three paragraphs of prose."""
    text = read(path).text

    paragraphs = [block for block in text.body.split("\n\n") if not NOT_A_PARAGRAPH.match(block)]

    assert text.state is TextState.READY
    assert 0 < len(text.headline) <= 90
    assert not text.headline.endswith(".")
    assert 0 < len(text.lead) <= 220
    assert 3 <= len(paragraphs) <= 5


@pytest.mark.parametrize("path", PATHS, ids=name_of)
def test_a_text_names_no_week_of_its_own(path: Path) -> None:
    """The loader dates the texts, so neither a header nor a sentence names a week or a year."""
    file = read(path)

    assert {"week", "newsletter"}.isdisjoint(file.lines)
    assert YEAR.search(words_of(path)) is None


@pytest.mark.parametrize("at", WEEKS)
def test_the_languages_of_a_cell_agree_on_the_trend(at: str) -> None:
    """A cell has one trend in all its languages, and each week shows all three trends."""
    by_topic: dict[str, set[Trend | None]] = {}
    for path in SAMPLE.glob(f"{at}/*.md"):
        file = read(path)
        by_topic.setdefault(file.topic, set()).add(file.trend)

    assert all(len(trends) == 1 for trends in by_topic.values())
    assert set(Trend) == set().union(*by_topic.values())


@pytest.mark.parametrize("path", in_language("be"), ids=name_of)
def test_belarusian_is_written_in_belarusian_letters(path: Path) -> None:
    """A Belarusian text has і and ў, none of и, щ and ъ, and the typographic apostrophe."""
    prose = prose_of(path)

    assert set("іў") <= set(prose)
    assert set("ищъИЩЪ'\"`").isdisjoint(prose)


@pytest.mark.parametrize("path", in_language("be"), ids=name_of)
def test_belarusian_writes_short_u_after_vowels_only(path: Path) -> None:
    """An unstressed у that follows a vowel without a pause is ў; after a consonant or a sign it is у."""
    plain = re.sub(r"[*\[\]]", "", prose_of(path))

    assert not WRONG_SHORT_U.findall(plain)


@pytest.mark.parametrize("path", in_language("ru"), ids=name_of)
def test_russian_is_written_in_russian_letters(path: Path) -> None:
    """A Russian text has и and ы and none of the letters that only Belarusian has."""
    prose = prose_of(path)

    assert set("иы") <= set(prose)
    assert set("іўІЎ'\"`").isdisjoint(prose)


@pytest.mark.parametrize("path", in_language("en"), ids=name_of)
def test_english_is_ascii_and_typographic_marks(path: Path) -> None:
    """An English text has no letter outside ASCII; its quotes and apostrophes are curly."""
    prose = prose_of(path)

    assert {character for character in prose if not character.isascii()} <= TYPOGRAPHIC
    assert set("'\"").isdisjoint(prose)


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("at", WEEKS)
def test_each_week_shows_what_markdown_can_do(at: str, language: Language) -> None:
    """In each week and language a link, a quotation, a list, bold and italic are there to be seen."""
    text = "\n".join(read(path).text.body for path in SAMPLE.glob(f"{at}/*.{language}.md"))

    shapes = (r"\]\(https://example\.org/", r"^> ", r"^(- |\d\. )", r"\*\*\w", r"(?<!\*)\*\w")

    assert not [shape for shape in shapes if not re.search(shape, text, re.MULTILINE)]


@pytest.mark.parametrize("language", list(Language))
def test_no_text_stands_twice(language: Language) -> None:
    """No headline, lead or body is a copy of another, of the same week or the other."""
    texts = [read(path).text for path in in_language(language)]

    counts = Counter(part for text in texts for part in (text.headline, text.lead, text.body))

    assert set(counts.values()) == {1}
