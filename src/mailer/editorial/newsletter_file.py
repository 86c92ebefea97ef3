"""One newsletter.toml, from bytes to a Newsletter.

The file is how an operator describes a publication; what it says lives in the database afterwards
(``mailer newsletter import`` and ``export``). newsletter_export.py writes the same form.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from mailer.domain.language import Language, parse_language
from mailer.domain.missing import MissingRule, parse_missing_rule
from mailer.domain.nearest import did_you_mean
from mailer.domain.newsletter import Newsletter, ReleaseRule, Schedule, UnknownPolicy
from mailer.editorial.encoding import read_text
from mailer.editorial.house_address import read_house_address
from mailer.editorial.newsletter_topics import read_topics
from mailer.editorial.schedule_times import order_problem, parse_weekly_time
from mailer.editorial.slug import SLUG_RULE, is_slug
from mailer.editorial.theme_table import Hang, by_name_alone, read_theme
from mailer.editorial.toml_table import TomlTable, read_toml
from mailer.editorial.wording import read_lines, read_markdown, read_wording
from mailer.errors import InputError

MAX_FILE_BYTES = 256_000
"""A larger file is no newsletter."""

PERIODS = ("week",)
"""What ``period`` may say."""

_TABLES = (
    "title",
    "overview_title",
    "description",
    "sender_name",
    "reply_to",
    "discreet",
    "missing",
    "footer",
    "address_line",
)
_KEYS = (
    "slug",
    "languages",
    "zone",
    "period",
    "release",
    "unknown",
    "sender",
    "schedule",
    *_TABLES,
    "theme",
    "topic",
)
_DISCREET_KEYS = ("sender_name", "subject")
_SCHEDULE_KEYS = ("build", "release", "deadline")

Choice = TypeVar("Choice", bound=StrEnum)


def parse_newsletter_file(content: bytes, *, place: str, hang: Hang = by_name_alone) -> Newsletter:
    """Read a newsletter.toml.

    Args:
        content: the file's bytes.
        place: the file, as the person knows it.
        hang: finds the theme's logo.

    Raises:
        InputError: with every problem of the file, in the order of its lines.

    For example::

        slug = "belarus-weekly"
        languages = ["be", "en"]
        zone = "Europe/Warsaw"
        sender = "commentaries@example.org"
        schedule.release = "Mon 09:00"
        [title]
        be = "Тыдзень у Беларусі"
        en = "Belarus Weekly"
        [[topic]]
        slug = "russia"
        title.be = "Адносіны з Расіяй"
        title.en = "Relations with Russia"
    """
    top = read_toml(read_text(content, place=place, max_bytes=MAX_FILE_BYTES), place=place)
    top.refuse_unknown(_KEYS)
    newsletter = _read_newsletter(top, hang)
    if top.problems:
        raise InputError(sorted(top.problems, key=lambda problem: problem.line or 0))
    return newsletter


def _read_newsletter(top: TomlTable, hang: Hang) -> Newsletter:
    """Read every key, so that every problem is met; of use only when there was none."""
    languages = _languages(top)
    period = top.text("period", PERIODS[0])
    if period not in {"", *PERIODS}:
        top.complain("period", f'period “{period}” is not known; write period = "{PERIODS[0]}"')
    wordings: dict[str, Mapping[Language, str]] = {
        key: read_wording(top.table(key), languages if key == "title" else (), outside=_KEYS)
        for key in ("title", "overview_title", "description", "sender_name", "reply_to")
    }
    discreet = _discreet(top.table("discreet"))
    return Newsletter(
        slug=_slug(top),
        languages=languages,
        zone=_zone(top),
        sender=_sender(top),
        title=wordings["title"],
        overview_title=wordings["overview_title"],
        description=wordings["description"],
        sender_name=wordings["sender_name"],
        reply_to=_reply_to(top.table("reply_to"), wordings["reply_to"]),
        discreet_sender_name=discreet["sender_name"],
        discreet_subject=discreet["subject"],
        footer=read_markdown(top.table("footer"), outside=_KEYS),
        address_line=read_lines(top.table("address_line"), outside=_KEYS),
        theme=read_theme(top.table("theme"), hang),
        missing=_missing(top.table("missing"), languages),
        schedule=_schedule(top.table("schedule")),
        release_rule=_choice(top, "release", ReleaseRule.MANUAL),
        unknown_policy=_choice(top, "unknown", UnknownPolicy.RESEND),
        topics=read_topics(top, languages),
    )


def _slug(top: TomlTable) -> str:
    slug = top.text("slug", "belarus-weekly", required=True)
    if slug and not is_slug(slug):
        top.complain("slug", f"slug “{slug}” can’t stand in an address; {SLUG_RULE} belarus-weekly")
    return slug


def _languages(top: TomlTable) -> tuple[Language, ...]:
    written = top.values.get("languages", [])
    example = 'languages = ["be", "ru", "en"]'
    if not isinstance(written, list) or not written or not all(isinstance(each, str) for each in written):
        top.complain("languages", f"languages must be a list of at least one; write {example}")
        return ()
    languages: list[Language] = []
    before = len(top.problems)
    for each in written:
        try:
            language = parse_language(each)
        except ValueError as error:
            top.complain("languages", str(error))
            continue
        if language in languages:
            top.complain("languages", f"languages names “{language}” twice; delete one of them")
        else:
            languages.append(language)
    # Judging other keys by half a list would bury the one thing to mend.
    return tuple(languages) if len(top.problems) == before else ()


def _zone(top: TomlTable) -> str:
    zone = top.text("zone", "Europe/Warsaw", required=True)
    known = zoneinfo.available_timezones()
    if zone and zone not in known:
        # Etc/GMT+1 is one hour behind UTC: never to be suggested to somebody who wrote UTC+1.
        near_by = sorted(name for name in known if not name.startswith("Etc/"))
        # People know the city; "Warsaw" is far from "Europe/Warsaw" by letters.
        city = zone.rpartition("/")[2].replace(" ", "_").lower()
        same_city = [name for name in near_by if name.rpartition("/")[2].lower() == city]
        near = f" (did you mean “{same_city[0]}”?)" if same_city else did_you_mean(zone, near_by)
        top.complain(
            "zone", f'zone “{zone}” is not known{near}; write continent and city, as "Europe/Warsaw"'
        )
    return zone


def _sender(top: TomlTable) -> str:
    written = top.text("sender", "desk@example.org", required=True)
    try:
        return written and read_house_address(written, name="sender")
    except ValueError as error:
        top.complain("sender", f"{error}; the name goes below [sender_name]")
        return ""


def _reply_to(table: TomlTable, written: Mapping[Language, str]) -> dict[Language, str]:
    addresses = {}
    for language, address in written.items():
        try:
            addresses[language] = read_house_address(address, name=f"reply_to.{language}")
        except ValueError as error:
            table.complain(language, str(error))
    return addresses


def _choice(top: TomlTable, key: str, default: Choice) -> Choice:
    options = type(default)
    written = top.text(key, default) or default
    try:
        return options(written)
    except ValueError:
        near = did_you_mean(written, list(options))
        choices = " or ".join(f'{key} = "{option}"' for option in options)
        top.complain(key, f"{key} “{written}” is not known{near}; write {choices}")
        return default


def _missing(table: TomlTable, languages: tuple[Language, ...]) -> dict[Language, MissingRule]:
    rules = {}
    for language, word in read_wording(table, (), outside=_KEYS).items():
        try:
            rule = parse_missing_rule(word, language)
        except ValueError as error:
            table.complain(language, f"missing.{language}: {error}")
            continue
        strangers = [each for each in (language, rule.lender) if each and each not in languages]
        if strangers and languages:
            table.complain(
                language,
                f"missing.{language}: “{strangers[0]}” is not among the newsletter’s languages "
                f"({', '.join(languages)}); delete the line or add the language",
            )
        rules[language] = rule
    return rules


def _discreet(table: TomlTable) -> dict[str, dict[Language, str]]:
    table.refuse_unknown(_DISCREET_KEYS)
    return {key: read_wording(table.table(key), (), outside=_KEYS) for key in _DISCREET_KEYS}


def _schedule(table: TomlTable) -> Schedule:
    table.refuse_unknown(_SCHEDULE_KEYS)
    before = len(table.problems)
    default = Schedule()
    times = {}
    for key in _SCHEDULE_KEYS:
        written = table.text(key, getattr(default, key)) or getattr(default, key)
        try:
            times[key] = parse_weekly_time(written)
        except ValueError as error:
            table.complain(key, f"schedule.{key}: {error}")
            times[key] = getattr(default, key)
    schedule = Schedule(**times)
    wrong_order = order_problem(schedule)
    if wrong_order and len(table.problems) == before:
        table.complain("release", wrong_order)
    return schedule
