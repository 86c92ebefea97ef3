"""What a finished edition weighs, and whether a mailbox shows it whole.

Mailboxes cut an HTML part off at some 100 kB, and with it the unsubscribe link at its end
(standards §1.1 F17). Bytes are decoded ones: what transfer encoding adds is not counted.
"""

from __future__ import annotations

from dataclasses import dataclass

from mailer.domain.finding import Check, Finding, blocking, warning
from mailer.domain.language import Language

HTML_WARNS_BYTES = 90_000
HTML_HOLDS_BYTES = 100_000
MESSAGE_WARNS_BYTES = 120_000
SUBJECT_WARNS_CHARS = 150
SUBJECT_HOLDS_CHARS = 250
_SHORTER = "shorten texts, or move a part of one to a page of its own and link to it"


@dataclass(frozen=True, slots=True)
class Measure:
    """One finished edition.

    Attributes:
        edition: its short name, as ``be`` (domain/edition_name.py).
        html_bytes, text_bytes: of each part, in UTF-8; a text part of blanks alone has none.
        message_bytes: of a usual reader's copy as it travels, without a signature.
        has_ways_out: whether both parts show the reader's unsubscribe link.
    """

    edition: str
    language: Language
    subject: str
    html_bytes: int
    text_bytes: int
    message_bytes: int
    has_ways_out: bool = True


def unfit_edition(measure: Measure, *, html_holds_bytes: int = HTML_HOLDS_BYTES) -> list[Finding]:
    """Say what a mailbox would cut off, hide or refuse of an edition.

    Args:
        measure: of the edition.
        html_holds_bytes: a larger HTML part holds the issue.
    """
    return [
        *_large_html(measure, html_holds_bytes),
        *_large_message(measure),
        *_long_subject(measure),
        *_empty_text(measure),
        *_no_way_out(measure),
    ]


def _large_html(measure: Measure, holds_bytes: int) -> list[Finding]:
    said = f"the HTML of edition {measure.edition} has {_kilobytes(measure.html_bytes)}"
    if measure.html_bytes > holds_bytes:
        message = f"{said}, so mailboxes cut it off before its unsubscribe link"
        return [blocking(Check.HTML_LARGE, message, _SHORTER, where=measure.edition)]
    if measure.html_bytes > HTML_WARNS_BYTES:
        message = f"{said}, and over {_kilobytes(holds_bytes)} mailboxes cut it off"
        return [warning(Check.HTML_LARGE, message, _SHORTER, where=measure.edition)]
    return []


def _large_message(measure: Measure) -> list[Finding]:
    if measure.message_bytes <= MESSAGE_WARNS_BYTES:
        return []
    message = (
        f"a message of edition {measure.edition} has {_kilobytes(measure.message_bytes)}, "
        f"more than {_kilobytes(MESSAGE_WARNS_BYTES)}, which loads slowly on a phone"
    )
    return [warning(Check.MESSAGE_LARGE, message, _SHORTER, where=measure.edition)]


def _long_subject(measure: Measure) -> list[Finding]:
    length = len(measure.subject)
    if length <= SUBJECT_WARNS_CHARS:
        return []
    found = blocking if length > SUBJECT_HOLDS_CHARS else warning
    return [
        found(
            Check.SUBJECT_LONG,
            f"the subject of edition {measure.edition} has {length} characters, "
            f"more than {SUBJECT_WARNS_CHARS}, so it is cut off in every list of mails",
            f'write a shorter one: mailer issue build --subject "{measure.language}=TEXT"',
            where=measure.edition,
        )
    ]


def _empty_text(measure: Measure) -> list[Finding]:
    if measure.text_bytes:
        return []
    return [
        blocking(
            Check.TEXT_PART_EMPTY,
            f"the text part of edition {measure.edition} is empty",
            "look at edition/body.txt among the newsletter’s own templates",
            where=measure.edition,
        )
    ]


def _no_way_out(measure: Measure) -> list[Finding]:
    if measure.has_ways_out:
        return []
    return [
        blocking(
            Check.NO_WAY_OUT,
            f"edition {measure.edition} does not show its unsubscribe link in both parts",
            "put content.unsubscribe_url back into edition/body.html and body.txt among the newsletter’s "
            "own templates",
            where=measure.edition,
        )
    ]


def _kilobytes(count: int) -> str:
    """Write a size, rounded up, so that a limit that is passed is never shown as kept."""
    return f"{-(-count // 1000)} kB"
