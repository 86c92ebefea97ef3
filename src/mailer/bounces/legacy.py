"""Bounces without a form: who did not get the mail, and why, from nothing but a mail server's prose.

RFC 3464 is from 1996; a tenth of what comes back still ignores it. A table knows how some programs write
(legacy_forms.py); general rules read what it does not know (legacy_general.py). Both only find
whom and why: what it means is judged by domain/classifier.py, whom it concerns by the return path's token.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

from mailer.bounces.addresses import same_address
from mailer.bounces.legacy_address import addresses_in, is_address, is_somebody, tidy
from mailer.bounces.legacy_boundary import Original, parted
from mailer.bounces.legacy_evidence import Evidence, read_evidence, stage_in, words_of_blame
from mailer.bounces.legacy_forms import FORMS, Form
from mailer.bounces.legacy_general import failed_addresses
from mailer.bounces.legacy_words import in_english, speaks_of_failure
from mailer.domain.reply_words import sign_in
from mailer.domain.returned_mail import Notice

# Whom a mail was addressed to, before an alias or a forward led it on.
_ALIAS = re.compile(
    r"\((?:(?:ultimately )?generated|expanded|originally addressed)\s+(?:from|to):?\s+"
    r"<?([^\s()<>]{1,320})>?\)",
    re.IGNORECASE,
)
_TRANSCRIPT = re.compile(r"^[ -]*transcript of session follows[^\n]*", re.IGNORECASE | re.MULTILINE)
_ANSWER = re.compile(r"^ *(?:<<<|>>>|[45]\d\d[ -]|received >>>)", re.IGNORECASE)
_AROUND = " <>'\"*-•:(["
_MAX_RECIPIENTS = 100
_MAX_LINES = 4 * _MAX_RECIPIENTS


@dataclass(frozen=True, slots=True)
class _Named:
    """A recipient where a report names it: the label before it, and where its own text begins and ends."""

    address: str
    lead: str
    begins_at: int
    ends_at: int
    is_in_transcript: bool = False


def find_notices(text: str, sender: str, subject: str) -> tuple[Notice, ...]:
    r"""Say whom a bounce without machine-readable part speaks of, and what it gives as the reason.

    Args:
        text: the plain text of the bounce, any line ends, quotation included.
        sender: its From; never a recipient.
        subject: its subject; some say the reason only there.

    Returns:
        One notice per recipient, in the order of the text; one without recipient where the text names
        nobody but speaks of failure; none where it says nothing of the kind.

    For example ``<reader@example.org>:\n550 5.1.1 No such user`` after a greeting of qmail's.
    """
    report, original = parted(text)
    named = _by_form(report)[1] or _by_rules(report, sender, original)
    notices = tuple(_notice(report, named, place, subject) for place in range(len(named)))
    return _with_words(notices or _without_address(report, subject, original), report)


def form_of(text: str) -> str | None:
    """Name the row of the table that reads *text*; None where only general rules can."""
    form, _ = _by_form(parted(text)[0])
    return form.name if form else None


def _by_form(report: str) -> tuple[Form | None, list[_Named]]:
    lower = report.lower()
    for form in FORMS:
        start = form.starts_at(lower)
        if start is None:
            continue
        if named := _lines_of(form, report, start):
            return form, named
    return None, []


def _lines_of(form: Form, report: str, start: int) -> list[_Named]:
    transcript = _TRANSCRIPT.search(report, start)
    end = transcript.start() if transcript else len(report)
    # Where a mail was first addressed to is said of a recipient; it is none of its own.
    asides = {line for alias in _ALIAS.finditer(report) for line in range(alias.start(), alias.end())}
    matches = [
        match
        for match in islice(form.line.finditer(report, start, end), _MAX_LINES)
        if is_address(tidy(match["address"])) and match.start() not in asides
    ]
    # A postmaster named first is the recipient; one named later is whom to ask.
    matches = [
        match for number, match in enumerate(matches) if not number or is_somebody(tidy(match["address"]))
    ]
    found: dict[str, tuple[re.Match[str], str]] = {}
    for match in matches:
        address = tidy(match["address"])
        old = found.get(address.lower())
        # What names a recipient again is part of what is said about it, unless nothing was said so far.
        if old is None or not report[old[0].end() : match.start()].strip(" >:.\n"):
            found[address.lower()] = (match, address)
    begins = [match.start() for match, _ in found.values()] + [end]
    return [
        _Named(
            address,
            _label(report, match),
            match.end(),
            min(at for at in begins if at >= match.end()),
            "transcript" in form.name,
        )
        for match, address in list(found.values())[:_MAX_RECIPIENTS]
    ]


def _label(report: str, match: re.Match[str]) -> str:
    return report[match.start() : match.start("address")].strip(_AROUND)


def _by_rules(report: str, sender: str, original: Original) -> list[_Named]:
    likely = frozenset(address.lower() for address in original.recipients)
    never = (original.senders - likely) | {address.lower() for address in addresses_in(sender)}
    spoken = _ALIAS.sub(lambda alias: " " * len(alias[0]), report)
    found = failed_addresses(spoken, never, likely) or failed_addresses(report, never, likely)
    found = found[:_MAX_RECIPIENTS]
    begins = [at for _, at in found] + [len(report)]
    return [
        _Named(address, _line_before(report, at), at + len(address), begins[number + 1])
        for number, (address, at) in enumerate(found)
    ]


def _line_before(report: str, at: int) -> str:
    return report[report.rfind("\n", 0, at) + 1 : at].strip(_AROUND)


def _without_address(report: str, subject: str, original: Original) -> tuple[Notice, ...]:
    """The last resort: the copy's own header says whom it was for."""
    if not (speaks_of_failure(report) or speaks_of_failure(subject)):
        return ()
    evidence = read_evidence(report.split("\n"))
    if (english := in_english(report)) is not None:
        evidence = replace(evidence, text=english)
    recipient = original.recipients[0] if original.recipients else None
    return (_filled(recipient, evidence, ()),)


def _notice(report: str, named: Sequence[_Named], place: int, subject: str) -> Notice:
    one = named[place]
    own = report[one.begins_at : one.ends_at]
    alias = _ALIAS.search(own)
    also = (tidy(alias[1]),) if alias else ()
    evidence = _evidence(report, named, one, own.replace(alias[0], "") if alias else own)
    if evidence.stage is None:
        evidence = replace(evidence, stage=stage_in(one.lead))
    if not evidence.text:
        evidence = read_evidence([subject])
    return _filled(
        one.address, evidence, tuple(spelling for spelling in also if not same_address(spelling, one.address))
    )


def _with_words(notices: tuple[Notice, ...], report: str) -> tuple[Notice, ...]:
    """Return *notices*; those by which nobody could judge with words from elsewhere in *report*."""
    is_told = [bool(each.status or each.reply_code or sign_in(each.text)) for each in notices]
    if all(is_told) or (words := words_of_blame(report)) is None:
        return notices
    return tuple(
        each if told else replace(each, text=words) for each, told in zip(notices, is_told, strict=True)
    )


def _filled(recipient: str | None, evidence: Evidence, also: tuple[str, ...]) -> Notice:
    return Notice(recipient, evidence.status, evidence.code, evidence.text, evidence.stage, also)


def _evidence(report: str, named: Sequence[_Named], one: _Named, own: str) -> Evidence:
    """What is nearest and says most: the recipient's own lines, a transcript, words around all."""
    lines = own.split("\n")
    own_words = read_evidence([lines[0].strip(" >:)"), *lines[1:]])
    spoken = _in_transcript(report, one)
    if spoken is not None and spoken.code and (one.is_in_transcript or own_words.code is None):
        return replace(spoken, status=spoken.status or own_words.status)
    if own_words.has_codes:
        return own_words
    if speaks_of_failure(one.lead) and not speaks_of_failure(own_words.text):
        return replace(own_words, text=f"{one.lead} {own_words.text}".strip())
    before = read_evidence(report[: report.rfind("\n", 0, named[0].begins_at) + 1].split("\n"))
    if before.code and not speaks_of_failure(own_words.text):
        return before
    if own_words.text and "".join(lines[:2]).strip(_AROUND):
        # What follows without an empty line is about this recipient, whatever its words.
        return own_words
    around = (report[named[-1].ends_at :], _paragraph_before(report, named[0].begins_at))
    known = (own_words, *(read_evidence(text.split("\n")) for text in around), before)
    saying = (words for words in known if words.has_codes or speaks_of_failure(words.text))
    return next(saying, next((words for words in known if words.text), own_words))


def _paragraph_before(report: str, at: int) -> str:
    """The words that lead to an address, without its own line and without rules of dashes."""
    before = report[max(at - 2000, 0) : report.rfind("\n", 0, at) + 1]
    paragraphs = [text for text in before.split("\n\n") if text.strip(" -_*=#\n")]
    lines = paragraphs[-1].split("\n") if paragraphs else []
    return "\n".join(line for line in lines if line.strip() and line.strip()[:2] not in ("--", "==", "##"))


def _in_transcript(report: str, one: _Named) -> Evidence | None:
    """What a server answered in or before a line that names the recipient, else its first answer of all."""
    begins = _TRANSCRIPT.search(report)
    lines = report[begins.end() if begins else one.ends_at :].split("\n")
    address = one.address.lower()
    for number, line in enumerate(lines):
        if address in line.lower() and _ANSWER.match(line):
            first = next(
                (back for back in range(number, max(number - 3, -1), -1) if "<<<" in lines[back]), number
            )
            said = "<<<" in lines[first]
            return read_evidence(lines[max(first - said, 0) : number + 1 + 3 * (not said)])
    return read_evidence(lines) if begins else None
