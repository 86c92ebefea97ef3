"""The breaker: when refusals in a row are about us, stop before every reader's mailbox refuses us.

A refusal that blames us settles one copy and says the same of all the others (design §4, faults.md
rows 22, 23, 31 and 42). Nobody's address is judged by it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from mailer.domain.classifier import classify, parse_reply
from mailer.domain.outcome import Accepted, Blame, Deferred, Failed, Outcome, Stage
from mailer.domain.reply_class import Cause, ReplyClass

MOST_IN_A_ROW = 5
_BEFORE_READERS = (Stage.CONNECT, Stage.MAIL)


@dataclass(frozen=True, slots=True)
class Trip:
    """The breaker has tripped.

    Attributes:
        group: the provider group to stop; None is the whole issue.
        stage, reply: of the last refusal; masked.
    """

    issue_id: int
    group: str | None
    stage: Stage
    reply: str


class Breaker:
    """Counts refusals in a row, by issue and provider group; it holds no clock and does nothing else.

    What it has counted is lost with the process: five more refusals tell it again.
    """

    def __init__(self) -> None:
        self._rows: dict[tuple[int, str | None], int] = {}

    def heard(self, issue_id: int, group: str, outcome: Outcome) -> Trip | None:
        """
        Count what a copy met; return a Trip with the fifth refusal in a row.

        Refused before any reader is named (connect, login, MAIL), the whole issue is concerned: for a
        connection that was refused, give the copy that it was meant for as Deferred at CONNECT. A copy
        put off, uncertain, or refused because of its reader or the script of their address says nothing
        either way.
        """
        # Nearly every copy: accepted, with nothing counted.
        if isinstance(outcome, Accepted):
            if self._rows:
                self._rows.pop((issue_id, group), None)
                self._rows.pop((issue_id, None), None)
            return None
        if outcome.stage not in _BEFORE_READERS:
            self._rows.pop((issue_id, None), None)
        key = _concerned(issue_id, group, outcome)
        if key is None:
            return None
        count = self._rows.get(key, 0) + 1
        if count < MOST_IN_A_ROW:
            self._rows[key] = count
            return None
        self._rows.pop(key, None)
        return Trip(issue_id, key[1], outcome.stage, outcome.reply)


def widened(trip: Trip, stopped: Collection[str]) -> Trip:
    """Return what must stop when the groups in *stopped* stand still already: with a second one, all."""
    others = [group for group in stopped if group != trip.group]
    return replace(trip, group=None) if others else trip


def _concerned(issue_id: int, group: str, outcome: Outcome) -> tuple[int, str | None] | None:
    """Return what a refusal is counted for: (issue, group), (issue, None) for all of it; None for nothing."""
    match outcome:
        case Failed(stage=stage, reply=reply, blame=Blame.SENDER) if not _is_for_a_script(reply, stage):
            return issue_id, None if stage in _BEFORE_READERS else group
        case Deferred(stage=stage, reply=reply) if stage in _BEFORE_READERS and _is_for_good(reply, stage):
            return issue_id, None
        case _:
            return None


def _is_for_a_script(reply: str, stage: Stage) -> bool:
    """Tell whether a server on the way lacks SMTPUTF8 (RFC 6531): that says nothing of other addresses."""
    return classify(parse_reply(reply), stage).cause is Cause.SMTPUTF8


def _is_for_good(reply: str, stage: Stage) -> bool:
    """Tell whether what was put off was refused for good: only the copy, whose fault it is not, may wait."""
    # RFC 5321 §4.2.1: 5yz; but some servers also say so that they are busy or that we are too fast.
    return (
        reply.startswith("5") and classify(parse_reply(reply), stage).reply_class is not ReplyClass.TRANSIENT
    )
