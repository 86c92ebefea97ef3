# ruff: noqa: E501 - a sentence stands whole in its row, as it is printed
"""A commentary file becomes a CommentaryFile, or an error that says what to write instead."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import PurePath
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailer.domain.commentary import Text, TextState
from mailer.domain.language import Language
from mailer.domain.missing import MissingRule
from mailer.domain.period import parse_period
from mailer.domain.trend import Trend
from mailer.editorial.commentary_file import (
    KEYS,
    MAX_FILE_BYTES,
    CommentaryFile,
    Defaults,
    parse_commentary_file,
)
from mailer.errors import InputError

PLACE = "2026-W47/russia.be.md"
WHOLE = """---
newsletter: belarus-weekly
week: 2026-W47
topic: russia
language: en
trend: worsened
headline: Minsk asks for a discount: gas talks stall
lead: One sentence that stands on its own.
author: The analysts
state: ready
public_from: 2026-11-23T09:00+01:00
missing.be: ru
missing.ru: leave-out
---
Markdown body.
"""
AS_VALUES = CommentaryFile(
    period=parse_period("2026-W47"),
    topic="russia",
    text=Text(
        language=Language.ENGLISH,
        state=TextState.READY,
        headline="Minsk asks for a discount: gas talks stall",
        body="Markdown body.",
        lead="One sentence that stands on its own.",
        author="The analysts",
        source="texts/any.md",
    ),
    newsletter="belarus-weekly",
    trend=Trend.WORSENED,
    missing={Language.BELARUSIAN: MissingRule(Language.RUSSIAN), Language.RUSSIAN: MissingRule(None)},
    public_from=datetime(2026, 11, 23, 8, 0, tzinfo=UTC),
)


def file_with(*lines: str, body: str = "Body.") -> bytes:
    """Make a file whose header has *lines* and a headline."""
    header = "\n".join(["headline: H", *lines])
    return f"---\n{header}\n---\n{body}\n".encode()


def problems_of(content: bytes, place: str = PLACE) -> list[str]:
    """Return the problems of a file as printed, without its name."""
    with pytest.raises(InputError) as caught:
        parse_commentary_file(content, place=place)
    assert all(problem.place == place for problem in caught.value.problems)
    return [str(problem).removeprefix(place).lstrip(":, ") for problem in caught.value.problems]


def test_every_key_of_a_whole_file_is_read() -> None:
    """A file with all keys becomes the values it names."""
    assert parse_commentary_file(WHOLE.encode(), place="drafts/texts/any.md") == AS_VALUES


def test_the_lines_of_keys_are_kept() -> None:
    """Later checks can name the line of a key."""
    file = parse_commentary_file(WHOLE.encode(), place="any.md")

    assert (file.lines["newsletter"], file.lines["topic"], file.lines["missing.be"]) == (2, 4, 12)


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + WHOLE.encode(),
        WHOLE.replace("\n", "\r\n").encode(),
        WHOLE.replace("\n", "\r").encode(),
        ("\n\n" + WHOLE).encode(),
        WHOLE.replace("---\n", "---  \n").encode(),
        WHOLE.replace(": ", ":\t  ").replace("discount:\t  gas", "discount: gas").encode(),
        WHOLE.replace("Markdown body.", "\n\nMarkdown body.\n\n  \n").encode(),
        WHOLE.replace("state: ready", "\nstate: READY").encode(),
        WHOLE.replace("worsened", "Worsened").replace("russia", "Russia").encode(),
    ],
    ids=["bom", "crlf", "cr", "blank-top", "fence-blanks", "tabs", "body-blanks", "blank-line", "capitals"],
)
def test_what_editors_and_editors_of_text_do_changes_nothing(content: bytes) -> None:
    """BOM, line ends, blanks around values and blank lines do not change what is read."""
    assert parse_commentary_file(content, place="drafts/texts/any.md") == AS_VALUES


@pytest.mark.parametrize(
    "value",
    [
        "Minsk: a discount & a #1 offer",
        "no",
        '"Quoted" and ‘quoted’',
        '"wrapped in quotes"',
        "# not a comment",
        "Ціна 5 % — {фармальна} [так] | > *",
        "key: value: more",
        "---",
        "null",
        "'",
    ],
)
def test_a_value_is_plain_text_as_typed(value: str) -> None:
    """Nothing in a value needs quoting, and quotes stay."""
    content = f"---\nheadline: {value}\nlead: {value}\n---\nB".encode()

    text = parse_commentary_file(content, place=PLACE).text

    assert (value, value) == (text.headline, text.lead)


def test_letters_are_composed() -> None:
    """й and ў that macOS stored as two characters become one, as every check of letters expects."""
    content = "---\nheadline: \u0443\u0306 \u0438\u0306\n---\nB".encode()

    assert parse_commentary_file(content, place=PLACE).text.headline == "ў й"


def test_the_body_is_kept_as_written() -> None:
    """Inner blank lines, rules and the indent of the first line are the writer's."""
    body = "    code\n\nA line\n\n---\n\nkey: no key"

    assert parse_commentary_file(file_with(body=body), place=PLACE).text.body == body


def test_a_text_is_a_draft_unless_it_says_ready() -> None:
    """Nothing is published by forgetting a line."""
    assert parse_commentary_file(file_with(), place=PLACE).text.state is TextState.DRAFT


def test_empty_values_count_as_absent() -> None:
    """A key without a value is as if it were not there."""
    empty = [f"{key}:" for key in KEYS if key != "headline"]

    assert parse_commentary_file(file_with(*empty), place=PLACE) == parse_commentary_file(
        file_with(), place=PLACE
    )


def test_week_topic_and_language_come_from_the_path() -> None:
    """2026-W47/russia.be.md says it all."""
    file = parse_commentary_file(file_with(), place=PurePath("anywhere/2026-W47/Russia.be.md"))

    assert (file.period.key, file.topic, file.language) == ("2026-W47", "russia", Language.BELARUSIAN)


def test_the_full_path_says_the_week_where_the_named_one_does_not() -> None:
    """An import of “.” inside the folder of a week knows the week."""
    file = parse_commentary_file(file_with(), place="west.ru.md", path=PurePath("/x/2026-W46/west.ru.md"))

    assert (
        file.period.key,
        file.place,
        file.text.source,
    ) == ("2026-W46", "west.ru.md", "2026-W46/west.ru.md")


def test_a_folder_of_a_month_says_nothing() -> None:
    """A folder 2026-11 may hold the weeks of November."""
    file = parse_commentary_file(file_with("week: 2026-W47"), place="2026-11/russia.be.md")

    assert file.period.key == "2026-W47"


def test_a_header_speaks_for_a_name_that_says_nothing() -> None:
    """Neither an unknown language in a file name nor a free name matters when the header says it."""
    content = file_with("week: 2026-W47", "topic: russia", "language: be")

    for place in ["2026-W47/russia.xx.md", "2026-W99/notes.md", "x", "2026-W47/russia.be.final.md"]:
        file = parse_commentary_file(content, place=place)
        assert (file.topic, file.language) == ("russia", Language.BELARUSIAN)


def test_defaults_hold_where_the_file_says_nothing() -> None:
    """Week and newsletter may come from the caller; header and folder go before."""
    defaults = Defaults("by-default", parse_period("2026-W40"))

    bare = parse_commentary_file(file_with(), place="latest/russia.be.md", defaults=defaults)
    in_week = parse_commentary_file(file_with("newsletter: own"), place=PLACE, defaults=defaults)

    assert (bare.newsletter, bare.period.key) == ("by-default", "2026-W40")
    assert (in_week.newsletter, in_week.period.key) == ("own", "2026-W47")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-11-23", datetime(2026, 11, 22, 23, 0, tzinfo=UTC)),
        ("2026-11-23T09:00+01:00", datetime(2026, 11, 23, 8, 0, tzinfo=UTC)),
        ("2026-11-23 09:00:30 +0300", datetime(2026, 11, 23, 6, 0, 30, tzinfo=UTC)),
        ("2026-11-23t09:00z", datetime(2026, 11, 23, 9, 0, tzinfo=UTC)),
    ],
)
def test_public_from_is_read(written: str, expected: datetime) -> None:
    """A day is midnight in the caller's zone; a time has its own zone."""
    defaults = Defaults(zone=ZoneInfo("Europe/Warsaw"))

    file = parse_commentary_file(file_with(f"public_from: {written}"), place=PLACE, defaults=defaults)

    assert file.public_from == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("week: 2026-47", "line 3: “2026-47” is not a week; write it as 2026-W47 (weeks run from 01 to 52, in some years 53)"),
        ("week: 2026-W54", "line 3: “2026-W54” is not a week; write it as 2026-W47 (weeks run from 01 to 52, in some years 53)"),
        ("week: 2026-W46", "line 3: week is “2026-W46” here and “2026-W47” in the folder’s name; correct this line, or rename the folder"),
        ("topic: west", "line 3: topic is “west” here and “russia” in the file’s name; correct this line, or rename the file"),
        ("topic: Our topic", "line 3: “Our topic” is not a topic’s short name; use small letters a–z, digits and single hyphens, at most 60 characters, such as russia"),
        ("language: en", "line 3: language is “en” here and “be” in the file’s name; correct this line, or rename the file"),
        ("language: rus", "line 3: language “rus” is not known (did you mean “ru”?); write one of be, ru, en"),
        ("newsletter: Belarus weekly", "line 3: “Belarus weekly” is not a newsletter’s short name; use small letters a–z, digits and single hyphens, at most 60 characters, such as belarus-weekly"),
        ("trend: worse", "line 3: trend “worse” is not known (did you mean “worsened”?); write one of improved, unchanged, worsened"),
        ("state: redy", "line 3: state “redy” is not known (did you mean “ready”?); write ready, or draft while it may not be published"),
        ("missing.be: be", "line 3: “be” is no rule (did you mean “en”?); write one of leave-out, ru, en"),
        ("missing.pl: ru", "line 3: “missing.pl” is not a known key (did you mean “missing.ru”?); write one of " + ", ".join(KEYS)),
        ("public_from: soon", "line 3: “soon” is not a day; write a day (2026-11-23) or day, time and zone (2026-11-23T09:00+01:00, Z for UTC)"),
        ("public_from: 2026-11-23 09:00", "line 3: “2026-11-23 09:00” has no zone; write it as 2026-11-23T09:00+01:00, or Z for UTC"),
        ("public_from: 2026-11-31", "line 3: “2026-11-31” is no day and time of the calendar; write a day (2026-11-23) or day, time and zone (2026-11-23T09:00+01:00, Z for UTC)"),
        ("public_from: 0001-01-01T00:00+14:00", "line 3: “0001-01-01T00:00+14:00” is no day and time of the calendar; write a day (2026-11-23) or day, time and zone (2026-11-23T09:00+01:00, Z for UTC)"),
        ("hedline: x", "line 3: “hedline” is not a known key (did you mean “headline”?); write one of " + ", ".join(KEYS)),
        ("Lead: x", "line 3: “Lead” is not a known key (did you mean “lead”?); write one of " + ", ".join(KEYS)),
        ("headline: again", "line 3: “headline” stands in line 2 already; delete one of the two lines"),
        ("and so on", "line 3: “and so on” is not “key: value”; a key comes first, then a colon, and the value stays on the same line; if the text begins here, write “---” in a line above it"),
        ("lead: a\x00b", "line 3: this line holds a character that can’t be printed (U+0000 at position 8); delete it"),
        ("lead: a\u2028b", "line 3: this line holds a character that can’t be printed (U+2028 at position 8); delete it"),
    ],
)  # fmt: skip
def test_a_wrong_line_is_named_with_what_to_write(line: str, expected: str) -> None:
    """Each mistake in a header has one sentence, with its line."""
    assert problems_of(file_with(line)) == [expected]


@pytest.mark.parametrize(
    ("content", "place", "expected"),
    [
        ("", PLACE, ["line 1: the file is empty; “mailer commentary new” writes files to fill in"]),
        ("Just a text", PLACE, ["line 1: the file must begin with a line “---”, then lines such as “headline: …”, then “---” again, then the text"]),
        ("—\nheadline: H\n—\nB", PLACE, ["line 1: the first line must be three hyphens; write “---” in place of “—”"]),
        ("---\nheadline: H\n\nBody, no key.", PLACE, ["line 3: the line “---” that ends the header is missing; write it here, between the last key and the text"]),
        ("---\nheadline: H\n---\n \n", PLACE, ["line 4: the text is empty; write it below the second line “---”"]),
        ("---\nlead: L\n---\nB", PLACE, ["line 1: headline is empty: write it in one line, as “headline: …”"]),
        ("---\nlead: L\nheadline:\n---\nB", PLACE, ["line 3: headline is empty: write it in one line, as “headline: …”"]),
        ("---\nheadline:\nmissing.be: ru\n---\n", PLACE, [
            "line 2: headline is empty: write it and the text, or move the line “missing.be” to a file with a text",
            "line 5: the text is empty; write it below the second line “---”"]),
        ("---\nheadline: " + "я" * 201 + "\n---\nB", PLACE, ["line 2: the headline has 201 characters; shorten it to 200 or fewer and move the rest to the lead"]),
        ("---\nheadline: H\n---\nB", "notes.md", [
            "line 1: week is missing; write “week: 2026-W47”, or put the file into a folder of that name",
            "line 1: topic is missing; write “topic: russia”, or name the file russia.be.md",
            "line 1: language is missing; write “language: be” (one of be, ru, en), or name the file russia.be.md"]),
        ("---\nheadline: H\n---\nB", "2026-W60/russia.xx.md", [
            "line 1: the folder’s name: “2026-W60” is not a week; write it as 2026-W47 (weeks run from 01 to 52, in some years 53)",
            "line 1: the file’s name: language “xx” is not known; write one of be, ru, en"]),
        ("---\nheadline: H\ntrend: x\nA text\nof lines\n\nand more\n---\nB\x07", PLACE, ["line 9: this line holds a character that can’t be printed (U+0007 at position 2); delete it"]),
        ("---\nheadline: H\ntrend: x\nA text " + "x" * 50 + "\nof lines\n\nand more\nstate: on\n---\nB", PLACE, [
            "line 3: trend “x” is not known; write one of improved, unchanged, worsened",
            "line 4: “A text " + "x" * 32 + "…” is not “key: value”; a key comes first, then a colon, and the value stays on the same line; if the text begins here, write “---” in a line above it",
            "line 8: state “on” is not known; write ready, or draft while it may not be published"]),
    ],
)  # fmt: skip
def test_all_problems_of_a_file_are_told(content: str, place: str, expected: list[str]) -> None:
    """An editor mends a file once, not once per mistake."""
    assert problems_of(content.encode(), place) == expected


def test_a_huge_file_is_refused() -> None:
    """A file that can't be a commentary is not taken apart."""
    assert problems_of(b"x" * (MAX_FILE_BYTES + 1)) == [
        "the file is larger than 256 kB; is it the right one? Keep only the text in it"
    ]


HEADER_LINES = st.one_of(
    st.text(max_size=30),
    st.builds("{}:{}".format, st.sampled_from(KEYS), st.text(max_size=30)),
    st.builds("public_from: {}".format, st.from_regex(r"\d{4}-\d\d-\d\dT\d\d:\d\d(Z|[+-]\d\d:\d\d)")),
    st.builds("week: {}".format, st.from_regex(r"\d{4}-W\d\d")),
)
HEADED = st.builds(
    lambda lines, body: ("---\n" + "\n".join(lines) + "\n---\n" + body).encode("utf-8", "replace"),
    st.lists(HEADER_LINES, max_size=8),
    st.text(max_size=40),
)


@given(
    content=st.one_of(st.binary(max_size=200), HEADED),
    place=st.sampled_from([PLACE, "x.md", "9999-W53/a.be.md"]),
)
@example(content=b"---\nweek: 9999-W52\n---\nx", place="x.md")
@example(content=b"---\nheadline: H\npublic_from: 9999-12-31T23:59-23:59\n---\nx", place=PLACE)
def test_any_bytes_become_a_file_or_an_input_error(content: bytes, place: str) -> None:
    """Nothing an editor can save makes the parser fail in another way."""
    file = None

    with suppress(InputError):
        file = parse_commentary_file(content, place=place)

    assert file is None or (file.text.headline and file.text.body)
