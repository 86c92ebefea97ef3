"""The ledger from the sending loop's side: turns of all connections, written down in one commit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from mailer.delivery.jobs import DeliveryJob, Job, Settled
from mailer.domain.outcome import Accepted
from mailer.storage import Transaction, turns
from mailer.storage.chunks import DueCopy
from mailer.storage.turns import Taken


class Turn(NamedTuple):
    """What one connection has to write down before its next body.

    Attributes:
        settled: outcomes, none twice.
        begin: what is sent next, if anything.
    """

    settled: Sequence[Settled]
    begin: Job | None


def write(tx: Transaction, written: Sequence[Turn]) -> list[bool]:
    """Settle, then mark in flight; say of each turn whether the body that it begins may be sent."""
    taken: list[Taken] = []
    begun: list[DueCopy] = []
    owner = ""
    for settled, begin in written:
        for each in settled:
            if type(each.outcome) is Accepted and type(each.job) is DeliveryJob and each.had_begun:
                taken.append(Taken(each.job.due, each.outcome.reply, each.at))
            else:
                each.write(tx)
        if type(begin) is DeliveryJob:
            begun.append(begin.due)
            owner = begin.owner
    _, may_go = turns.write(tx, taken, begun, owner)
    told = iter(may_go)
    return [next(told) if type(begin) is DeliveryJob else _may_begin(tx, begin) for _, begin in written]


def _may_begin(tx: Transaction, begin: Job | None) -> bool:
    return begin is not None and begin.begin(tx)
