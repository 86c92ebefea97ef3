"""Consequences carried out: what the rules decide is done to the reader and written down, in one transaction.

The report is marked as read in that same transaction. So a crash in between has it read again, and nothing
is done twice; and every step stands in the reader's history, without an address in it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from mailer.audience import departure
from mailer.bounces.matching import Match, Matching, Reading
from mailer.bounces.retirement import retire
from mailer.config_returned import ReturnedSettings
from mailer.domain.consequence import BELIEVED, NEVER_KEPT, Case, Effect, counts_as_strike, decide, is_clear
from mailer.domain.guard import GuardRule
from mailer.domain.notice_judgement import as_reply, judge_notice
from mailer.domain.reply_class import Hardness, Meaning
from mailer.domain.returned_mail import MailKind, Notice, ReturnedMail
from mailer.domain.strikes import StrikeRule, are_enough
from mailer.domain.subscription import Event
from mailer.storage import Transaction, consequences, guards, returned_copies
from mailer.storage.consequences import Consequence
from mailer.storage.returned_copies import SentCopy

_JUDGED = (MailKind.BOUNCE, MailKind.DELAY)
_FEEDBACK = re.compile(r"[a-z][a-z-]{0,30}")


@dataclass(frozen=True, slots=True)
class Rules:
    """How patient an installation is."""

    strikes: StrikeRule = field(default_factory=StrikeRule)
    guard: GuardRule = field(default_factory=GuardRule)

    @classmethod
    def of(cls, settings: ReturnedSettings) -> Rules:
        """Return the rules that [returned] sets."""
        return cls(
            StrikeRule(settings.strikes, timedelta(days=settings.strike_days)),
            GuardRule(settings.guard_share, settings.guard_copies, settings.guard_times),
        )


def follow(
    tx: Transaction, matching: Matching, reading: Reading, rules: Rules, now: datetime
) -> Consequence | None:
    """
    Do what follows from a report, and write it down.

    Args:
        tx: the transaction in which the report is marked as read.
        matching: finds the reader.
        reading: the report.
        rules: of the installation.
        now: aware UTC.

    Returns:
        What was written down; None where it is about nobody, or about what we keep no account of.
    """
    if reading.kind in NEVER_KEPT:
        return None
    match = matching.find(tx, reading)
    if match is None:
        return None
    if reading.kind is MailKind.HUMAN:
        return _propose(tx, match, reading) if reading.asks_to_leave else None
    case = Case(
        reading.kind,
        _meaning(match, reading.kind),
        match.proof,
        _feedback(reading.mail),
        names_other=match.names_other,
    )
    written = _said(matching, match, reading, case)
    effect = settle(tx, match.copy, case, rules, now)
    if effect is Effect.UNSUBSCRIBED:
        departure.leave(tx, matching.vault, match.token, now)
    return write_down(tx, replace(written, effect=effect))


def settle(tx: Transaction, copy: SentCopy, case: Case, rules: Rules, now: datetime) -> Effect:
    """Complete a case by what is known of the reader, decide it, and end the subscriptions it ends."""
    effect = decide(_completed(tx, copy, case, rules, now))
    if effect is not Effect.SUPPRESSED:
        return effect
    event = Event.COMPLAINT if case.kind is MailKind.COMPLAINT else Event.BOUNCE
    return effect if retire(tx, copy.reader, event, now) else Effect.NONE


def write_down(tx: Transaction, consequence: Consequence) -> Consequence:
    """Store a consequence; return it with its id."""
    return replace(consequence, id=consequences.add(tx, consequence))


def _completed(tx: Transaction, copy: SentCopy, case: Case, rules: Rules, now: datetime) -> Case:
    sent_at, proven_at = copy.sent_at, copy.proven_at
    case = replace(
        case,
        is_letter=copy.issue_id is None,
        is_mailed=copy.is_mailed,
        is_too_late=sent_at is not None and now - sent_at > BELIEVED,
        is_proven_since=sent_at is not None and proven_at is not None and sent_at < proven_at,
    )
    if not (case.is_mailed and counts_as_strike(case)):
        return case
    case = replace(case, guard=guards.state(tx, copy.reader.provider_group, copy.issue_id))
    if copy.issue_id is None or is_clear(case):
        return case
    fates = returned_copies.fates(tx, copy.reader.id, struck=copy.issue_id)
    return replace(case, strikes_are_enough=are_enough(fates, rules.strikes, now=now, proven_at=proven_at))


def _said(matching: Matching, match: Match, reading: Reading, case: Case) -> Consequence:
    """Return what is written down of a report, before anybody has decided what follows."""
    notice = match.notice or Notice(None)
    is_judged = case.meaning is not None
    reply = as_reply(notice)
    return Consequence(
        reader_id=match.copy.reader.id,
        newsletter_id=match.copy.newsletter_id,
        issue_id=match.copy.issue_id,
        kind=case.kind,
        cause=case.meaning.cause if case.meaning else None,
        verdict=_verdict(case),
        evidence=_evidence(case),
        status=notice.status if is_judged else None,
        reply_code=(reply.code or None) if is_judged else None,
        stage=notice.stage if is_judged else None,
        # What a person's own machine answers is theirs; a mail server's words are evidence.
        reply=matching.masked(str(reply), match.copy.reader, notice) if is_judged else "",
        at=reading.received_at,
        effect=Effect.NONE,
        report_id=reading.report_id,
    )


def _verdict(case: Case) -> Hardness:
    """Return how hard it is for this reader: what is said of another address does not condemn them."""
    if case.meaning is None:
        return Hardness.NONE
    if case.meaning.verdict is Hardness.HARD and not is_clear(case):
        return Hardness.SOFT
    return case.meaning.verdict


def _evidence(case: Case) -> str:
    if case.meaning is not None:
        evidence = case.meaning.evidence
    else:
        evidence = f"{case.kind}:{case.feedback_type}" if case.feedback_type else f"kind:{case.kind}"
    return f"{evidence}, of another address" if case.names_other else evidence


def _meaning(match: Match, kind: MailKind) -> Meaning | None:
    return judge_notice(match.notice or Notice(None), kind) if kind in _JUDGED else None


def _feedback(mail: ReturnedMail) -> str | None:
    """Return the type of a complaint; it is stored, so a word that is no word is not taken over."""
    if mail.kind is not MailKind.COMPLAINT or mail.feedback_type is None:
        return None
    found = _FEEDBACK.fullmatch(mail.feedback_type.strip().lower())
    return found[0] if found else "other"


def _propose(tx: Transaction, match: Match, reading: Reading) -> Consequence | None:
    """Ask a person to decide what a person wrote; once, however often they write."""
    if not match.copy.is_mailed:
        return None
    reader_id = match.copy.reader.id
    history = consequences.of_reader(tx, reader_id)
    if any(each.effect is Effect.PROPOSED for each in history):
        return None
    proposal = Consequence(
        reader_id=reader_id,
        newsletter_id=match.copy.newsletter_id,
        issue_id=match.copy.issue_id,
        kind=MailKind.HUMAN,
        cause=None,
        verdict=Hardness.NONE,
        evidence="text:wants-to-leave",
        status=None,
        reply_code=None,
        stage=None,
        reply="",
        at=reading.received_at,
        effect=Effect.PROPOSED,
        report_id=reading.report_id,
    )
    return write_down(tx, proposal)
