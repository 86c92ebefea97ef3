"""One commentary file, from bytes to domain values.

A file is a commentary's text in one language, with a header of ``key: value`` lines (front_matter.py).
Week, topic and language may come from the path instead. All that is wrong with a file is said at once,
each with its line and with what to write.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from functools import partial
from pathlib import PurePath
from typing import TypeVar

from mailer.domain.commentary import Text, TextState
from mailer.domain.language import Language, parse_language
from mailer.domain.missing import MissingRule, parse_missing_rule
from mailer.domain.nearest import did_you_mean
from mailer.domain.period import Period, parse_period
from mailer.domain.trend import Trend, parse_trend
from mailer.editorial.cell_path import CellPath, read_cell_path, short_path, shown_path
from mailer.editorial.encoding import read_text
from mailer.editorial.front_matter import FENCE, FrontMatter, split_front_matter
from mailer.editorial.lost_words import lost_words
from mailer.editorial.public_from import parse_public_from
from mailer.editorial.slug import SLUG_RULE, is_slug
from mailer.errors import InputError, Problem

MAX_FILE_BYTES = 256_000
"""A larger file is no commentary: mail programs show 100 kB of a whole issue."""
MAX_HEADLINE_CHARACTERS = 200
"""A longer headline fits no subject line and no page."""

_MISSING = {f"missing.{language}": language for language in Language}
KEYS = (
    "newsletter",
    "week",
    "topic",
    "language",
    "trend",
    "headline",
    "lead",
    "author",
    "state",
    "public_from",
    *_MISSING,
)
"""The keys a header may have, in the order new files are written."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds for a file that does not say otherwise.

    Attributes:
        newsletter: slug; None leaves it open, which is fine with one newsletter.
        period: for files with neither a week nor a folder named after one.
        zone: a date in ``public_from`` means its midnight here.
    """

    newsletter: str | None = None
    period: Period | None = None
    zone: tzinfo = UTC


@dataclass(frozen=True, slots=True)
class CommentaryFile:
    """A commentary in one language, as a file gives it.

    Attributes:
        period, topic: with the text's language, the cell it fills.
        text: its source is the folder and name of the file.
        newsletter: slug, None where neither file nor defaults name one.
        trend, missing, public_from: what this file says about the whole commentary; others of
            the same cell may say it instead. The instant is aware UTC.
        place: the file, as the person named it.
        lines: the line of each key that the header holds, from 1.
    """

    period: Period
    topic: str
    text: Text
    newsletter: str | None = None
    trend: Trend | None = None
    missing: Mapping[Language, MissingRule] = field(default_factory=dict)
    public_from: datetime | None = None
    place: str = field(default="", compare=False)
    lines: Mapping[str, int] = field(default_factory=dict, compare=False, repr=False)

    @property
    def language(self) -> Language:
        """The language of the text."""
        return self.text.language

    def problem(self, key: str, message: str) -> Problem:
        """Say what is wrong with the value of *key*, with its line when the header holds it."""
        return Problem(self.place, self.lines.get(key), message)


def parse_commentary_file(
    content: bytes,
    *,
    place: PurePath | str,
    path: PurePath | None = None,
    defaults: Defaults | None = None,
) -> CommentaryFile:
    r"""Read one file.

    Args:
        content: the file's bytes.
        place: the file as the person named it; problems say it.
        path: where it lies, when *place* does not tell the folder; week, topic and language may come from it.
        defaults: for what neither header nor path says.

    Raises:
        InputError: with every problem of the file.

    For example::

        ---
        week: 2026-W47
        topic: russia
        language: en
        trend: worsened
        headline: Minsk asks for a discount: gas talks stall
        state: ready
        ---
        Markdown body.
    """
    shown = shown_path(place)
    text = read_text(content, place=shown, max_bytes=MAX_FILE_BYTES)
    matter, problems = split_front_matter(text, place=shown, known=KEYS)
    if problems and not matter.lines:
        # Without a header each key would be reported as absent, which buries the one thing to mend.
        raise InputError(problems)
    problems += lost_words(text, matter.body, place=shown)
    path = path or PurePath(place)
    reading = _Reading(matter, shown, read_cell_path(path), problems)
    parsed = _read_file(reading, defaults or Defaults(), source=short_path(path))
    if parsed is None or problems:
        raise InputError(sorted(problems, key=lambda problem: problem.line or 0))
    return parsed


@dataclass(frozen=True, slots=True)
class _Reading:
    """A file on its way to values; problems gather here."""

    matter: FrontMatter
    place: str
    cell: CellPath
    problems: list[Problem]

    def complain(self, key: str, message: str) -> None:
        line = self.matter.lines.get(key, self.matter.first_line)
        self.problems.append(Problem(self.place, line, message))

    def parsed(self, key: str, text: str, parse: Callable[[str], T], *, origin: str = "") -> T | None:
        """Read a value; what is wrong with it becomes a problem, and the value None."""
        if not text:
            return None
        try:
            return parse(text)
        except ValueError as error:
            self.complain(key, f"{origin}{error}")
            return None


def _read_file(reading: _Reading, defaults: Defaults, *, source: str) -> CommentaryFile | None:
    """Read every key, so that every problem is met; None when the cell is not known."""
    matter, cell = reading.matter, reading.cell
    period = _agreed(reading, "week", cell.period, parse_period) or (
        None if matter.value("week") or cell.period else defaults.period
    )
    topic = _agreed(reading, "topic", cell.topic, _parse_topic)
    language = _agreed(reading, "language", cell.language, parse_language)
    _demand_cell(reading, period)
    state = reading.parsed("state", matter.value("state"), _parse_state) or TextState.DRAFT
    newsletter = reading.parsed("newsletter", matter.value("newsletter"), _parse_newsletter)
    trend = reading.parsed("trend", matter.value("trend"), parse_trend)
    public_from = reading.parsed(
        "public_from", matter.value("public_from"), partial(parse_public_from, zone=defaults.zone)
    )
    missing = _missing_rules(reading)
    headline = _headline(reading)
    if not matter.body:
        message = f"the text is empty; write it below the second line “{FENCE}”"
        reading.problems.append(Problem(reading.place, matter.body_line, message))
    if period is None or topic is None or language is None:
        return None
    return CommentaryFile(
        period=period,
        topic=topic,
        text=Text(
            language=language,
            state=state,
            headline=headline,
            body=matter.body,
            lead=matter.value("lead"),
            author=matter.value("author"),
            source=source,
        ),
        newsletter=newsletter or defaults.newsletter,
        trend=trend,
        missing=missing,
        public_from=public_from,
        place=reading.place,
        lines=dict(matter.lines),
    )


def _agreed(reading: _Reading, key: str, from_path: str | None, parse: Callable[[str], T]) -> T | None:
    """Read a value that both header and path may give; where both do, they must agree."""
    written = reading.matter.value(key)
    named_after = "folder" if key == "week" else "file"
    if not written:
        return reading.parsed(key, from_path or "", parse, origin=f"the {named_after}’s name: ")
    value = reading.parsed(key, written, parse)
    try:
        implied = parse(from_path) if from_path else value
    except ValueError:
        return value  # the header says what the path fails to say
    if value is not None and implied != value:
        reading.complain(
            key,
            f"{key} is “{written}” here and “{from_path}” in the {named_after}’s name; correct this line, "
            f"or rename the {named_after}",
        )
    return value


def _demand_cell(reading: _Reading, period: Period | None) -> None:
    """Say which of week, topic and language neither header nor path gives."""
    matter, cell = reading.matter, reading.cell
    if period is None and not (matter.value("week") or cell.period):
        reading.complain(
            "week", "week is missing; write “week: 2026-W47”, or put the file into a folder of that name"
        )
    if not (matter.value("topic") or cell.topic):
        reading.complain("topic", "topic is missing; write “topic: russia”, or name the file russia.be.md")
    if not (matter.value("language") or cell.language):
        reading.complain(
            "language",
            f"language is missing; write “language: be” (one of {', '.join(Language)}), "
            "or name the file russia.be.md",
        )


def _headline(reading: _Reading) -> str:
    headline = reading.matter.value("headline")
    rules = sorted(_MISSING.keys() & reading.matter.entries.keys())
    if not headline and rules and not reading.matter.body:
        reading.complain(
            "headline",
            f"headline is empty: write it and the text, or move the line “{rules[0]}” to a file with a text",
        )
    elif not headline:
        reading.complain("headline", "headline is empty: write it in one line, as “headline: …”")
    elif len(headline) > MAX_HEADLINE_CHARACTERS:
        reading.complain(
            "headline",
            f"the headline has {len(headline)} characters; shorten it to {MAX_HEADLINE_CHARACTERS} or fewer "
            "and move the rest to the lead",
        )
    return headline


def _missing_rules(reading: _Reading) -> dict[Language, MissingRule]:
    rules = {
        language: reading.parsed(
            key, reading.matter.value(key), partial(parse_missing_rule, language=language)
        )
        for key, language in _MISSING.items()
    }
    return {language: rule for language, rule in rules.items() if rule is not None}


def _parse_topic(text: str) -> str:
    if not is_slug(text.lower()):
        raise ValueError(f"“{text}” is not a topic’s short name; {SLUG_RULE} russia")
    return text.lower()


def _parse_newsletter(text: str) -> str:
    if not is_slug(text.lower()):
        raise ValueError(f"“{text}” is not a newsletter’s short name; {SLUG_RULE} belarus-weekly")
    return text.lower()


def _parse_state(text: str) -> TextState:
    try:
        return TextState(text.lower())
    except ValueError:
        near = did_you_mean(text, list(TextState))
        raise ValueError(
            f"state “{text}” is not known{near}; write ready, or draft while it may not be published"
        ) from None
