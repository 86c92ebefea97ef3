"""A newsletter that is exported and imported again is the same."""

from __future__ import annotations

import zoneinfo
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from mailer.domain.language import Language
from mailer.domain.missing import MissingRule
from mailer.domain.newsletter import Newsletter, ReleaseRule, Schedule, Topic, UnknownPolicy
from mailer.domain.theme import Theme, TrendColours
from mailer.editorial.newsletter_export import write_newsletter_file
from mailer.editorial.newsletter_file import parse_newsletter_file

SAMPLE = Path(__file__).parents[3] / "src" / "mailer" / "sample" / "newsletter.toml"

EVERY_LANGUAGE = tuple(Language)
# Letters, quotes, backslashes, hashes, emoji; already composed, as the import makes them.
WORDS = st.text(st.sampled_from("абвўі’ABC\"'\\#[]=.,:&😀\u200d\xa0 "), min_size=1, max_size=20).map(
    lambda text: " ".join(text.split(" ")).strip(" ")
)
WORDS = WORDS.map(lambda text: f"x{text}x".replace("  ", "").replace("  ", ""))
WORDING = st.fixed_dictionaries({}, optional=dict.fromkeys(EVERY_LANGUAGE, WORDS))
FULL_WORDING = st.fixed_dictionaries(dict.fromkeys(EVERY_LANGUAGE, WORDS))
SLUGS = st.from_regex(r"[a-z0-9]{1,5}(-[a-z0-9]{1,5})?", fullmatch=True)
DAYS = st.none() | st.dates()
TOPICS = st.lists(
    st.builds(
        Topic,
        slug=SLUGS,
        position=st.integers(1, 1000),
        title=FULL_WORDING,
        active_from=DAYS,
        required=st.booleans(),
    ),
    min_size=1,
    max_size=3,
    unique_by=(lambda topic: topic.slug, lambda topic: topic.position),
).map(lambda topics: tuple(sorted(topics, key=lambda topic: topic.position)))
RULES = st.fixed_dictionaries(
    {},
    optional={
        language: st.sampled_from([MissingRule(None), *(MissingRule(o) for o in Language if o != language)])
        for language in Language
    },
)
# What the import leaves as it is: no blanks at the end of a line, no empty lines around.
FOOTERS = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(
        Language, st.lists(WORDS | st.just(""), max_size=4).map(lambda lines: "\n".join(["a", *lines, "b"]))
    ),
)
THEMES = st.builds(
    Theme,
    accent=st.sampled_from([Theme().accent, "#00427a"]),
    accent_dark=st.sampled_from([Theme().accent_dark, "#ffffff"]),
    paper=st.from_regex(r"#[0-9a-f]{6}", fullmatch=True),
    logo=st.sampled_from(["", "0123456789abcdef-560x120.png"]),
    trend_colours=st.sampled_from(TrendColours),
)
NEWSLETTERS = st.builds(
    Newsletter,
    slug=SLUGS,
    languages=st.permutations(EVERY_LANGUAGE).map(tuple),
    zone=st.sampled_from(sorted(zoneinfo.available_timezones())),
    sender=st.just("desk@example.org"),
    title=FULL_WORDING,
    overview_title=WORDING,
    description=WORDING,
    sender_name=WORDING,
    reply_to=st.fixed_dictionaries({}, optional=dict.fromkeys(EVERY_LANGUAGE, st.just("a@example.org"))),
    discreet_sender_name=WORDING,
    discreet_subject=WORDING,
    missing=RULES,
    footer=FOOTERS,
    address_line=WORDING,
    theme=THEMES,
    schedule=st.sampled_from([Schedule(), Schedule("Sun 23:59", "Mon 00:00", "Sat 23:58")]),
    release_rule=st.sampled_from(ReleaseRule),
    unknown_policy=st.sampled_from(UnknownPolicy),
    topics=TOPICS,
)


@given(NEWSLETTERS)
def test_import_of_export_is_the_same_newsletter(newsletter: Newsletter) -> None:
    """Nothing is lost or changed on the way, whatever the wording holds."""
    exported = write_newsletter_file(newsletter)

    assert parse_newsletter_file(exported.encode(), place="export") == newsletter


def test_export_of_import_is_stable() -> None:
    """Exporting, importing and exporting again gives the same text."""
    first = write_newsletter_file(parse_newsletter_file(SAMPLE.read_bytes(), place="sample"))

    second = write_newsletter_file(parse_newsletter_file(first.encode(), place="export"))

    assert second == first


def test_the_text_can_be_read_by_people() -> None:
    """Letters stand as letters, what is open is left out, and keys stand in the order of the example."""
    newsletter = Newsletter(
        "weekly",
        (Language.BELARUSIAN,),
        "Europe/Warsaw",
        "desk@example.org",
        {Language.BELARUSIAN: "Тыдзень «\"'\\»\t"},
        missing={Language.BELARUSIAN: MissingRule(None)},
        topics=(Topic("russia", 1, {Language.BELARUSIAN: "Расія"}, required=True),),
    )

    assert (
        write_newsletter_file(newsletter)
        == """slug = "weekly"
languages = ["be"]
zone = "Europe/Warsaw"
period = "week"
release = "manual"
unknown = "resend"
sender = "desk@example.org"
schedule.build = "Mon 06:00"
schedule.release = "Mon 09:00"
schedule.deadline = "Tue 12:00"

[title]
be = "Тыдзень «\\"'\\\\»\\U00000009"

[missing]
be = "leave-out"

[[topic]]
slug = "russia"
position = 1
title.be = "Расія"
required = true
"""
    )
