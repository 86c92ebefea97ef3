"""What ``mailer init`` has to know: few questions, each with a default, and every answer as an option too."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import typer
from pydantic import BaseModel, ValidationError

from mailer.cli.output import say
from mailer.config import RelaySettings, SiteSettings
from mailer.config_problems import small
from mailer.editorial.newsletter_file import parse_newsletter_file
from mailer.editorial.operators import checked_name
from mailer.editorial.sample import newsletter_text
from mailer.errors import InputError, UsageError

_PORT = 587
_LAST_PORT = 65535
_IMPLICIT_TLS_PORT = 465


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to know.

    Attributes:
        words: what a person is asked.
        default: what holds without an answer.
        check: returns an answer as it is written down, or raises UsageError with one sentence.
    """

    words: str
    default: str
    check: Callable[[str], str]


def answered(given: Mapping[str, str | None], *, asks: bool) -> dict[str, str]:
    """Return an answer to each of QUESTIONS, checked.

    Args:
        given: by the name of the question, what an option said; None where it was left out.
        asks: whether a person is asked for what was left out; a wrong answer is asked again.

    Raises:
        UsageError: an option says something we can't use; nobody is asked before all were looked at.
    """
    known = {name: _of_option(name, value) for name, value in given.items() if value is not None}
    for name, question in QUESTIONS.items():
        if name not in known:
            known[name] = _ask(question) if asks else question.default
    return known


def someone_is_there() -> bool:
    """Tell whether a person sits at a terminal and can be asked."""
    return sys.stdin.isatty()


def relay_settings(relay: str) -> RelaySettings:
    """Return the outgoing server that ``--relay HOST:PORT`` names; the port says which TLS it speaks.

    Raises:
        UsageError: it names none.
    """
    host, _, port = relay.rpartition(":") if ":" in relay else (relay, "", str(_PORT))
    if not host or not (port.isascii() and port.isdigit() and 0 < int(port) <= _LAST_PORT):
        raise UsageError("the outgoing mail server is written as HOST:PORT, as smtp.example.org:587")
    tls = "tls" if int(port) == _IMPLICIT_TLS_PORT else "starttls"
    for each in ("none", tls):
        # Without TLS goes only to this machine; the settings know which names that is.
        try:
            return RelaySettings.model_validate({"host": host, "port": port, "tls": each})
        except ValidationError as error:
            said = _words(error)
    raise UsageError(f"the outgoing mail server “{relay}” {said}; write it as smtp.example.org:587")


def _of_option(name: str, value: str) -> str:
    try:
        return QUESTIONS[name].check(value)
    except UsageError as error:
        raise UsageError(f"--{name.replace('_', '-')}: {error}") from error


def _ask(question: Question) -> str:
    while True:
        answer = str(typer.prompt(question.words, default=question.default))
        try:
            return question.check(answer)
        except UsageError as error:
            say(f"  {error}")


def _site(name: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        return str(_validated(SiteSettings, name, value.strip()))

    return check


def _validated(section: type[BaseModel], name: str, value: str) -> Any:
    try:
        return getattr(section.model_validate({name: value}), name)
    except ValidationError as error:
        raise UsageError(f"“{value}” {_words(error)}") from error


def _words(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    said = small(first["msg"].removeprefix("Value error, "))
    return said if said.startswith("is ") else f"is not right: {said}"


def _newsletter(key: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        text = newsletter_text(**{key: value.strip()})
        try:
            parse_newsletter_file(text.encode("utf-8", "replace"), place="newsletter.toml")
        except InputError as error:
            raise UsageError(error.problems[0].message) from error
        return value.strip()

    return check


QUESTIONS: Mapping[str, Question] = {
    "public_url": Question(
        "Address of the site, as readers will open it", SiteSettings().public_url, _site("public_url")
    ),
    "listen": Question("Where this machine serves it, HOST:PORT", SiteSettings().listen, _site("listen")),
    "sender": Question(
        "Mail address the newsletter comes from", "commentaries@example.org", _newsletter("sender")
    ),
    "zone": Question("Time zone of its timetable", "Europe/Warsaw", _newsletter("zone")),
    "operator": Question("Name to log in to the desk with", "desk", checked_name),
}
"""By the name of the option, in the order of asking."""
