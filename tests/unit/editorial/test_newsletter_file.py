# ruff: noqa: E501 - a sentence stands whole in its row, as it is printed
"""A newsletter.toml becomes a Newsletter, or an error that says what to write instead."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.domain.language import Language
from mailer.domain.missing import MissingRule
from mailer.domain.newsletter import Newsletter, ReleaseRule, Schedule, Topic, UnknownPolicy
from mailer.domain.theme import Theme, TrendColours
from mailer.editorial.newsletter_file import parse_newsletter_file
from mailer.errors import InputError

SAMPLE = Path(__file__).parents[3] / "src" / "mailer" / "sample" / "newsletter.toml"
BE, RU, EN = Language
LEAST = """slug = "weekly"
languages = ["be", "en"]
zone = "Europe/Warsaw"
sender = "desk@example.org"

[title]
be = "Тыдзень"
en = "The week"

[[topic]]
slug = "russia"
title.be = "Расія"
title.en = "Russia"
"""
WHOLE = """slug = "weekly"
languages = ["en", "be"]
zone = "Europe/Minsk"
period = "week"
release = "automatic"
unknown = "hold"
sender = "desk@example.org"
schedule = { build = "sunday 20:00", release = "Mon 9:00", deadline = "Tue 12:00" }
missing = { be = "en", en = "leave-out" }

[title]
be = "  Тыдзень "
en = "The week"
[overview_title]
en = "Situation"
be = ""
[description]
en = \"\"\"
A sentence
in two lines.\"\"\"
[sender_name]
en = "Desk"
[reply_to]
en = "answers@example.org"
[discreet]
sender_name.en = "Letter"
[discreet.subject]
be = "Ліст"
en = ""
[footer]
be = \"\"\"
Рэдакцыя **«Тыдня»**<BLANKS>

- [пра нас](https://example.org)
\"\"\"
[address_line]
be = "а/с 1, Варшава"
[theme]
accent = "#00427A"
accent_dark = "#ffffff"
paper = "#eeeeee"
paper_dark = "#000000"
trend_colours = "neutral"
logo = "media:0123456789abcdef-560x120.png"
[[topic]]
slug = "west"
position = 2
title = { be = "Захад", en = "West" }
[[topic]]
slug = "russia"
position = 1
title.be = "Расія"
title.en = "Russia"
active_from = 2026-01-01
active_until = 2026-12-31
required = true
""".replace("<BLANKS>", "  ")
TOP_KEYS = (
    "slug, languages, zone, period, release, unknown, sender, schedule, title, overview_title, description, "
    "sender_name, reply_to, discreet, missing, footer, address_line, theme, topic"
)
DISCREET_KEYS = "write one of sender_name, subject"
TOPIC_KEYS = "slug, position, title, active_from, active_until, required"
SLUG_RULE = "use small letters a–z, digits and single hyphens, at most 60 characters, such as"
AS_ADDRESS = 'is not a mail address; write nothing but the address, as "desk@example.org"'


def problems_of(content: str) -> list[str]:
    """Return the problems of a file as printed, without its name."""
    with pytest.raises(InputError) as caught:
        parse_newsletter_file(content.encode(), place="n.toml")
    return [str(problem).removeprefix("n.toml").lstrip(":, ") for problem in caught.value.problems]


def test_what_is_left_out_has_its_default() -> None:
    """Slug, languages, zone, sender, title and a topic are enough; nothing goes out by itself."""
    expected = Newsletter(
        slug="weekly",
        languages=(BE, EN),
        zone="Europe/Warsaw",
        sender="desk@example.org",
        title={BE: "Тыдзень", EN: "The week"},
        schedule=Schedule("Mon 06:00", "Mon 09:00", "Tue 12:00"),
        release_rule=ReleaseRule.MANUAL,
        unknown_policy=UnknownPolicy.RESEND,
        topics=(Topic("russia", 1, {BE: "Расія", EN: "Russia"}),),
    )

    assert parse_newsletter_file(LEAST.encode(), place="n.toml") == expected


@pytest.mark.parametrize("content", [WHOLE.encode(), b"\xef\xbb\xbf" + WHOLE.replace("\n", "\r\n").encode()])
def test_every_key_is_read(content: bytes) -> None:
    """Tables may be written in either form of TOML; blanks are trimmed, empty wordings absent."""
    expected = Newsletter(
        slug="weekly",
        languages=(EN, BE),
        zone="Europe/Minsk",
        sender="desk@example.org",
        title={BE: "Тыдзень", EN: "The week"},
        overview_title={EN: "Situation"},
        description={EN: "A sentence in two lines."},
        sender_name={EN: "Desk"},
        reply_to={EN: "answers@example.org"},
        discreet_sender_name={EN: "Letter"},
        discreet_subject={BE: "Ліст"},
        missing={BE: MissingRule(EN), EN: MissingRule(None)},
        footer={BE: "Рэдакцыя **«Тыдня»**  \n\n- [пра нас](https://example.org)"},
        address_line={BE: "а/с 1, Варшава"},
        theme=Theme(
            accent="#00427a",
            accent_dark="#ffffff",
            paper="#eeeeee",
            paper_dark="#000000",
            logo="0123456789abcdef-560x120.png",
            trend_colours=TrendColours.NEUTRAL,
        ),
        schedule=Schedule("Sun 20:00", "Mon 09:00", "Tue 12:00"),
        release_rule=ReleaseRule.AUTOMATIC,
        unknown_policy=UnknownPolicy.HOLD,
        topics=(
            Topic(
                "russia",
                1,
                {BE: "Расія", EN: "Russia"},
                active_from=date(2026, 1, 1),
                active_until=date(2026, 12, 31),
                required=True,
            ),
            Topic("west", 2, {BE: "Захад", EN: "West"}),
        ),
    )

    assert parse_newsletter_file(content, place="n.toml") == expected


def test_the_packaged_sample_is_read() -> None:
    """The commented example that init writes is right as it stands."""
    newsletter = parse_newsletter_file(SAMPLE.read_bytes(), place="newsletter.toml")

    assert [topic.slug for topic in newsletter.topics] == ["elite", "society", "security", "west", "russia"]
    assert newsletter.languages == tuple(Language)


def test_the_sample_s_suggestions_are_right_too() -> None:
    """Whoever takes the # away from every line gets no error, but for the logo that is not there."""
    text = re.sub(r"^# (\[\w+\]|\w+ = .*)$", r"\1", SAMPLE.read_text("utf-8"), flags=re.MULTILINE)

    newsletter = parse_newsletter_file(text.encode(), place="newsletter.toml", hang=lambda logo: f"<{logo}>")

    assert newsletter.theme == Theme(logo="<logo.png>")
    assert set(newsletter.footer) == set(newsletter.address_line) == set(newsletter.missing) == set(Language)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('slug = "weekly"\n', "", ['slug is missing; write slug = "belarus-weekly"']),
        ('slug = "weekly"', 'slug = "The Weekly"', [f"line 1: slug “The Weekly” can’t stand in an address; {SLUG_RULE} belarus-weekly"]),
        ('slug = "weekly"', "slug = 5", ['line 1: slug must be text in quotes, as "belarus-weekly"']),
        ('slug = "weekly"', "slug = weekly", ['line 1: this line can’t be read (invalid value); write key = "text in quotes", and each key only once']),
        ('slug = "weekly"', 'slug = "weekly"\nslug = "x"', ['line 2: this line can’t be read (cannot overwrite a value); write key = "text in quotes", and each key only once']),
        ('slug = "weekly"', 'slag = "weekly"', ['slug is missing; write slug = "belarus-weekly"', f"line 1: “slag” is not a known key (did you mean “slug”?); write one of {TOP_KEYS}"]),
        ('slug = "weekly"', 'slug = "weekly"\nmy.own = 1', [f"line 2: “my” is not a known key; write one of {TOP_KEYS}"]),
        ('["be", "en"]', '["be", "eng"]', ["line 2: language “eng” is not known (did you mean “en”?); write one of be, ru, en"]),
        ('["be", "en"]', '["be", "en", "be"]', ["line 2: languages names “be” twice; delete one of them"]),
        ('["be", "en"]', "[]", ['line 2: languages must be a list of at least one; write languages = ["be", "ru", "en"]']),
        ('["be", "en"]', '"be"', ['line 2: languages must be a list of at least one; write languages = ["be", "ru", "en"]']),
        ('["be", "en"]', '["be", "ru", "en"]', ['line 6: title.ru is missing; write ru = "…" below the line [title]', 'line 12: title.ru is missing; write title.ru = "…"']),
        ("Europe/Warsaw", "Warsaw", ['line 3: zone “Warsaw” is not known (did you mean “Europe/Warsaw”?); write continent and city, as "Europe/Warsaw"']),
        ("Europe/Warsaw", "Europe/Varsaw", ['line 3: zone “Europe/Varsaw” is not known (did you mean “Europe/Warsaw”?); write continent and city, as "Europe/Warsaw"']),
        ("Europe/Warsaw", "UTC+1", ['line 3: zone “UTC+1” is not known; write continent and city, as "Europe/Warsaw"']),
        ("desk@example.org", "Desk <desk@example.org>", [f"line 4: sender {AS_ADDRESS}; the name goes below [sender_name]"]),
        ("desk@example.org", "desk", [f"line 4: sender {AS_ADDRESS}; the name goes below [sender_name]"]),
        ("\n[title]", 'period = "month"\n[title]', ['line 5: period “month” is not known; write period = "week"']),
        ("\n[title]", 'release = "auto"\n[title]', ['line 5: release “auto” is not known (did you mean “automatic”?); write release = "manual" or release = "automatic"']),
        ("\n[title]", 'unknown = "ask"\n[title]', ['line 5: unknown “ask” is not known; write unknown = "resend" or unknown = "hold"']),
        ("\n[title]", 'schedule.build = "Monday"\n[title]', ["line 5: schedule.build: “Monday” is not a day and time; write it as Mon 06:00"]),
        ("\n[title]", 'schedule.build = "Mo 06:00"\n[title]', ["line 5: schedule.build: “Mo” is not a day; write one of Mon, Tue, Wed, Thu, Fri, Sat, Sun"]),
        ("\n[title]", 'schedule.release = "Mon 24:00"\n[title]', ["line 5: schedule.release: “24:00” is not a time; write it from 00:00 to 23:59"]),
        ("\n[title]", 'schedule.relase = "Mon 09:00"\n[title]', ["line 5: “schedule.relase” is not a known key (did you mean “release”?); write one of build, release, deadline"]),
        ("\n[title]", 'schedule.build = "Mon 10:00"\n[title]', ["line 5: build (Mon 10:00), release (Mon 09:00) and deadline (Tue 12:00) do not follow each other within one week; write release at or after build, and deadline after release"]),
        ("\n[title]", "schedule.build = 6\n[title]", ['line 5: schedule.build must be text in quotes, as "Mon 06:00"']),
        ("[title]", "[titles]", ['title.be is missing; write be = "…" below the line [title]', 'title.en is missing; write en = "…" below the line [title]', f"line 6: “titles” is not a known key (did you mean “title”?); write one of {TOP_KEYS}"]),
        ('be = "Тыдзень"', 'be = ""', ['line 7: title.be is missing; write be = "…" below the line [title]']),
        ('be = "Тыдзень"', "be = true", ['line 7: title.be must be text in quotes, as "…"']),
        ('be = "Тыдзень"', 'be = "T\\u0000"', ["line 7: title.be holds a character that can’t be printed (U+0000); delete it"]),
        ('be = "Тыдзень"', 'be = "T"\nby = "T"', ["line 8: “title.by” is not a known key (did you mean “be”?); write one of be, ru, en"]),
        ('be = "Тыдзень"', 'be = "T"\nrelease = "manual"', ["line 8: “release” stands below [title] and so belongs to it; move the line up, above the first line in square brackets"]),
        ("\n[title]", 'title = "T"\n[titel]', [
            "line 5: title must be a table: a line [title] with its keys below",
            f"line 6: “titel” is not a known key (did you mean “title”?); write one of {TOP_KEYS}"]),
        (
            "\n[title]",
            '[discreet]\nsubjct.be = "Ліст"\n[title]',
            [f"line 6: “discreet.subjct” is not a known key (did you mean “subject”?); {DISCREET_KEYS}"],
        ),
        ("\n[title]", '[reply_to]\nbe = "nobody"\n[title]', [f"line 6: reply_to.be {AS_ADDRESS}"]),
        ("\n[title]", '[missing]\nbe = "be"\n[title]', ["line 6: missing.be: “be” is no rule (did you mean “en”?); write one of leave-out, ru, en"]),
        ("\n[title]", '[missing]\nbe = "ru"\n[title]', ["line 6: missing.be: “ru” is not among the newsletter’s languages (be, en); delete the line or add the language"]),
        ("\n[title]", '[missing]\nru = "leave-out"\n[title]', ["line 6: missing.ru: “ru” is not among the newsletter’s languages (be, en); delete the line or add the language"]),
        ("\n[title]", '[theme]\naccent = "blue"\n[title]', ['line 6: theme.accent “blue” is no colour; write # and six digits or letters a–f, as "#1b5566"']),
        ("\n[title]", '[theme]\npaper = "#fff"\n[title]', ['line 6: theme.paper “#fff” is no colour; write # and six digits or letters a–f, as "#f1ede4"']),
        ("\n[title]", '[theme]\naccent = "#8cc4d4"\n[title]', ["line 6: theme.accent #8cc4d4 is hard to read: links on the light sheet would reach a contrast of 1.8:1 and need 4.5:1; take a darker colour"]),
        ("\n[title]", '[theme]\naccent_dark = "#1b5566"\n[title]', ["line 6: theme.accent_dark #1b5566 is hard to read: links on the dark sheet would reach a contrast of 2.0:1 and need 4.5:1; take a lighter colour"]),
        ("\n[title]", '[theme]\ntrend_colours = "signals"\n[title]', ['line 6: theme.trend_colours “signals” is not known (did you mean “signal”?); write "signal" (green, grey and red) or "neutral" (one colour for all)']),
        ("\n[title]", '[theme]\nlogo = "logo.png"\n[title]', ["line 6: theme.logo “logo.png” is a file, which can only be taken by “mailer newsletter import”; run that"]),
        ("\n[title]", '[theme]\nlogo = "media:logo.png"\n[title]', ["line 6: theme.logo “media:logo.png” is no picture of ours; write the name of a file beside this one"]),
        ("\n[title]", '[theme]\ncolour = "x"\n[title]', ["line 6: “theme.colour” is not a known key (did you mean “trend_colours”?); write one of accent, accent_dark, paper, paper_dark, trend_colours, logo"]),
        ("\n[title]", 'theme = "dark"\n[title]', ["line 5: theme must be a table: a line [theme] with its keys below"]),
        ("\n[title]", "[footer]\nbe = 1\n[title]", ['line 6: footer.be must be text in quotes, as "…"; three quotes at each end let it have several lines']),
        ("\n[title]", '[footer]\nby = "x"\n[title]', ["line 6: “footer.by” is not a known key (did you mean “be”?); write one of be, ru, en"]),
        ("\n[title]", '[footer]\nbe = "a\\u0000"\n[title]', ["line 6: footer.be holds a character that can’t be printed (U+0000); delete it"]),
        ("\n[title]", f'[footer]\nbe = "a\\n\\n{"> " * 40}"\n[title]', ["line 6: footer.be: in its line 3 quotes and lists stand inside each other deeper than a mail can show; put fewer of them into each other"]),
        ("\n[title]", '[address_line]\nbe = """\nа/с 1\nВаршава\n"""\n[title]', ["line 6: address_line.be has several lines and is shown as one; write it in one line"]),
        ("\n[title]", f'[footer]\nbe = "{"a" * 1001}"\n[title]', ["line 6: footer.be has 1001 characters and stands in every mail; shorten it to at most 1000"]),
        (LEAST[LEAST.index("[[topic]]") :], "", ["there is no topic; add a line [[topic]] with slug and title below it"]),
        ("[[topic]]", "[topic]", ["line 10: topic must be a list of tables: a line [[topic]] with two brackets before each"]),
        ('slug = "russia"\n', "", ['line 10: slug is missing; write slug = "russia"']),
        ('slug = "russia"', 'slug = "Расія"', [f"line 11: slug “Расія” can’t stand in a file name; {SLUG_RULE} russia"]),
        ('title.be = "Расія"\n', "", ['line 12: title.be is missing; write title.be = "…"']),
        ("[[topic]]", '[[topic]]\nslug = "russia"\ntitle = { be = "x", en = "x" }\n[[topic]]', ["line 14: there is a topic “russia” already; give each its own slug"]),
        ("[[topic]]", '[[topic]]\nslug = "west"\nposition = 2\ntitle = { be = "x", en = "x" }\n[[topic]]', ["line 14: position 2 is that of west already; give each topic its own, or none at all to keep the order of the file"]),
        ('"Russia"', '"Russia"\nposition = 0', ["line 14: position must be a whole number from 1 to 1000, as position = 1"]),
        ('"Russia"', '"Russia"\nposition = true', ["line 14: position must be a whole number from 1 to 1000, as position = 1"]),
        ('"Russia"', '"Russia"\nrequired = "yes"', ["line 14: required must be true or false, without quotes"]),
        ('"Russia"', '"Russia"\nactive_from = "2026-01-01"', ["line 14: active_from must be a day without quotes, as active_from = 2026-11-23"]),
        ('"Russia"', '"Russia"\nactive_until = 2026-01-01T00:00:00', ["line 14: active_until must be a day without quotes, as active_until = 2026-11-23"]),
        ('"Russia"', '"Russia"\nactive_from = 2026-01-02\nactive_until = 2026-01-01', ["line 15: active_until (2026-01-01) is before active_from (2026-01-02); exchange them"]),
        ('"Russia"', '"Russia"\nactive = true', [f"line 14: “active” is not a known key (did you mean “active_from”?); write one of {TOPIC_KEYS}"]),
        ('"Russia"', '"Russia', ['line 13: this line can’t be read (illegal character \'\\n\'); write key = "text in quotes", and each key only once']),
        (LEAST, "languages = [", ['line 1: this line can’t be read (invalid value); write key = "text in quotes", and each key only once']),
        (LEAST, "a = " + "9" * 5000, ["a number, date or list in it can’t be read; write plain values"]),
        (LEAST, "a = " + "[" * 5000, ["a number, date or list in it can’t be read; write plain values"]),
    ],
)  # fmt: skip
def test_each_mistake_is_named_with_what_to_write(old: str, new: str, expected: list[str]) -> None:
    """One change to a good file gives one clear sentence for each thing that is wrong then."""
    assert LEAST.count(old) >= 1

    assert problems_of(LEAST.replace(old, new, 1)) == expected


def test_all_problems_are_told_at_once_in_the_order_of_lines() -> None:
    """An operator mends a file once, not once per mistake."""
    broken = LEAST.replace("weekly", "W").replace("Warsaw", "W").replace("Тыдзень", "").replace("russia", "R")

    assert [problem.partition(":")[0] for problem in problems_of(broken)] == [
        "line 1",
        "line 3",
        "line 7",
        "line 11",
    ]


def test_no_address_stands_in_an_error() -> None:
    """Even a broken address is nobody's to read in a log."""
    broken = LEAST.replace("desk@example.org", "desk@@example.org")

    assert not [problem for problem in problems_of(broken) if "desk@@" in problem]


def test_a_file_in_another_encoding_is_named() -> None:
    """The same hint as for commentaries."""
    with pytest.raises(
        InputError, match=r"n\.toml, line 7: the file is not UTF-8 but most likely windows-1251"
    ):
        parse_newsletter_file(LEAST.encode("cp1251"), place="n.toml")


def test_an_international_domain_is_kept_as_it_travels() -> None:
    """Of the sender and of where answers go; nothing else reaches a header or the wire."""
    text = LEAST.replace("desk@example.org", "desk@пошта.бел").replace(
        "\n[title]", '[reply_to]\nbe = "adkaz@пошта.бел"\n[title]', 1
    )

    newsletter = parse_newsletter_file(text.encode(), place="n.toml")

    assert newsletter.sender == "desk@xn--80a1acn3a.xn--90ais"
    assert newsletter.reply_to == {BE: "adkaz@xn--80a1acn3a.xn--90ais"}


@given(
    st.one_of(
        st.binary(max_size=100), st.text(max_size=100).map(lambda text: text.encode("utf-8", "replace"))
    )
)
def test_any_bytes_become_a_newsletter_or_an_input_error(content: bytes) -> None:
    """Nothing but the stated error comes out."""
    with suppress(InputError):
        assert parse_newsletter_file(content, place="n.toml").slug


SNIPPETS = st.sampled_from(
    [
        '"x"',
        "1",
        "true",
        "[]",
        "{}",
        "[1]",
        '["be"]',
        "{be=1}",
        '{be="x"}',
        "2026-01-01",
        "1e9",
        '"\\n"',
        '"a@b"',
        "[{}]",
    ]
)
KEYS = st.sampled_from([*TOP_KEYS.split(", "), "title.be", "topic.slug", "schedule.build", "x", "missing.be"])
TABLES = st.sampled_from(
    ["[title]", "[[topic]]", "[missing]", "[schedule]", "[topic.title]", "[[title]]", "[topic]", ""]
)


@given(st.lists(st.tuples(TABLES, KEYS, SNIPPETS), max_size=6))
def test_any_values_become_a_newsletter_or_an_input_error(parts: list[tuple[str, str, str]]) -> None:
    """A value of any type at any key is a problem, never a Python error."""
    content = "\n".join(f"{table}\n{key} = {value}" for table, key, value in parts)

    with suppress(InputError):
        assert parse_newsletter_file(content.encode(), place="n.toml").slug
