"""Who signs up in the demonstration, and what their mailboxes do: at once, and later.

By address alone, so that whoever looks into the outbox sees whose mail went which way.
"""

from __future__ import annotations

from dataclasses import dataclass

from mailer.domain.language import Language
from mailer.outbox.far_side import Kind, Reaction

SCRIPT = """\
rcpt *@slow.example.org defer 1 451 4.7.1 Greylisted, come back in a second
dot  *@busy.example.net defer 2 452 4.3.1 Insufficient system storage
rcpt gone*@example.com  refuse   550 5.1.1 No such user here
"""
"""What the mail provider says while a copy of the issue is handed over."""

REACTIONS = (
    Reaction(
        "vanished*@example.org",
        Kind.FAILURE,
        "550 5.1.1 <{recipient}>: Recipient address rejected: User unknown in virtual mailbox table",
    ),
    Reaction("full*@example.net", Kind.FAILURE, "552 5.2.2 <{recipient}>: Mailbox full, quota exceeded"),
    # Called 5.1.1 as some providers do, who hide a refusal of us behind the code for a dead address.
    Reaction(
        "*@strict.example.org",
        Kind.FAILURE,
        "550 5.1.1 <{recipient}>: Message rejected: sending IP [192.0.2.25] is listed for poor reputation",
    ),
    Reaction("annoyed*@example.org", Kind.COMPLAINT),
    Reaction("away*@example.com", Kind.HOLIDAY, "Я ў адпачынку да 7 снежня. Адкажу, калі вярнуся.\n"),
)
"""What comes back later of copies that it took."""

_LANGUAGES = (Language.BELARUSIAN,) * 5 + (Language.RUSSIAN,) * 3 + (Language.ENGLISH,) * 2
_CHOICES = ("", "", "leave-out", "ru", "en")
_ONCE = {6: "annoyed{:07}@example.org", 8: "away{:07}@example.com"}
# Of so many readers, one: a guard begins where one in twenty is said to be gone.
_VANISHED_EVERY, _VANISHED = 97, 18
# No multiple of the languages' turn, so that every language meets every fault.
_TURN = 49
_FATES = {
    **dict.fromkeys((1, 12, 23), "reader{:07}@slow.example.org"),
    **dict.fromkeys((2, 35), "reader{:07}@busy.example.net"),
    3: "gone{:07}@example.com",
    **dict.fromkeys((30, 46), "full{:07}@example.net"),
    **dict.fromkeys((41, 47), "reader{:07}@strict.example.org"),
}
_WELL = tuple(f"reader{{:07}}@example.{end}" for end in ("org", "net", "com"))


@dataclass(frozen=True, slots=True)
class Applicant:
    """Somebody who will sign up."""

    address: str
    language: Language
    choice: str


def applicants(count: int) -> list[Applicant]:
    """Return *count* readers: every fifth or so has a mailbox that is slow, busy, gone, full or strict."""
    return [_applicant(number) for number in range(count)]


def _applicant(number: int) -> Applicant:
    language = _LANGUAGES[number % len(_LANGUAGES)]
    choice = _CHOICES[number % len(_CHOICES)]
    return Applicant(_address(number), language, "" if choice == language else choice)


def _address(number: int) -> str:
    if number % _VANISHED_EVERY == _VANISHED:
        return f"vanished{number:07}@example.org"
    turn = number % _TURN
    form = _ONCE.get(number) or _FATES.get(turn) or _WELL[turn % len(_WELL)]
    return form.format(number)
