"""Why sending stands still, read in one go and said in plain words, for the desk and the command line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Final

from mailer.domain.breaker import MOST_IN_A_ROW
from mailer.domain.issue import Issue, IssueState
from mailer.domain.outcome import Stage
from mailer.domain.provider import OTHER
from mailer.storage import Transaction, halts, lanes
from mailer.storage.halts import Halt

_SENDING: Final = (IssueState.RELEASED, IssueState.PAUSED)
_NUMBERS: Final = {5: "five"}
_BEFORE_READERS: Final[Mapping[Stage, str]] = {
    Stage.CONNECT: "when we connected or logged in",
    Stage.MAIL: "when we named the sender",
}


@dataclass(frozen=True, slots=True)
class Standstill:
    """What keeps copies of an issue from going out; empty when nothing does.

    Attributes:
        halts: what the breaker has stopped, the whole issue's first.
        used_up_until: when the first of the day's messages is free again; aware UTC.
    """

    halts: tuple[Halt, ...] = ()
    used_up_until: datetime | None = None

    def sentences(self, zone: tzinfo) -> list[str]:
        """Return a sentence for each reason, with what to do; times by the clocks of *zone*."""
        said = [_of_halt(each) for each in self.halts]
        if self.used_up_until is not None:
            there = self.used_up_until.astimezone(zone)
            said.append(
                "The messages of the day are used up ([relay] messages_per_day); sending goes on by itself "
                f"on {there:%a} {there.day} {there:%b} at {there:%H:%M} ({zone})."
            )
        return said

    def as_json(self) -> dict[str, Any]:
        """Return the same as data."""
        return {
            "halts": [
                {"group": each.group, "stage": each.stage, "reply": each.reply, "since": _iso(each.at)}
                for each in self.halts
            ],
            "day_used_up_until": _iso(self.used_up_until) if self.used_up_until else None,
        }


def read_standstill(tx: Transaction, issue: Issue, lane: str, now: datetime) -> Standstill:
    """Return what keeps an issue's copies from going out at *now* over the relay of *lane*."""
    if issue.state not in _SENDING:
        return Standstill()
    return Standstill(tuple(halts.of_issue(tx, issue.id)), lanes.used_up_until(tx, lane, now))


def _of_halt(halt: Halt) -> str:
    often = f"refused us {_NUMBERS[MOST_IN_A_ROW]} times in a row"
    if halt.group is not None:
        name, it = ("Smaller mail providers", "them") if halt.group == OTHER else (halt.group, "it")
        return f"{name} {often}: “{halt.reply}”. Copies for {it} wait; mend it, then resume."
    if when := _BEFORE_READERS.get(halt.stage):
        return f"The outgoing mail server {often} {when}: “{halt.reply}”. Mend it, then resume."
    return f"More than one mail provider {often}, the last with “{halt.reply}”. Mend it, then resume."


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
