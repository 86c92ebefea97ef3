"""The flood gate: which sign-ups send their mail now, which wait and until when (domain/flood.py).

What counts is in the database, so a restart opens nothing. Held here is only what may be lost: in
which order those that wait come to their turn, and whether an attack is on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog

from mailer.audience.application import Application, letter_due
from mailer.audience.proof import Proof
from mailer.domain.flood import (
    DAY,
    HOUR,
    MOST_TO_SPELLINGS,
    Alarm,
    Asked,
    FloodLimits,
    Go,
    Verdict,
    Wait,
    free_at,
    judge,
    share_of,
)
from mailer.storage import Transaction, letters, spent_proofs

_ALL: Final = b""
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Joins:
    """A sign-up whose address waits already: what it asks for goes into the place of the earlier one.

    Attributes:
        earlier: id of the request that waits.
    """

    earlier: int


class Flood:
    """What is known of the flood, from one look to the next."""

    def __init__(self, limits: FloodLimits) -> None:
        """Know of none."""
        self.limits = limits
        self.dropped_count = 0
        """Sign-ups that were dropped since the start: they waited too long, or too many waited."""
        self._alarm = Alarm()
        self._next_slot: dict[bytes, datetime] = {}
        self._waiting: dict[bytes, tuple[int, datetime]] = {}
        self._to_mailbox: dict[bytes, list[datetime]] = {}

    @property
    def attack_since(self) -> datetime | None:
        """When the attack began (aware UTC); None while there is none."""
        return self._alarm.since

    @property
    def is_attack(self) -> bool:
        """Whether there is one."""
        return self._alarm.since is not None

    def heard(self, count: int, held: int, now: datetime) -> None:
        """Note that *count* sign-ups came in since the last look, while *held* wait."""
        before, self._alarm = self._alarm, self._alarm.after(count, held, self.limits, now)
        if self._alarm.since is not None and before.since is None:
            _log.warning("signups.attack_began", waiting=held)
        elif self._alarm.since is None and before.since is not None:
            _log.warning("signups.attack_ended", dropped=self.dropped_count)
        self._next_slot = {key: slot for key, slot in self._next_slot.items() if slot > now}
        self._waiting = {index: each for index, each in self._waiting.items() if each[1] > now}
        self._to_mailbox = {key: each for key, each in self._to_mailbox.items() if now - each[-1] < DAY}

    def dropped(self, count: int) -> None:
        """Note that sign-ups were dropped."""
        if count:
            self.dropped_count += count
            _log.warning("signups.dropped", count=count)

    def slot(self, key: bytes, room_at: datetime, most: int) -> datetime:
        """Return whose turn it is after all who wait already for *most* an hour: each its own time."""
        slot = max(room_at, self._next_slot.get(key, room_at))
        self._next_slot[key] = slot + HOUR / most
        return slot

    def mailbox_free_at(self, application: Application, now: datetime) -> datetime | None:
        """Return when one more spelling of a mailbox may be mailed; None is now, as for an address itself."""
        sent = self._to_mailbox.get(application.mailbox_index or b"", ())
        return free_at(sent, MOST_TO_SPELLINGS, now, DAY)

    def mailed(self, application: Application, now: datetime) -> None:
        """Note that a sign-up goes its way."""
        if application.mailbox_index is not None:
            self._to_mailbox.setdefault(application.mailbox_index, []).append(now)

    def waits_already(self, application: Application) -> int | None:
        """Return the id of an earlier sign-up of the same address that waits, whose mail will be the one."""
        held = self._waiting.get(application.reader.address_index)
        return held[0] if held is not None and held[0] != application.request.id else None

    def hold(self, application: Application, until: datetime) -> None:
        """Note that a sign-up waits."""
        self._waiting[application.reader.address_index] = (application.request.id, until)


class Weighing:
    """One look at some sign-ups: what each would send is counted for those after it."""

    def __init__(self, tx: Transaction, flood: Flood, now: datetime, *, held: int) -> None:
        """
        Args:
            tx: a transaction that reads.
            held: how many wait.
        """
        self._tx = tx
        self._flood = flood
        self._now = now
        self._held = held
        self._sent: dict[bytes, list[datetime]] = {}
        self._mailed: set[bytes] = set()
        self._spent: set[bytes] = set()

    def weigh(self, application: Application, proof: Proof | None) -> Verdict | Joins | None:
        """Return what becomes of a sign-up; None where no mail is due, so that it is done with."""
        index = application.reader.address_index
        if index in self._mailed or letter_due(self._tx, application, self._now) is None:
            return None
        if application.source:
            # An operator typed it: who may log in here needs no form to send mail.
            return Go()
        is_proven = self.is_proven(proof)
        earlier = self._flood.waits_already(application)
        if not is_proven and earlier is not None:
            return Joins(earlier)
        verdict = self._judged(application, is_proven=is_proven)
        if isinstance(verdict, Go):
            self._went(application, proof)
        elif isinstance(verdict, Wait):
            self._held += 1
            self._flood.hold(application, verdict.until)
        return verdict

    def is_proven(self, proof: Proof | None) -> bool:
        """Tell whether work was done for what came, and for nothing before it."""
        return proof is not None and not self._is_spent(proof)

    def _judged(self, application: Application, *, is_proven: bool) -> Verdict:
        request = application.request
        asked = Asked(
            received_at=request.received_at,
            is_proven=is_proven,
            not_before=application.signs.not_before,
            has_waited=_has_a_place(application),
            waiting=self._held,
        )
        mailbox_at = self._flood.mailbox_free_at(application, self._now)
        if mailbox_at is not None:
            # Whatever was worked for: it is somebody's mailbox, and no provider's.
            return judge(asked, mailbox_at, self._flood.limits, self._now)
        full = self._full(application, is_proven=is_proven)
        slot = max((room_at for room_at, _ in full.values()), default=None)
        verdict = judge(asked, slot, self._flood.limits, self._now)
        if isinstance(verdict, Wait) and full and not asked.has_waited:
            # Only now is a place in the queue taken: not by one that is dropped.
            slot = max(self._flood.slot(key, *each) for key, each in full.items())
            return judge(asked, slot, self._flood.limits, self._now)
        return verdict

    def _full(self, application: Application, *, is_proven: bool) -> Mapping[bytes, tuple[datetime, int]]:
        """Return the caps that are used up: when they have room again, and how many they let go an hour."""
        limits, is_attack = self._flood.limits, self._flood.is_attack
        caps = {
            _ALL: limits.mails_per_hour,
            application.domain_index: limits.to_domain(application.address.domain),
        }
        full = {}
        for key, cap in caps.items():
            if cap is None:
                continue
            most = share_of(cap, is_proven=is_proven, is_attack=is_attack)
            room_at = free_at(self._sent_to(key), most, self._now)
            if room_at is not None:
                full[key] = room_at, most
        return full

    def _sent_to(self, key: bytes) -> list[datetime]:
        if key not in self._sent:
            self._sent[key] = letters.sent_lately(self._tx, self._now - HOUR, key or None)
        return self._sent[key]

    def _is_spent(self, proof: Proof) -> bool:
        return proof.digest in self._spent or spent_proofs.is_spent(self._tx, proof.digest)

    def _went(self, application: Application, proof: Proof | None) -> None:
        for key in (_ALL, application.domain_index):
            self._sent.setdefault(key, []).append(self._now)
        self._mailed.add(application.reader.address_index)
        self._flood.mailed(application, self._now)
        if proof is not None:
            self._spent.add(proof.digest)


def _has_a_place(application: Application) -> bool:
    """Whether a sign-up waited for a cap: who was only told to come a little later has yet to queue."""
    due_at, not_before = application.request.due_at, application.signs.not_before
    return due_at is not None and (not_before is None or due_at > not_before)
