"""The restore fence: may this database send, or is it an older copy of one that has sent since?

A database put back from a backup does not know what left after it was copied, and would send it
again. So the database and a file beside the data, which is in no backup, both hold the same random
identity and a counter; the database is raised first, the file after. Between the two the file can
only lag, so a crash never shuts the fence, and a file that is ahead proves that the database is old.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

_MARK = re.compile(r"(?P<identity>[0-9a-f]{16,64}) (?P<counter>\d{1,18})")
_REMARK = "# Tells this installation from a restored copy. Never put this file into a backup.\n"


class Fault(StrEnum):
    """Why nothing is sent."""

    NOT_LOOKED = "not-looked"
    """Nobody has compared the two yet."""
    MISSING = "missing"
    """There is no file: the data may be a copy in a new place."""
    DAMAGED = "damaged"
    """There is a file that can't be read."""
    FOREIGN = "foreign"
    """The file is of another database."""
    BEHIND = "behind"
    """The file has counted further: the database is an older copy."""
    UNWRITABLE = "unwritable"
    """The file can't be brought up to date, so a later restore would go unnoticed."""


_FOUND = {
    Fault.NOT_LOOKED: "data/identity was not looked at yet",
    Fault.MISSING: "data/identity is missing, so this data may be a copy of what sends elsewhere",
    Fault.DAMAGED: "data/identity can't be read, so this data may be a copy of what sends elsewhere",
    Fault.FOREIGN: "data/identity is of another database, so this one was put here from elsewhere",
    Fault.BEHIND: "the database is older than data/identity, so it was put back from a backup",
    Fault.UNWRITABLE: "data/identity can't be written, so a restored database would not be noticed",
}
_ALLOW = "what was sent after that may be sent twice; look at what waits, then run “mailer sending allow”"
_NEXT = {
    Fault.NOT_LOOKED: "wait a moment",
    Fault.UNWRITABLE: "make room on the disk and data/ writable, and sending goes on by itself",
}


@dataclass(frozen=True, slots=True)
class Mark:
    """What database and file both hold.

    Attributes:
        identity: random, 16 to 64 hexadecimal digits.
        counter: raised at each release and once a minute while sending or serving.
    """

    identity: str
    counter: int


@dataclass(frozen=True, slots=True)
class FenceState:
    """Open: mail may go. Shut: nothing is sent or released, and this says why.

    Attributes:
        fault: None while open.
        last_sent_at: of the last copy this database knows of, aware UTC; None without one. Only told
            while shut.
    """

    fault: Fault | None = None
    last_sent_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether mail may go."""
        return self.fault is None

    @property
    def needs_permission(self) -> bool:
        """Whether a person must allow it; otherwise it opens by itself once its reason is gone."""
        return self.fault is not None and self.fault not in _NEXT

    @property
    def sentence(self) -> str:
        """What a person reads: what was found, the last copy sent, the next step; empty while open."""
        if self.fault is None:
            return ""
        return f"nothing is sent: {self.found}; {_NEXT.get(self.fault, _ALLOW)}"

    @property
    def found(self) -> str:
        """What was found, with the last copy sent, for who is about to allow it; empty while open."""
        return f"{_FOUND[self.fault]} ({self._last_sent})" if self.fault is not None else ""

    @property
    def _last_sent(self) -> str:
        if self.last_sent_at is None:
            return "no copy sent that it knows of"
        return f"last copy sent at {self.last_sent_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"

    def with_last_sent(self, moment: datetime | None) -> FenceState:
        """Return the same state with the time of the last copy sent."""
        return replace(self, last_sent_at=moment)


def judge(file: Mark | Fault, database: Mark | None) -> FenceState:
    """
    Say whether this database may send.

    Args:
        file: what the file says, read *before* the database: the database is raised first, so what is
            read later can only be further on. The other way round, a release in another process
            between the two reads would look like a restore.
        database: None where no identity was made although the file has one that has counted.
    """
    if isinstance(file, Fault):
        return FenceState(file)
    if database is None or (file.counter > database.counter and file.identity == database.identity):
        return FenceState(Fault.BEHIND)
    if file.identity != database.identity:
        return FenceState(Fault.FOREIGN)
    return FenceState()


def parse_mark(text: str) -> Mark | Fault:
    """Read the file's text, such as ``9f86d081884c7d65 42``; lines that begin with # are remarks."""
    words = [line.strip() for line in text.splitlines() if not line.startswith("#")]
    match = _MARK.fullmatch("\n".join(filter(None, words)))
    return Mark(match["identity"], int(match["counter"])) if match else Fault.DAMAGED


def written_mark(mark: Mark) -> str:
    """Return the file's text; *parse_mark* reads it."""
    return f"{_REMARK}{mark.identity} {mark.counter}\n"
