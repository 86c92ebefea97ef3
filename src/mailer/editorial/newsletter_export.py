"""A Newsletter as newsletter.toml, so that it can be kept, compared and imported again.

What is exported, imported and exported again is the same text: keys stand in one order, and what is
empty or open is left out.
"""

from __future__ import annotations

from collections.abc import Mapping

from mailer.domain.language import Language
from mailer.domain.newsletter import Newsletter, Topic
from mailer.domain.picture import SCHEME
from mailer.domain.theme import Theme
from mailer.editorial.newsletter_file import PERIODS
from mailer.editorial.theme_table import KEYS

_ESCAPES = {'"': '\\"', "\\": "\\\\"}


def write_newsletter_file(newsletter: Newsletter) -> str:
    """Return the text of a newsletter.toml that parse_newsletter_file reads as the same newsletter."""
    schedule = newsletter.schedule
    blocks = [
        [
            _line("slug", newsletter.slug),
            f"languages = [{', '.join(_quoted(language) for language in newsletter.languages)}]",
            _line("zone", newsletter.zone),
            _line("period", PERIODS[0]),
            _line("release", newsletter.release_rule),
            _line("unknown", newsletter.unknown_policy),
            _line("sender", newsletter.sender),
            _line("schedule.build", schedule.build),
            _line("schedule.release", schedule.release),
            _line("schedule.deadline", schedule.deadline),
        ],
        *(_table(name, words) for name, words in _wordings(newsletter).items() if words),
        *([["[discreet]", *discreet]] if (discreet := _discreet(newsletter)) else []),
        *([["[footer]", *_footer(newsletter.footer)]] if newsletter.footer else []),
        *([_table("address_line", newsletter.address_line)] if newsletter.address_line else []),
        *([["[theme]", *_theme(newsletter.theme)]] if newsletter.theme != Theme() else []),
        *(_topic(topic) for topic in sorted(newsletter.topics, key=lambda topic: topic.position)),
    ]
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _wordings(newsletter: Newsletter) -> dict[str, Mapping[Language, str]]:
    return {
        "title": newsletter.title,
        "overview_title": newsletter.overview_title,
        "description": newsletter.description,
        "sender_name": newsletter.sender_name,
        "reply_to": newsletter.reply_to,
        "missing": {language: str(rule) for language, rule in newsletter.missing.items()},
    }


def _table(name: str, words: Mapping[Language, str]) -> list[str]:
    return [f"[{name}]", *(_line(language, words[language]) for language in Language if language in words)]


def _discreet(newsletter: Newsletter) -> list[str]:
    said = {"sender_name": newsletter.discreet_sender_name, "subject": newsletter.discreet_subject}
    return [
        _line(f"{key}.{language}", words[language])
        for key, words in said.items()
        for language in Language
        if language in words
    ]


def _footer(words: Mapping[Language, str]) -> list[str]:
    return [f"{language} = {_quoted_lines(words[language])}" for language in Language if language in words]


def _theme(theme: Theme) -> list[str]:
    usual = Theme()
    said = {name: getattr(theme, name) for name in KEYS if getattr(theme, name) != getattr(usual, name)}
    return [_line(name, f"{SCHEME}{value}" if name == "logo" else value) for name, value in said.items()]


def _topic(topic: Topic) -> list[str]:
    lines = ["[[topic]]", _line("slug", topic.slug), f"position = {topic.position}"]
    lines += [_line(f"title.{each}", topic.title[each]) for each in Language if each in topic.title]
    if topic.active_from:
        lines.append(f"active_from = {topic.active_from}")
    if topic.active_until:
        lines.append(f"active_until = {topic.active_until}")
    if topic.required:
        lines.append("required = true")
    return lines


def _line(key: str, value: str) -> str:
    return f"{key} = {_quoted(value)}"


def _quoted(value: str) -> str:
    return f'"{_escaped(value)}"'


def _quoted_lines(value: str) -> str:
    lines = value.split("\n")
    if len(lines) == 1:
        return _quoted(value)
    # TOML 1.0: a line end right after the opening quotes is no part of the text.
    return '"""\n' + "\n".join(map(_escaped, lines)) + '"""'


def _escaped(value: str) -> str:
    # TOML 1.0, basic strings: quotation mark, backslash and control characters are escaped.
    return "".join(_ESCAPES.get(c) or (c if c.isprintable() else f"\\U{ord(c):08X}") for c in value)
