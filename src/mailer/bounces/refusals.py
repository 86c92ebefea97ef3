"""Reports of delivery, with the standard's form and without: who was not reached, and why.

The machine-readable part names the recipients; the text beside it often knows more of the reason. Where
there is no such part, the text is all there is (legacy.py), and flufl.bounce is asked last.
"""

from __future__ import annotations

from dataclasses import replace

from mailer.bounces import wording
from mailer.bounces.addresses import address_in, same_address
from mailer.bounces.answers import is_automatic, is_from_machine, says_away
from mailer.bounces.dialogue import stage_told
from mailer.bounces.dsn import StatusReport, find_status_report
from mailer.bounces.incoming import Incoming
from mailer.bounces.last_resort import recipients_guessed
from mailer.bounces.legacy import find_notices
from mailer.bounces.original import Original, find_original
from mailer.domain.notice_judgement import judge_notice
from mailer.domain.reply_class import Cause
from mailer.domain.returned_mail import MailKind, Notice, ReturnedMail

_MAX_RECIPIENTS = 100
_MAX_UNSIGNED_CHARS = 3_000


def read_delivery_report(incoming: Incoming) -> ReturnedMail | None:
    """Read a report that has machine-readable recipients (RFC 3464); None for other mail."""
    report = find_status_report(incoming.mail)
    if report is None or not report.notices:
        return None
    is_enclosed = not report.is_typed or incoming.mail.content_type != "multipart/report"
    if is_enclosed and incoming.is_answer and not (incoming.is_daemon or incoming.is_null_sender):
        # Somebody forwards us a report and asks what it means.
        return None
    kind = report.kind
    if kind is MailKind.BOUNCE and not report.is_stated and says_delay(incoming):
        kind = MailKind.DELAY
    original = find_original(incoming.mail)
    notices = report.notices if kind is MailKind.SUCCESS else _enriched(report, incoming, original)
    if kind is MailKind.BOUNCE:
        notices = tuple(_staged(notice, incoming.text) for notice in notices)
    return _returned(kind, notices, original, report.envelope_id)


def read_formless_report(incoming: Incoming) -> ReturnedMail | None:
    """Read a report that only people were meant to read; None for other mail."""
    is_report = (
        incoming.mail.content_type == "multipart/report" or "X-Failed-Recipients" in incoming.mail.fields
    )
    names_itself = (
        bool(wording.BOUNCE_SUBJECT.search(incoming.subject))
        and not incoming.is_answer
        and is_from_machine(incoming)
    )
    if not (incoming.is_daemon or is_report or names_itself):
        return None
    if not is_report and not _names_failure_first(incoming) and says_away(incoming):
        return None
    notices = find_notices(incoming.text, incoming.sender, incoming.subject)
    if not is_report and _is_by_hand(incoming, notices):
        return None
    return _from_text(incoming, notices)


def read_unsigned_report(incoming: Incoming) -> ReturnedMail | None:
    """Read what only its null sender and its text give away as a report; None for other mail."""
    if not incoming.is_null_sender:
        return None
    notices = find_notices(incoming.text[:_MAX_UNSIGNED_CHARS], incoming.sender, incoming.subject)
    return _from_text(incoming, notices) if notices else None


def says_delay(incoming: Incoming) -> bool:
    """Whether a report speaks of a copy that is still being tried."""
    if wording.FINAL_TEXT.search(incoming.start) or wording.FINAL_SUBJECT.search(incoming.subject):
        return False
    return bool(wording.DELAY_SUBJECT.search(incoming.subject) or wording.DELAY_TEXT.search(incoming.start))


def _is_by_hand(incoming: Incoming, notices: tuple[Notice, ...]) -> bool:
    """Whether a person wrote it: postmaster@ and smtp@ are people's too, and "Mail Service" is a name.

    Only an answer, or what speaks of no failure at all: old servers name themselves no better. Some of them
    answer as people do, but enclose the message in a form that people's programs use for files.
    """
    is_daemon = "daemon" in incoming.mail.fields.first("From").lower()
    if is_daemon or incoming.is_null_sender or is_automatic(incoming):
        return False
    if incoming.is_answer and incoming.mail.content_type != "multipart/mixed":
        return True
    return not notices and not wording.BOUNCE_SUBJECT.search(incoming.subject)


def _names_failure_first(incoming: Incoming) -> bool:
    """Whether a subject speaks of failure before it speaks of absence: what follows is the subject quoted."""
    failure = wording.BOUNCE_SUBJECT.search(incoming.subject)
    away = wording.AUTO_REPLY_SUBJECT.search(incoming.subject)
    return failure is not None and (away is None or failure.start() < away.start())


def _from_text(incoming: Incoming, notices: tuple[Notice, ...]) -> ReturnedMail:
    original = find_original(incoming.mail)
    failed = _failed_recipients(incoming)
    if failed:
        notices = tuple(_about(address, notices) for address in failed)
    if not any(notice.recipient for notice in notices):
        notices = _for_somebody(notices, incoming, original)
    return _returned(_kind_by_words(incoming), notices, original)


def _kind_by_words(incoming: Incoming) -> MailKind:
    if wording.SUCCESS_SUBJECT.search(incoming.subject):
        return MailKind.SUCCESS
    return MailKind.DELAY if says_delay(incoming) else MailKind.BOUNCE


def _failed_recipients(incoming: Incoming) -> list[str]:
    """Return what Exim and Gmail say in a header."""
    values = ",".join(incoming.mail.fields.every("X-Failed-Recipients")).split(",")[:_MAX_RECIPIENTS]
    return list(dict.fromkeys(address for value in values if (address := address_in(value))))


def _about(address: str, notices: tuple[Notice, ...]) -> Notice:
    """Return what the text says of *address*; what it says of nobody or of one alone is said of this one."""
    for notice in notices:
        if notice.recipient and any(same_address(address, each) for each in (notice.recipient, *notice.also)):
            return notice
    if len(notices) == 1:
        only = notices[0]
        others = (only.recipient, *only.also) if only.recipient else only.also
        return replace(only, recipient=address, also=others)
    return Notice(address)


def _for_somebody(notices: tuple[Notice, ...], incoming: Incoming, original: Original) -> tuple[Notice, ...]:
    """Find whom a report is about that names nobody: by its original, else by guessing."""
    is_clear = len(original.recipients) == 1
    named = original.recipients if is_clear else recipients_guessed(incoming.mail)
    said = notices[0] if notices else Notice(None)
    if named:
        return tuple(replace(said, recipient=address) for address in named[:_MAX_RECIPIENTS])
    return notices[:1]


def _enriched(report: StatusReport, incoming: Incoming, original: Original) -> tuple[Notice, ...]:
    """Add what the text knows: a reason the fields do not give, a recipient they do not name."""
    is_clear = all(notice.recipient and not _is_vague(notice, report.kind) for notice in report.notices)
    if is_clear:
        return report.notices
    told = find_notices(incoming.text, incoming.sender, incoming.subject)
    if len(report.notices) == 1 and report.notices[0].recipient is None:
        return _named(report.notices[0], told, original)
    return tuple(_explained(notice, told, report) for notice in report.notices)


def _staged(notice: Notice, text: str) -> Notice:
    return replace(notice, stage=notice.stage or stage_told(text, notice.text))


def _named(notice: Notice, told: tuple[Notice, ...], original: Original) -> tuple[Notice, ...]:
    names = [each.recipient for each in told if each.recipient] or list(original.recipients[:1])
    return tuple(replace(notice, recipient=name) for name in names) or (notice,)


def _explained(notice: Notice, told: tuple[Notice, ...], report: StatusReport) -> Notice:
    if notice.recipient is None or not _is_vague(notice, report.kind):
        return notice
    said = _about(notice.recipient, told) if len(report.notices) == 1 else _exactly(notice, told)
    if not said.text or _is_vague(said, report.kind):
        return notice
    status, code = notice.status or said.status, notice.reply_code or said.reply_code
    return replace(notice, status=status, reply_code=code, text=said.text, stage=notice.stage or said.stage)


def _exactly(notice: Notice, told: tuple[Notice, ...]) -> Notice:
    names = {each.casefold() for each in (notice.recipient, *notice.also) if each}
    return next(
        (each for each in told if each.recipient and each.recipient.casefold() in names), Notice(None)
    )


def _is_vague(notice: Notice, kind: MailKind) -> bool:
    """Whether *notice* gives no reason; a status field without words may be anybody's guess."""
    return not notice.text or judge_notice(notice, kind).cause is Cause.UNREADABLE


def _returned(
    kind: MailKind, notices: tuple[Notice, ...], original: Original, envelope_id: str | None = None
) -> ReturnedMail:
    return ReturnedMail(
        kind,
        notices,
        envelope_id=envelope_id,
        message_id=original.message_id,
        return_path=original.return_path,
        unsubscribe=original.unsubscribe,
    )
