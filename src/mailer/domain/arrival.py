"""Somebody whom another service's file names: what becomes of them here.

One rule stands above all: moving house can lower consent, never raise it. What a reader chose here goes
before whatever a file says of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from mailer.domain.language import Language
from mailer.domain.missing import MissingRule
from mailer.domain.subscription import Standing


class Claim(StrEnum):
    """What a file says of an address on one list, best first."""

    CONFIRMED = "confirmed"
    """Proven double opt-in: they signed up and pressed the link that was mailed to them."""
    UNCONFIRMED = "unconfirmed"
    """Signed up, without such a proof."""
    LEFT = "left"
    BLOCKED = "blocked"
    """Somebody there decided that they are not mailed."""
    BOUNCED = "bounced"
    COMPLAINED = "complained"


_RANK = {claim: rank for rank, claim in enumerate(Claim)}
EVERYWHERE = (Claim.COMPLAINED, Claim.BOUNCED, Claim.BLOCKED)
"""What holds for every list, whichever it was said of: also for those that are left out."""
_STAYING = (Claim.CONFIRMED, Claim.UNCONFIRMED)
REASONS: Mapping[Claim, Standing] = {
    Claim.LEFT: Standing.UNSUBSCRIBED,
    Claim.BLOCKED: Standing.UNSUBSCRIBED,
    Claim.BOUNCED: Standing.BOUNCED,
    Claim.COMPLAINED: Standing.COMPLAINED,
}
"""Why an address is not mailed, by what the file says."""
_ZONES = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Mention:
    """What one line says of one person.

    Attributes:
        list_name: as the other service calls it.
        language: what the readers of that list get.
        at: when they signed up or left, aware UTC; None where the file does not say.
    """

    list_name: str
    language: Language
    claim: Claim
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """What all lines together say of one person.

    Attributes:
        at: when they signed up or left, aware UTC, or None.
        language: main language.
        missing: the other language of somebody who reads two; else None.
        list_name: the list that decided.
    """

    claim: Claim
    at: datetime | None
    language: Language
    missing: MissingRule | None
    list_name: str


def fold(name: str) -> str:
    """Return a list's name as it is compared: case, NBSP and spaces around it make no difference."""
    return " ".join(name.split()).casefold()


def gather(mentions: Sequence[Mention]) -> Arrival:
    """Make one arrival of what every line says of a person.

    Args:
        mentions: at least one, in the order of the lines.

    Of one list the lowest word counts. Blocked, bounced and complained hold for every list; else
    somebody who stays on one list is a reader, in its language, even where they left another.
    """
    by_list: dict[str, Mention] = {}
    for mention in mentions:
        key = fold(mention.list_name)
        before = by_list.get(key)
        if before is None or _RANK[mention.claim] > _RANK[before.claim]:
            by_list[key] = mention
    said = list(by_list.values())
    claims = {mention.claim for mention in said}
    claim = next(each for each in (*EVERYWHERE, *_STAYING, Claim.LEFT) if each in claims)
    theirs = [mention for mention in said if mention.claim is claim]
    languages = list(dict.fromkeys(mention.language for mention in theirs))
    lender = languages[1] if len(languages) > 1 else None
    return Arrival(
        claim, theirs[0].at, languages[0], MissingRule(lender) if lender else None, theirs[0].list_name
    )


@dataclass(frozen=True, slots=True)
class Known:
    """What is stored here of the same address.

    Attributes:
        standing: with the newsletter the file is for.
        is_suppressed: whether the address must not be mailed.
        is_reader: whether there is a row of them, even an emptied one.
        is_live: whether they are subscribed, or asked to be, to any newsletter.
        is_own_choice: whether they subscribed here themselves, and no file did.
        since: when they consented, aware UTC; None before they confirmed.
    """

    standing: Standing = Standing.NONE
    is_suppressed: bool = False
    is_reader: bool = False
    is_live: bool = False
    is_own_choice: bool = False
    since: datetime | None = None


STRANGER = Known()


class Change(StrEnum):
    """What an import does for one person."""

    SUBSCRIBED = "subscribed"
    WAITING = "waiting"
    """Stored, and mailed nothing before an operator has them asked to confirm."""
    STOPPED = "stopped"
    """Noted as not to be mailed; no address is kept."""
    ENDED = "ended"
    """Subscribed here by an earlier import; that ends."""
    KEPT = "kept"
    """Known here; nothing changes."""
    REFUSED = "refused"
    """Named as a reader, but not to be mailed here."""


def as_of(arrival: Arrival, now: datetime) -> Arrival:
    """Lower a proven consent to an unproven one where its date is still to come: a clock or column errs.

    A day is left for files that tell the time of another zone without naming it.
    """
    if arrival.claim is Claim.CONFIRMED and arrival.at is not None and arrival.at > now + _ZONES:
        return replace(arrival, claim=Claim.UNCONFIRMED)
    return arrival


def decide(known: Known, arrival: Arrival) -> Change:
    """Say what becomes of somebody whom a file names."""
    if arrival.claim in _STAYING:
        return _coming(known, arrival.claim)
    return _going(known, arrival.at)


def _coming(known: Known, claim: Claim) -> Change:
    if known.standing is Standing.NONE and known.is_suppressed:
        return Change.REFUSED
    # A row without a live subscription is what is left of somebody who left us.
    if known.standing is not Standing.NONE or (known.is_reader and not known.is_live):
        return Change.KEPT
    return Change.SUBSCRIBED if claim is Claim.CONFIRMED else Change.WAITING


def _going(known: Known, left_at: datetime | None) -> Change:
    if known.standing in (Standing.PENDING, Standing.ACTIVE):
        is_later = left_at is not None and known.since is not None and left_at > known.since
        return Change.KEPT if known.is_own_choice and not is_later else Change.ENDED
    # A suppression is of the address: it would take another newsletter away from who reads that here.
    if known.is_suppressed or known.is_live or known.is_reader:
        return Change.KEPT
    return Change.STOPPED
